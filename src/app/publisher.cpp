#include "app/publisher.hpp"

#include <algorithm>
#include <map>
#include "app/beacon_place.hpp"

#include "ps_sync/base/error.hpp"
#include "ps_sync/sync/trees.hpp"

namespace ps_sync::app {
namespace {

// Who pushed lately; the acknowledgements know everybody else.
constexpr std::size_t commits_looked_at = 30;

void visit_changes(const git::Store& store, const Oid& tip, const std::optional<Oid>& since,
                   const beacon::ManifestVisit& visit) {
  std::optional<Oid> from;
  if (since) from = store.read_commit(*since).tree;
  std::size_t count = 0;
  sync::visit_differences(store, from, store.read_commit(tip).tree, [&](std::string&& path, const sync::Delta& delta) {
    beacon::ManifestEntry entry{std::move(path), std::string(sync::to_text(sync::kind_of(delta))), std::nullopt, 0};
    if (delta.side) entry.blob = delta.side->oid;
    const bool is_file = delta.side && (delta.side->mode & 0170000) == 0100000;
    if (is_file && count++ < beacon::most_listed && store.has(delta.side->oid))
      entry.size = store.size_of(delta.side->oid);
    return visit(entry);
  });
}

void describe_tip(const git::Store& store, const Oid& tip, beacon::Facts& facts) {
  std::size_t left = commits_looked_at;
  bool has_subject = false;
  store.walk({tip}, {}, [&](const git::Commit& commit) {
    const std::string endpoint = commit.find_trailer("Promptsync-Endpoint").value_or("");
    if (commit.oid == tip) {
      facts.tip_endpoint = endpoint;
      facts.tip_subject = commit.subject();
      facts.tip_time = commit.committer.time;
    }
    if (!endpoint.empty()) facts.pushed_by.insert(endpoint);
    // What a merge is about is the change it brought.
    if (!has_subject && commit.parents.size() == 1 && endpoint == facts.tip_endpoint) {
      facts.tip_subject = commit.subject();
      has_subject = true;
    }
    return --left > 0;
  });
}

}  // namespace

beacon::Facts gather_facts(const Context& context, const std::optional<Oid>& tip, const std::optional<Oid>& applied) {
  const git::Store& store = context.store;
  beacon::Facts facts;
  facts.endpoint = context.endpoint;
  facts.session = context.session();
  facts.branch = context.branch();
  facts.labels = context.settings().labels;
  facts.now = now();
  facts.tip = tip;
  if (applied && tip && store.has(*applied) && store.is_ancestor(*applied, *tip)) facts.applied = applied;
  facts.is_on_branch = [&store, tip](const Oid& commit) {
    return tip && store.has(commit) && store.is_ancestor(commit, *tip);
  };
  facts.visit_changes = [&store, tip](const std::optional<Oid>& since, const beacon::ManifestVisit& visit) {
    if (tip && since != tip) visit_changes(store, *tip, since, visit);
  };
  if (tip) {
    facts.has_documents = !store.read_tree(store.read_commit(*tip).tree).empty();
    describe_tip(store, *tip, facts);
  }
  return facts;
}

Publisher::Publisher(const Context& context, git::Remote& remote)
    : context_(context), provider_(make_provider(context, remote)) {}

std::optional<std::string> Publisher::compose(const std::optional<Oid>& tip, const std::optional<Oid>& applied,
                                              const std::function<void(beacon::Document&)>& edit, Reading reading) {
  if (provider_->name() == "none") return std::nullopt;
  const std::optional<std::string> body = reading == Reading::lately ? provider_->read_lately() : provider_->read();
  present_body_ = body;
  beacon::Document present;
  bool readable = body.has_value();
  try {
    if (body) present = beacon::parse(*body);
  } catch (const Error&) {
    readable = false;  // refused as hostile: it is replaced
  }
  absent_ = beacon::announced_but_absent(present, [&](std::string_view name) {
    bool is_there = false;
    if (!tip) return is_there;
    const auto compare = [&](std::string&& path, const sync::Delta& /*delta*/) {
      is_there = beacon::is_called(path, name);
      return !is_there;
    };
    sync::visit_differences(context_.store, std::nullopt, context_.store.read_commit(*tip).tree, compare);
    return is_there;
  });
  composed_ = beacon::compose(present, gather_facts(context_, tip, applied));
  if (edit) edit(composed_);
  if (readable && beacon::same_news(present, composed_) && !provider_->needs_repair()) return std::nullopt;
  return beacon::render(composed_, template_text(context_));
}

beacon::Published Publisher::publish(const std::string& body) {
  const beacon::Published published = provider_->publish(body);
  if (published == beacon::Published::yes) present_body_ = body;
  return published;
}

}  // namespace ps_sync::app
