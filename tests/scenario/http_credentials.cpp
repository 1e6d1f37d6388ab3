// Servers that ask who is there: git's credential helpers, the address, .netrc and headers; and never a question.
#include "scenario/web.hpp"

using namespace ps_sync::test;

namespace {

using Operations = std::vector<std::string>;

/// `user:password` as an Authorization header.
std::string basic(World& world, const std::string& login) {
  return "Authorization: Basic " + world.run(world.root(), {"base64", "-w0"}, {}, login).out;
}

/// The lines of `git credential fill` for this server; older gits forget what they do not know.
std::set<std::string> filled_by_git(World& world, const WebServer& server) {
  const std::vector<std::string> lines = lines_of(world
                                                      .run(world.root(), {"git", "credential", "fill"}, {},
                                                           "protocol=http\nhost=127.0.0.1:" + server.port() + "\n\n")
                                                      .out);
  return {lines.begin(), lines.end()};
}

}  // namespace

TEST_CASE("a credential helper is asked once the server wants to know, and told what was right",
          "[http][credentials]") {
  World world;
  auto server = WebServer::start(world, {.login = true});
  if (!server) return;
  const CredentialHelper helper(
      world, {"username=ada", "password=" + server->password(), "password_expiry_utc=4102444800", "a_future_word=x"});
  WebPair pair(world, server->url());
  const std::set<std::string> filled = filled_by_git(world, *server);
  helper.forget_calls();
  server->take_requests();
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"});
  const auto calls = helper.calls();
  CHECK(helper.operations() == Operations{"get", "store"});
  const std::set<std::string> server_lines = {"protocol=http", "host=127.0.0.1:" + server->port()};
  for (const std::string& line : server_lines) CHECK(calls.front().lines.contains(line));
  CHECK_FALSE(calls.front().lines.contains("path=git/origin.git"));
  CHECK(calls.back().lines == filled);
  const auto requests = server->take_requests();
  CHECK(requests.front().status == 401);
  CHECK(requests.front().authorization == "-");
  int refused = 0;
  for (const WebRequest& request : requests) refused += request.status == 401;
  CHECK(refused == 1);
  pair.travel();
}

TEST_CASE("where only pushing asks for a name, pulling is done without one", "[http][credentials]") {
  World world;
  const std::string ask =
      "auth.require = ( \"\" => ( \"method\" => \"basic\", \"realm\" => \"documents\", \"require\" => \"valid-user\" ) "
      ")\n";
  auto server = WebServer::start(world, {.config = "$HTTP[\"querystring\"] == \"service=git-receive-pack\" {\n" + ask +
                                                   "}\n$HTTP[\"url\"] =~ \"/git-receive-pack$\" {\n" + ask + "}\n"});
  if (!server) return;
  const CredentialHelper helper(world, {"username=ada", "password=" + server->password()});
  WebPair pair(world, server->url());
  pair.code.ok({"pull"});
  CHECK(helper.calls().empty());
  pair.travel();
  CHECK(helper.operations().front() == "get");
}

TEST_CASE("a wrong password ends after two tries, is forgotten, and leaves the work queued", "[http][credentials]") {
  World world;
  auto server = WebServer::start(world, {.login = true});
  if (!server) return;
  const CredentialHelper helper(world, {"username=ada", "password=of-yesterday"});
  WebPair pair(world, server->url());
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  INFO(pushed.describe());
  CHECK(pushed.exit == 1);
  CHECK(pushed.err.starts_with("error: "));
  CHECK(contains(pushed.err, "hint: "));
  CHECK(contains(pushed.err, "credential"));
  CHECK(contains(pushed.err, "127.0.0.1:" + server->port()));
  CHECK_FALSE(contains(pushed.out + pushed.err, "of-yesterday"));
  CHECK(helper.operations() == Operations{"get", "erase", "get", "erase"});
  for (const auto& call : helper.calls())
    if (call.operation == "erase") {
      CHECK(call.lines.contains("password=of-yesterday"));
      CHECK(call.lines.contains("username=ada"));
    }
  CHECK(queued(pair.desktop) == 1);
  CHECK(world.origin_tip().empty());
  server->set_password("of-yesterday");
  helper.forget_calls();
  pair.desktop.ok({"push"});
  CHECK(helper.operations() == Operations{"get", "store"});
  CHECK(world.origin_files().contains(planning + "a.md"));
}

TEST_CASE("without a terminal nothing is asked, whatever program for it is set", "[http][credentials]") {
  World world;
  auto server = WebServer::start(world, {.login = true});
  if (!server) return;
  const auto mark = world.root() / "asked";
  const std::string asks = script(world, "ask", "touch '" + mark.string() + "'\necho ada\n").string();
  WebPair pair(world, server->url());
  pair.set("core.askPass", asks);
  const Environment desk = {{"GIT_ASKPASS", asks}, {"SSH_ASKPASS", asks}, {"DISPLAY", ":0"}};
  pair.desktop.write(planning + "a.md", "a\n");
  for (const char* command : {"push", "pull", "sync"}) {
    INFO(command);
    const Outcome outcome = pair.desktop.ps({command}, desk);
    CHECK(outcome.exit == 1);
    CHECK(contains(outcome.err, "hint: "));
    CHECK(contains(outcome.err, "credential"));
    CHECK_FALSE(std::filesystem::exists(mark));
  }
  CHECK(queued(pair.desktop) == 1);
  const CredentialHelper helper(world, {"quit=1"});
  CHECK(pair.desktop.ps({"push"}, desk).exit == 1);
  CHECK(helper.operations() == Operations{"get"});
  CHECK(queued(pair.desktop) == 1);
}

TEST_CASE("helpers of one server, their paths and user names are asked as git asks them", "[http][credentials]") {
  World world;
  auto server = WebServer::start(world, {.login = true});
  if (!server) return;
  const CredentialHelper helper(world, {"password=" + server->password()});
  WebPair pair(world, server->url());
  pair.set("credential.useHttpPath", "true");
  pair.set("credential." + server->base() + ".username", "ada");
  pair.travel();
  CHECK(helper.calls().front().lines.contains("path=git/origin.git"));
  CHECK(helper.calls().front().lines.contains("username=ada"));
  // An empty entry forgets the helpers named before; then one for this server alone, the name from the address.
  helper.forget_calls();
  pair.set("credential.helper", "");
  pair.set("credential." + server->base() + ".helper", helper.setting());
  pair.set("credential." + server->base() + ".username", "grace");
  pair.point_to(server->url_with("ada"));
  pair.travel();
  CHECK(helper.calls().front().lines.contains("username=ada"));
}

TEST_CASE("a name and a password in the address are used, and never shown", "[http][credentials]") {
  World world;
  auto server = WebServer::start(world, {.login = true});
  if (!server) return;
  WebPair pair(world, server->url_with("ada:correct%20horse%2Fbattery%3Astaple"));
  pair.travel();
  pair.desktop.write(planning + "b.md", "b\n");
  const auto commands = {Arguments{"push", "-vv"},   Arguments{"sync", "-vv"},    Arguments{"status"},
                         Arguments{"log"},           Arguments{"config", "list"}, Arguments{"queue"},
                         Arguments{"beacon", "show"}};
  const auto check_silence = [&] {
    for (const Arguments& command : commands)
      for (const bool json : {false, true}) {
        Arguments words = command;
        if (json) words.push_back("--json");
        const Outcome outcome = pair.desktop.ps(words);
        INFO(outcome.describe());
        CHECK_FALSE(contains(outcome.out + outcome.err, "staple"));
        CHECK_FALSE(contains(outcome.out + outcome.err, "ada:"));
      }
  };
  check_silence();
  // Nor where it is wrong, or the server is away.
  server->set_password("another");
  pair.desktop.write(planning + "c.md", "c\n");
  CHECK(pair.desktop.ps({"push"}).exit == 1);
  check_silence();
  server->stop();
  check_silence();
  CHECK(pair.desktop.ps({"push"}).exit == 0);
  CHECK(queued(pair.desktop) == 1);
}

TEST_CASE("a .netrc in the home is read", "[http][credentials]") {
  World world;
  auto server = WebServer::start(world, {.login = true});
  if (!server) return;
  server->set_password("word-of-the-file");
  write_file(world.home() / ".netrc",
             "machine localhost login eve password no\nmachine 127.0.0.1\nlogin ada\npassword word-of-the-file\n");
  WebPair pair(world, server->url());
  pair.travel();
}

TEST_CASE("a header of git's settings is sent, and for one server alone where it says so", "[http][credentials]") {
  World world;
  auto server = WebServer::start(world, {.login = true});
  if (!server) return;
  const CredentialHelper helper(world, {"username=ada", "password=wrong"});
  WebPair pair(world, server->url());
  pair.set("http.http://localhost:" + server->port() + "/.extraHeader", "X-Test: of another server");
  pair.set("http." + server->base() + "/.extraHeader", basic(world, "ada:" + server->password()));
  pair.travel();
  CHECK(helper.calls().empty());
  for (const WebRequest& request : server->take_requests()) {
    CHECK(request.status == 200);
    CHECK(request.custom == "-");
  }
  // An empty value forgets what stood before it.
  pair.desktop.git({"config", "--add", "http." + server->base() + "/.extraHeader", ""});
  CHECK(pair.desktop.write(planning + "a.md", "a\n").ps({"push"}).exit == 1);
}
