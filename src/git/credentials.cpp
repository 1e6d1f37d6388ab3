#include "ps_sync/git/credentials.hpp"

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::git {
namespace {

constexpr auto time_to_answer = std::chrono::seconds(60);
constexpr auto time_to_type = std::chrono::minutes(5);

Command credential_command(const char* verb, const fs::path& folder, bool terminal) {
  Command command{{"git", "credential", verb}, folder, {}};
  for (auto& change : without_git_environment()) {
    // `git -c credential.helper=… ps-sync …` passes its settings in these.
    if (change.first.rfind("GIT_CONFIG_", 0) != 0) command.environment.push_back(std::move(change));
  }
  if (terminal) {
    command.shows_errors = true;  // some helpers say there what to type where
  } else {
    command.environment.emplace_back("GIT_TERMINAL_PROMPT", "0");
    command.environment.emplace_back("GIT_ASKPASS", "");  // set and empty: neither core.askPass nor SSH_ASKPASS counts
    command.environment.emplace_back("GCM_INTERACTIVE", "never");
  }
  return command;
}

std::string describe(const std::string& url, const std::vector<std::string>& challenges) {
  const auto parts = net::parse_http_url(url);
  if (!parts) return "";
  const bool has_port = parts->port != (parts->scheme == "https" ? "443" : "80");
  std::string text = concat("capability[]=authtype\nprotocol=", parts->scheme, "\nhost=", parts->host);
  if (has_port) text += concat(":", parts->port);
  const std::string path = parts->path.empty() ? "" : parts->path.substr(1);
  if (!path.empty()) text += concat("\npath=", path);
  if (!parts->user.empty()) text += concat("\nusername=", parts->user);
  for (const std::string& challenge : challenges) text += concat("\nwwwauth[]=", challenge);
  return text + "\n\n";
}

void check_one_line(const std::string& url) {
  const auto parts = net::parse_http_url(url);
  if (!parts) return;
  for (const std::string* part : {&parts->user, &parts->host, &parts->path}) {
    if (part->find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos) continue;
    throw Error(ErrorKind::config, concat("refusing the remote address ", escape_for_display(redact_url(url))))
        .because("a line break in it could make a credential helper answer for another host");
  }
}

}  // namespace

std::optional<Credential> CredentialHelpers::fill(const std::string& url,
                                                  const std::vector<std::string>& challenges) const {
  check_one_line(url);
  if (terminal_ && meter_ != nullptr) meter_->prompting = true;
  const Output output = run(credential_command("fill", folder_, terminal_), describe(url, challenges),
                            terminal_ ? std::chrono::seconds(time_to_type) : time_to_answer);
  if (meter_ != nullptr) meter_->prompting = false;
  if (output.status != 0) return std::nullopt;
  Credential credential;
  bool has_secret = false;
  for (const std::string& line : lines_of(output.out)) {
    if (line.empty()) continue;
    credential.lines.push_back(line);
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = line.substr(0, equals);
    const std::string value = line.substr(equals + 1);
    if (key == "username") credential.login.user = value;
    if (key == "authtype") credential.login.scheme = value;
    if (key == "password" || key == "credential") {
      credential.login.secret = value;
      has_secret = true;
    }
  }
  return has_secret ? std::optional(credential) : std::nullopt;
}

void CredentialHelpers::tell(const char* verdict, const Credential& credential) const {
  try {
    run(credential_command(verdict, folder_, terminal_), concat(join(credential.lines, "\n"), "\n\n"), time_to_answer);
  } catch (const Error&) {
    // A helper that cannot note it: the next command asks again.
  }
}

}  // namespace ps_sync::git
