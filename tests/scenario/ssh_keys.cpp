// How one gets in over ssh: keys with a passphrase, agents, jump hosts; and what doctor says of the way.
#include <chrono>
#include <thread>

#include "scenario/ssh.hpp"
#include "support/terminal.hpp"

using namespace ps_sync::test;
namespace fs = std::filesystem;

namespace {

const std::string passphrase = "four words of mine";

/// A key with a passphrase, the only one that the server takes from now on, and the one of the alias `locked-host`.
fs::path use_locked_key(World& world, const SshServer& server) {
  const fs::path key = server.folder() / "locked_key";
  const Outcome made = world.run(world.root(), {"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", key});
  REQUIRE(made.exit == 0);
  write_file(server.folder() / "authorized_keys", read_file(key.string() + ".pub"));
  server.configure(server.host("locked-host") + "  IdentityFile \"" + key.string() +
                   "\"\n  IdentityAgent SSH_AUTH_SOCK\n");
  return key;
}

/// The system's ssh-agent, ended with this object.
class Agent {
 public:
  explicit Agent(World& world)
      : process_({"ssh-agent", "-D", "-a", socket()}, {world.root(), world.environment(), "", ""}) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!fs::exists(socket()) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ~Agent() {
    process_.kill_hard();
    process_.wait();
  }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  std::string socket() const { return (folder_.path() / "agent").string(); }
  void add(World& world, const fs::path& key) const {
    const fs::path answer = write_program(world.root() / "answer", "echo '" + passphrase + "'\n");
    const Outcome added =
        world.run(world.root(), {"ssh-add", key.string()},
                  {{"SSH_AUTH_SOCK", socket()}, {"SSH_ASKPASS", answer.string()}, {"SSH_ASKPASS_REQUIRE", "force"}});
    REQUIRE(added.exit == 0);
  }

 private:
  ShortFolder folder_;
  Process process_;
};

/// The way to the server, as `far-host`, is through itself as `jump-host`. ssh hands the path of its settings on to the
/// ssh that it starts for that, and does not quote it: so here it has neither space nor odd letter.
class Jump {
 public:
  explicit Jump(const SshServer& server) {
    write_file(folder_.path() / "config", server.host("jump-host") + server.host("far-host") +
                                              "  ProxyJump jump-host\n" + read_file(server.config()));
    write_program(folder_.path() / "ssh", "exec " + command() + " \"$@\"\n");
  }
  std::string command() const { return "/usr/bin/ssh -F " + (folder_.path() / "config").string(); }
  Environment environment() const { return {{"PATH", folder_.path().string() + ":" + ::getenv("PATH")}}; }

 private:
  ShortFolder folder_;
};

/// What doctor says of one thing; "" where it says nothing of it.
std::string finding(const Outcome& doctor, const std::string& subject) {
  for (const std::string& line : lines_of(doctor.out))
    for (const char* verdict : {"good: ", "warning: ", "bad: "})
      if (line.starts_with(verdict + subject + ": ")) return line;
  return "";
}

}  // namespace

TEST_CASE("a key with a passphrase and no agent ends at once without a terminal, with what to do", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  use_locked_key(world, *server);
  SshPair pair(world, "locked-host:" + world.origin().string());
  pair.desktop.write(planning + "a.md", "a\n");
  const fs::path mark = world.root() / "asked";
  const fs::path asks = write_program(world.root() / "ask", "touch '" + mark.string() + "'\n");
  const auto begin = std::chrono::steady_clock::now();
  const Outcome pushed =
      pair.desktop.ps({"push"}, {{"PATH", path_with(*server)}, {"SSH_ASKPASS", asks.string()}, {"DISPLAY", ":0"}});
  INFO(pushed.describe());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));  // a question would be waited for longer
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "Permission denied"));
  CHECK(contains(pushed.err, "hint: a key with a passphrase has to be in the agent"));
  CHECK(contains(pushed.err, "ssh-add"));
  CHECK_FALSE(fs::exists(mark));
  CHECK(pair.desktop.json({"queue", "--offline"}).at("outgoing").size() == 1);
  CHECK(pair.desktop.store_has_blob("a\n"));
}

TEST_CASE("a key with a passphrase that is in the agent gets in", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const fs::path key = use_locked_key(world, *server);
  const Agent agent(world);
  SshPair pair(world, "locked-host:" + world.origin().string());
  const Environment with_agent{{"PATH", path_with(*server)}, {"SSH_AUTH_SOCK", agent.socket()}};
  pair.desktop.write(planning + "a.md", "a\n");
  CHECK(pair.desktop.ps({"push"}, with_agent).exit == 1);
  agent.add(world, key);
  pair.travel(with_agent);
  CHECK(world.origin_files().contains(planning + "a.md"));
}

TEST_CASE("on a terminal a passphrase is asked for once, however many connections a command has", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  use_locked_key(world, *server);
  SshPair pair(world, "locked-host:" + world.origin().string());
  pair.desktop.git({"remote", "set-url", "origin", world.origin().string()});
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"});
  pair.code.write(planning + "b.md", "b\n");
  Terminal terminal({World::binary(), "sync"},
                    {pair.code.root(), world.environment({{"PATH", path_with(*server)}}), "", ""});
  REQUIRE(terminal.shows("Enter passphrase"));
  terminal.type(passphrase + "\n");
  const Outcome synced = terminal.wait();
  INFO(synced.describe());
  CHECK(synced.exit == 0);
  CHECK(server->logins() == 1);
  CHECK(pair.code.read(planning + "a.md") == "a\n");
  CHECK(world.origin_files().contains(planning + "b.md"));
  // The line that shows progress kept out of the way of the question.
  const std::size_t question = synced.out.find("Enter passphrase");
  CHECK(synced.out.find("Enter passphrase", question + 1) == std::string::npos);
  CHECK_FALSE(contains(synced.out.substr(0, question), "syncing"));
}

TEST_CASE("documents travel through a jump host of the user's ssh", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const Jump jump(*server);
  SshPair pair(world, "far-host:" + world.origin().string());
  const Environment plain = jump.environment();
  pair.travel(plain);
  const int logins = server->logins();
  pair.desktop.ok({"pull"}, plain);
  CHECK(server->logins() == logins + 2);  // at the jump host, and through it
}

TEST_CASE("doctor names the ssh command, the key and the jump host, and says whether git gets there too", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const Jump jump(*server);
  SshPair pair(world, "far-host:" + world.origin().string());
  Environment plain = jump.environment();
  pair.travel(plain);
  Outcome doctor = pair.code.ps({"doctor"}, plain);
  INFO(doctor.describe());
  CHECK(doctor.exit == 0);
  CHECK(contains(finding(doctor, "ssh"), "ssh -o ConnectTimeout=10 -o BatchMode=yes far-host"));
  CHECK(contains(finding(doctor, "ssh"), server->login() + " port " + server->port()));
  CHECK(contains(finding(doctor, "key"), (server->folder() / "user_key").string() + "; no agent"));
  CHECK(finding(doctor, "jump host") == "good: jump host: jump-host");
  CHECK(contains(finding(doctor, "remote"), "has promptsync/main; git reaches it too"));
  plain["SSH_AUTH_SOCK"] = "/nowhere";
  CHECK(contains(finding(pair.code.ps({"doctor"}, plain), "key"), "and what the agent holds"));
  // git asks for another version of its protocol than ps-sync does: so a program can tell the two.
  const fs::path refuses_git = write_program(
      world.root() / "refuses git" / "ssh", "[ -z \"$GIT_PROTOCOL\" ] || exit 1\nexec " + jump.command() + " \"$@\"\n");
  doctor = pair.code.ps({"doctor"}, {{"GIT_SSH", refuses_git.string()}});
  INFO(doctor.describe());
  CHECK(contains(finding(doctor, "ssh"), refuses_git.string() + " far-host"));
  CHECK(contains(finding(doctor, "remote"), "; git itself does not reach it"));
  const fs::path refuses_us =
      write_program(world.root() / "refuses us" / "ssh",
                    "[ -n \"$GIT_PROTOCOL\" ] || exit 255\nexec " + jump.command() + " \"$@\"\n");
  doctor = pair.code.ps({"doctor"}, {{"GIT_SSH", refuses_us.string()}});
  INFO(doctor.describe());
  CHECK(doctor.exit == 1);
  CHECK(contains(finding(doctor, "remote"), "(git itself reaches it)"));
  server->stop();
  doctor = pair.code.ps({"doctor"}, jump.environment());
  INFO(doctor.describe());
  CHECK(contains(finding(doctor, "remote"), "(git itself does not reach it either)"));
}
