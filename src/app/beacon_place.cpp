#include "app/beacon_place.hpp"

#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/document.hpp"

namespace ps_sync::app {

std::string template_text(const Context& context) {
  return read_file(context.place.top / template_file).value_or(std::string(beacon::default_template()));
}

std::unique_ptr<github::Ticket> make_ticket(const Context& context) {
  const config::BeaconSettings& beacon = context.settings().beacon;
  github::TicketSettings settings;
  settings.issue = beacon.issue;
  settings.project = beacon.project;
  if (beacon.repo) {
    settings.repo = *beacon.repo;
  } else if (const auto address = find_remote(context)) {
    settings.repo = github::repo_of_url(address->fetch_url).value_or("");
  }
  if (settings.repo.empty()) {
    throw Error(ErrorKind::config, "no repository for the ticket")
        .because("beacon.provider is github, beacon.repo is not set, and the remote is not on GitHub")
        .hint("ps-sync init --beacon github:OWNER/REPO");
  }
  settings.api = beacon.api.value_or(github::api_of_host("github.com"));
  while (settings.api.ends_with('/')) settings.api.pop_back();

  const git::RemoteOptions how = remote_options(context);
  github::Surroundings surroundings;
  surroundings.http_settings = how.http_settings;
  surroundings.limits = {how.connect, how.silence, how.until, nullptr, how.trace};
  surroundings.folder = context.place.top;
  surroundings.state_file = context.place.shared_folder() / "github.json";
  surroundings.terminal = how.terminal;
  surroundings.meter = how.meter;
  return github::make_ticket(std::move(settings), std::move(surroundings));
}

std::unique_ptr<beacon::Provider> make_provider(const Context& context, git::Remote& remote) {
  const std::string& provider = context.settings().beacon.provider;
  if (provider == "none") return beacon::make_none_provider();
  if (provider == "github") return make_ticket(context);
  return beacon::make_git_provider(context.store, remote, committer_now(context));
}

std::vector<git::FetchSpec> fetch_specs(const Context& context) {
  std::vector<git::FetchSpec> specs{{context.remote_ref(), context.tip_ref()}};
  if (context.settings().beacon.provider == "git")
    specs.push_back({beacon::git_beacon_ref, beacon::seen_beacon_ref, Durable::no});
  return specs;
}

void note_seen_body(const Context& context, const std::optional<std::string>& body) {
  const git::Store& store = context.store;
  const std::optional<Oid> before = store.find_ref(beacon::seen_beacon_ref);
  if (!body) {
    if (before) store.move_ref(beacon::seen_beacon_ref, before, std::nullopt);
    return;
  }
  if (before && beacon::read_beacon_commit(store, *before) == body) return;
  const Oid commit = beacon::make_beacon_commit(store, *body, {}, committer_now(context));
  store.move_ref(beacon::seen_beacon_ref, before, commit);
}

std::string idle_body(const Context& context) { return beacon::render(beacon::Document{}, template_text(context)); }

std::string in_one_line(const Error& error) {
  std::string line = error.message();
  for (const std::string& cause : error.causes()) line += concat(": ", cause);
  for (const std::string& hint : error.hints()) line += concat("; ", hint);
  return line;
}

}  // namespace ps_sync::app
