// One login for all connections of a command, and nothing of it left behind.
#include <signal.h>

#include <chrono>
#include <functional>
#include <thread>

#include "scenario/ssh.hpp"

using namespace ps_sync::test;
namespace fs = std::filesystem;

namespace {

/// The files in a folder, one a line.
std::string files_in(const fs::path& folder) {
  std::string names;
  for (const auto& entry : fs::directory_iterator(folder)) names += entry.path().filename().string() + "\n";
  return names;
}

/// The command lines of the ssh that run with the server's settings for clients, one a line.
std::string clients_of(const SshServer& server) {
  std::string found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    std::string line;
    try {
      line = read_file(entry.path() / "cmdline");
    } catch (const std::exception&) {
      continue;  // it has just ended
    }
    if (contains(line, server.config().string())) found += line + "\n";
  }
  return found;
}

bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// Something to fetch at code, and something to send.
void make_news(SshPair& pair, const Environment& environment, const std::string& name) {
  pair.desktop.write(planning + "in " + name + ".md", name + "\n").ok({"push"}, environment);
  pair.code.write(planning + "out " + name + ".md", name + "\n");
}

}  // namespace

TEST_CASE("a command that fetches and pushes over plain ssh logs in once, and leaves nothing behind", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const ShortFolder runtime;
  SshPair pair(world, "sync-host:" + world.origin().string());
  const Environment plain{{"PATH", path_with(*server)}, {"XDG_RUNTIME_DIR", runtime.path().string()}};
  make_news(pair, plain, "shared");
  int before = server->logins();
  pair.code.ok({"sync"}, plain);
  CHECK(server->logins() == before + 1);
  CHECK(pair.code.read(planning + "in shared.md") == "shared\n");
  CHECK(world.origin_files().contains(planning + "out shared.md"));
  CHECK(files_in(runtime.path()) == "");
  CHECK(clients_of(*server) == "");
  // A command of the user's own is run as it is, for each connection.
  const Environment own{{"GIT_SSH_COMMAND", server->command()}, {"XDG_RUNTIME_DIR", runtime.path().string()}};
  make_news(pair, plain, "apart");
  before = server->logins();
  pair.code.ok({"sync"}, own);
  CHECK(server->logins() == before + 2);
}

TEST_CASE("a killed ps-sync leaves no ssh and no socket, once the server has done its part", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const ShortFolder runtime;
  SshPair pair(world, "sync-host:" + world.origin().string());
  const Environment plain{{"PATH", path_with(*server)}, {"XDG_RUNTIME_DIR", runtime.path().string()}};
  make_news(pair, plain, "one");
  const fs::path in_hook = world.root() / "in the hook";
  const fs::path go_on = world.root() / "go on";
  const fs::path hook = world.origin() / "hooks" / "pre-receive";
  write_program(hook,
                "touch '" + in_hook.string() + "'\nwhile [ ! -e '" + go_on.string() + "' ]; do sleep 0.05; done\n");
  Process sync = pair.code.start({"sync"}, plain);
  REQUIRE(comes_true([&] { return fs::exists(in_hook); }));
  CHECK(contains(files_in(runtime.path()), "ps-sync-ssh-" + std::to_string(sync.pid())));
  if (fs::exists("/proc/self")) CHECK(clients_of(*server) != "");
  REQUIRE(kill(sync.pid(), SIGKILL) == 0);  // this one process: what it started has to end by itself
  CHECK(sync.wait().exit == 128 + SIGKILL);
  write_file(go_on, "");
  CHECK(comes_true([&] { return clients_of(*server).empty(); }));
  CHECK(clients_of(*server) == "");
  CHECK(comes_true([&] { return fs::is_empty(runtime.path()); }));
  CHECK(files_in(runtime.path()) == "");
  pair.code.ok({"sync"}, plain);
  CHECK(world.origin_files().contains(planning + "out one.md"));
}

TEST_CASE("where the user's ssh shares connections in a way of its own, nothing of ours is added", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const ShortFolder runtime;
  const fs::path log = world.root() / "arguments";
  write_program(server->program_folder() / "ssh",
                "echo \"$*\" >>'" + log.string() + "'\nexec " + server->command() + " \"$@\"\n");
  SshPair pair(world, "sync-host:" + world.origin().string());
  const Environment plain{{"PATH", path_with(*server)}, {"XDG_RUNTIME_DIR", runtime.path().string()}};
  make_news(pair, plain, "one");
  pair.code.ok({"sync"}, plain);
  CHECK(contains(read_file(log), "ControlMaster=auto"));
  CHECK(contains(read_file(log), "ControlPath=\"" + runtime.path().string() + "/ps-sync-ssh-"));
  server->configure("ControlPath \"" + (runtime.path() / "mine").string() + "\"\n");
  write_file(log, "");
  make_news(pair, plain, "two");
  pair.code.ok({"sync"}, plain);
  CHECK(contains(read_file(log), "git-receive-pack"));
  CHECK_FALSE(contains(read_file(log), "Control"));
  CHECK(world.origin_files().contains(planning + "out two.md"));
}
