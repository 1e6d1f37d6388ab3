// How an address is taken apart for ssh: as git does it (git-fetch(1), "GIT URLS").
#include "git/transport/ssh.hpp"
#include "ps_sync/base/error.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::git;

namespace {

std::string shown(const std::string& url) {
  const auto address = parse_ssh_url(url);
  if (!address) return "no ssh";
  return address->host + " | " + address->port.value_or("-") + " | " + address->path;
}

}  // namespace

TEST_CASE("an ssh address has host, port and path", "[ssh]") {
  const std::pair<const char*, const char*> table[] = {
      {"host:path", "host | - | path"},
      {"git@example.org:team/plans.git", "git@example.org | - | team/plans.git"},
      {"host:/absolute", "host | - | /absolute"},
      {"host:a:b", "host | - | a:b"},
      {"ssh://host/path", "host | - | /path"},
      {"ssh://user@host:2222/path", "user@host | 2222 | /path"},
      {"SSH://host/~someone/path", "host | - | ~someone/path"},
      {"ssh://host:/path", "host | - | /path"},
      {"git+ssh://host/path", "host | - | /path"},
      {"ssh+git://host/path", "host | - | /path"},
      {"ssh://[::1]:22/path", "::1 | 22 | /path"},
      {"ssh://user@[fe80::1]/path", "user@fe80::1 | - | /path"},
      {"[::1]:path", "::1 | - | path"},
      {"user@[host:2222]:path", "user@host | 2222 | path"},
      {"ssh://host/with%20space", "host | - | /with space"},
      {"/a/path:with/colon", "no ssh"},
      {"./a:b", "no ssh"},
      {"a/b:c", "no ssh"},
      {"file:///x", "no ssh"},
      {"https://host/x", "no ssh"},
      {"plain", "no ssh"},
  };
  for (const auto& [url, expected] : table) {
    INFO(url);
    CHECK(shown(url) == expected);
  }
}

TEST_CASE("an ssh address that a program could take for something else is refused", "[ssh]") {
  for (const char* url :
       {"ssh://-oProxyCommand=x/y", "ssh://%2doProxyCommand=x/y", "-oProxyCommand=x:y", "user@-x:y", "host:-x",
        "ssh://host:22x/y", "ssh://host:-1/y", "ssh://host", "ssh://[::1/x", "ssh:///x", "host:", "@:x"}) {
    INFO(url);
    CHECK_THROWS_AS(parse_ssh_url(url), Error);
  }
}
