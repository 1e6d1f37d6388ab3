// `http.<url>.<name>` against git itself: for each address and each name, the value that `git config --get-urlmatch`
// finds must be the one that ps-sync goes by.
#include <cstdlib>
#include <filesystem>

#include "ps_sync/base/text.hpp"
#include "ps_sync/git/http_settings.hpp"
#include "ps_sync/platform/process.hpp"
#include "support/catch.hpp"

using namespace ps_sync;

namespace {

/// A configuration file that lives as long as the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::vector<std::pair<std::string, std::string>>& settings) {
    std::string name = (fs::temp_directory_path() / "ps-sync-http-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    for (const auto& [key, value] : settings) ask({"--add", key, value});
  }
  ~ConfigFile() { fs::remove_all(folder_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  /// As the product gets them: in order, names in lower case.
  git::UserConfig read() const {
    std::vector<git::ConfigEntry> entries;
    for (const std::string& line : split(ask({"--list", "-z"}), '\0')) {
      const std::size_t end = line.find('\n');
      if (end != std::string::npos) entries.push_back({"local", line.substr(0, end), line.substr(end + 1)});
    }
    return git::UserConfig(entries);
  }
  std::string match(const std::string& name, const std::string& url) const {
    return std::string(trim(ask({"--get-urlmatch", "http." + name, url})));
  }

 private:
  std::string ask(std::vector<std::string> arguments) const {
    Command command{{"git", "config", "--file", (folder_ / "config").string()}, std::nullopt, {}};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    return run(command).out;
  }
  fs::path folder_;
};

const std::vector<std::string> addresses = {
    "http://example.com/",
    "http://example.com/team/plans.git",
    "http://example.com:80/team/plans.git",
    "http://example.com:8080/team/plans.git",
    "https://example.com/team/plans.git",
    "https://example.com:443/teams/plans.git",
    "https://EXAMPLE.com/team/plans.git",
    "https://who@example.com/team/plans.git",
    "https://else@example.com/team/plans.git",
    "https://git.example.com/team/plans.git",
    "https://a.git.example.com/team/plans.git",
    "https://example.org/",
};

}  // namespace

TEST_CASE("the settings of an address are those that git finds for it", "[http][contract]") {
  unsetenv("GIT_HTTP_USER_AGENT");
  const ConfigFile file({
      {"http.userAgent", "everywhere"},
      {"http.https://example.com/.userAgent", "host"},
      {"http.https://example.com/team.userAgent", "folder"},
      {"http.https://example.com/tea.userAgent", "half a name"},
      {"http.http://example.com:8080.userAgent", "port"},
      {"http.https://who@example.com/.userAgent", "user"},
      {"http.https://*.example.com/.userAgent", "any label"},
      {"http.https://git.example.com/.userAgent", "that label"},
      {"http.userAgent", "everywhere, later"},
      {"http.sslVersion", "tlsv1.2"},
      {"http.https://example.com/.sslVersion", "tlsv1.3"},
      {"http.https://example.com/team/.pinnedPubkey", "sha256//a"},
      {"http.https://example.com/.pinnedPubkey", "sha256//b"},
  });
  const git::UserConfig config = file.read();
  for (const std::string& url : addresses) {
    INFO(url);
    const net::HttpSettings settings = git::read_http_settings(config, url, "", "/");
    const std::string agent = file.match("userAgent", url);
    CHECK(settings.user_agent == (agent.empty() ? "git/ps-sync" : agent));
    CHECK(settings.ssl_version == file.match("sslVersion", url));
    CHECK(settings.pinned_pubkey == file.match("pinnedPubkey", url));
  }
}

TEST_CASE("headers add up, and an empty one takes back those before it", "[http][contract]") {
  const ConfigFile file({{"http.extraHeader", "X-One: 1"},
                         {"http.extraHeader", ""},
                         {"http.extraHeader", "X-Two: 2"},
                         {"http.https://example.com/.extraHeader", "X-Three: 3"}});
  const git::UserConfig config = file.read();
  CHECK(git::read_http_settings(config, "https://example.org/x", "", "/").extra_headers ==
        std::vector<std::string>{"X-Two: 2"});
  CHECK(git::read_http_settings(config, "https://example.com/x", "", "/").extra_headers ==
        std::vector<std::string>{"X-Two: 2", "X-Three: 3"});
}

TEST_CASE("certificates are looked at unless that is switched off in so many words", "[http][contract]") {
  for (const auto& [value, verified] : {std::pair("true", true),
                                        {"", true},
                                        {"certainly", true},
                                        {"1", true},
                                        {"false", false},
                                        {"NO", false},
                                        {"off", false},
                                        {"0", false}}) {
    INFO(value);
    const git::UserConfig config({{"local", "http.sslverify", value}});
    CHECK(git::read_http_settings(config, "https://example.com/x", "", "/").ssl_verify == verified);
  }
}

TEST_CASE("a proxy's login is kept apart from its address, and a remote's own proxy counts first", "[http][contract]") {
  unsetenv("GIT_SSL_CAINFO");
  const git::UserConfig config({{"local", "http.proxy", "http://me:pa%40ss@proxy.example:3128"},
                                {"local", "remote.origin.proxy", ""},
                                {"local", "http.sslcainfo", "~/ca.pem"},
                                {"local", "http.cookiefile", "cookies.txt"}});
  const net::HttpSettings settings = git::read_http_settings(config, "https://example.com/x", "", "/top");
  CHECK(settings.proxy == "http://proxy.example:3128/");
  REQUIRE(settings.proxy_login);
  CHECK(settings.proxy_login->user == "me");
  CHECK(settings.proxy_login->secret == "pa@ss");
  CHECK(settings.ssl_ca_info == (*home_folder() / "ca.pem").string());
  CHECK(settings.cookie_file == "/top/cookies.txt");
  const net::HttpSettings direct = git::read_http_settings(config, "https://example.com/x", "origin", "/top");
  REQUIRE(direct.proxy);
  CHECK(direct.proxy->empty());
}
