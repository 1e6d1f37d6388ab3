// Remotes over ssh: a real sshd on 127.0.0.1, the user's own ssh with his aliases and commands.
#include <chrono>

#include "scenario/ssh.hpp"

using namespace ps_sync::test;

TEST_CASE("documents travel over ssh by an alias, by host:path and by ssh:// with a port", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const std::string path = world.origin().string();
  const Environment plain{{"PATH", path_with(*server)}};
  SshPair pair(world, "sync-host:" + path);
  pair.travel(plain);
  for (const std::string& url :
       {"ssh://sync-host" + path, "ssh://" + server->login() + ":" + server->port() + path,
        "git+ssh://sync-host" + path, "[" + server->login() + ":" + server->port() + "]:" + path}) {
    INFO(url);
    pair.desktop.git({"remote", "set-url", "origin", url});
    pair.desktop.write(planning + "b.md", url + "\n").ok({"push"}, plain);
    pair.code.ok({"pull"}, plain);
    CHECK(pair.code.read(planning + "b.md") == url + "\n");
  }
}

TEST_CASE("a clone over ssh, and addresses that the user's settings rewrite", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const Environment plain{{"PATH", path_with(*server)}};
  SshPair pair(world, "sync-host:" + world.origin().string());
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"}, plain);
  const Outcome cloned =
      world.run(world.root(),
                {World::binary(), "clone", "sync-host:" + world.origin().string(), "third", "--as", "third"}, plain);
  INFO(cloned.describe());
  CHECK(cloned.exit == 0);
  CHECK(read_file(world.root() / "third" / (planning + "a.md")) == "a\n");
  // Read from one place, pushed to another name of it.
  pair.code.git({"remote", "set-url", "origin", "work:x/" + world.origin().filename().string()});
  pair.code.git({"config", "url.sync-host:" + world.origin().parent_path().string() + "/.insteadOf", "work:x/"});
  pair.code.git({"config", "remote.origin.pushurl", world.origin().string()});
  pair.code.write(planning + "b.md", "b\n").ok({"sync"}, plain);
  CHECK(pair.code.exists(planning + "a.md"));
  CHECK(world.origin_files().contains(planning + "b.md"));
}

TEST_CASE("GIT_SSH_COMMAND counts before core.sshCommand, and that before GIT_SSH", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const std::string url = "ssh://" + server->login() + ":" + server->port() + world.origin().string();
  const auto program = server->program_folder() / "ssh";
  SshPair pair(world, url);
  pair.travel({{"GIT_SSH", program.string()}});
  pair.desktop.git({"config", "core.sshCommand", server->command()});
  pair.code.git({"config", "core.sshCommand", server->command()});
  pair.desktop.write(planning + "c.md", "c\n").ok({"push"}, {{"GIT_SSH", "/bin/false"}});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "c.md") == "c\n");
  pair.code.git({"config", "core.sshCommand", "false"});
  pair.code.write(planning + "d.md", "d\n").ok({"push"}, {{"GIT_SSH_COMMAND", server->command()}});
  CHECK(world.origin_files().contains(planning + "d.md"));
}

TEST_CASE("a repository whose path has spaces and quotes is reached over ssh", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const auto odd = world.root() / "it's a 'copy'!.git";
  world.origin_git({"clone", "-q", "--bare", world.origin().string(), odd.string()});
  SshPair pair(world, "sync-host:" + odd.string());
  pair.travel({{"PATH", path_with(*server)}});
}

TEST_CASE("without a terminal an unknown host key or a refused key ends at once, with what to do", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const Environment plain{{"PATH", path_with(*server)}};
  SshPair pair(world, "sync-host:" + world.origin().string());
  const auto known = server->config().parent_path() / "known_hosts";
  const std::string keys = read_file(known);
  write_file(known, "");
  pair.desktop.write(planning + "a.md", "a\n");
  Outcome pushed = pair.desktop.ps({"push"}, plain);
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "Host key verification failed"));
  CHECK(contains(pushed.err, "ssh sync-host"));
  write_file(known, keys);
  write_file(server->config().parent_path() / "authorized_keys", "");
  pushed = pair.desktop.ps({"push"}, plain);
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "Permission denied"));
  CHECK(contains(pushed.err, "ssh-add"));
  CHECK(pair.desktop.json({"queue", "--offline"}).at("outgoing").size() == 1);
  write_file(server->config().parent_path() / "authorized_keys",
             read_file(server->config().parent_path() / "user_key.pub"));
  pair.desktop.ok({"push"}, plain);
  CHECK(world.origin_files().contains(planning + "a.md"));
}

TEST_CASE("an ssh server that is away leaves the work queued, and the next push sends it", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const Environment plain{{"PATH", path_with(*server)}};
  SshPair pair(world, "sync-host:" + world.origin().string());
  server->stop();
  pair.desktop.write(planning + "a.md", "a\n");
  const auto begin = std::chrono::steady_clock::now();
  const Outcome pushed = pair.desktop.ps({"push"}, plain);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));  // a silence would be waited for longer
  CHECK(pushed.exit == 0);
  CHECK(contains(pushed.out + pushed.err, "queued"));
  CHECK(contains(pushed.out + pushed.err, "Connection refused"));
  CHECK(pair.desktop.ps({"push", "--require-remote"}, plain).exit == 4);
}

TEST_CASE("an ssh that says nothing is given up after network.timeout, and leaves no process", "[ssh]") {
  World world;
  SshPair pair(world, "nowhere:repository.git");
  const auto mark = world.root() / "started";
  const auto silent = world.root() / "silent-ssh";
  write_file(silent, "#!/bin/sh\necho $$ >>'" + mark.string() + "'\nexec sleep 600\n");
  std::filesystem::permissions(silent, std::filesystem::perms::owner_all);
  pair.desktop.git({"config", "promptsync.network.timeout", "1s"});
  const auto begin = std::chrono::steady_clock::now();
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"}, {{"GIT_SSH", silent.string()}});
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  INFO(pushed.describe());
  CHECK(pushed.exit == 0);
  CHECK(contains(pushed.out + pushed.err, "nothing came for 1 s"));
  for (const std::string& pid : lines_of(read_file(mark)))
    CHECK_FALSE(std::filesystem::exists("/proc/" + pid + "/cwd"));
}

TEST_CASE("what a hook of the server says over ssh is shown, and the work stays queued", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  const Environment plain{{"PATH", path_with(*server)}};
  SshPair pair(world, "sync-host:" + world.origin().string());
  const auto hook = world.origin() / "hooks" / "pre-receive";
  write_file(hook, "#!/bin/sh\necho 'no planning on fridays' >&2\nexit 1\n");
  std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
  pair.desktop.write(planning + "a.md", "a\n");
  Outcome pushed = pair.desktop.ps({"push"}, plain);
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "no planning on fridays"));
  std::filesystem::remove(hook);
  pair.desktop.ok({"push"}, plain);
  pushed = pair.code.ps({"pull"}, {{"PATH", path_with(*server)}});
  CHECK(pair.code.read(planning + "a.md") == "a\n");
  pair.code.git({"remote", "set-url", "origin", "sync-host:/no/such/repository.git"});
  const Outcome pulled = pair.code.ps({"pull"}, plain);
  CHECK(pulled.exit == 1);
  CHECK(contains(pulled.err, "/no/such/repository.git"));
}

TEST_CASE("addresses that ssh or git would take for options are refused, and no program is started", "[ssh]") {
  World world;
  Clone& desktop = world.place("desktop");
  const auto mark = world.root() / "started";
  const auto spy = world.root() / "spy-ssh";
  write_file(spy, "#!/bin/sh\ntouch '" + mark.string() + "'\n");
  std::filesystem::permissions(spy, std::filesystem::perms::owner_all);
  desktop.write(planning + "a.md", "a\n");
  for (const char* url : {"ssh://-oProxyCommand=touch%20x/y", "-oProxyCommand=x:y", "ssh://user@-host/x", "host:-x",
                          "ssh://host:22x/y", "ssh://host", "ssh://[::1/x", "ext::sh -c x", "git://host/x"}) {
    INFO(url);
    desktop.git({"config", "remote.origin.url", url});
    const Outcome pushed = desktop.ps({"push"}, {{"GIT_SSH", spy.string()}});
    CHECK(pushed.exit == 1);
    CHECK(contains(pushed.err, "refusing the remote address"));
    CHECK_FALSE(std::filesystem::exists(mark));
  }
}

TEST_CASE("one line appended to a large text costs a few kilobytes over the network, not the text", "[ssh]") {
  World world;
  auto server = SshServer::start(world);
  if (!server) return;
  // What goes to the other side is counted on its way.
  const auto counted = world.root() / "sent";
  const auto program = world.root() / "counting-ssh";
  write_file(program, "#!/bin/sh\ntee '" + counted.string() + "' | " + server->command() + " \"$@\"\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  SshPair pair(world, "sync-host:" + world.origin().string());
  const Environment counting{{"GIT_SSH", program.string()}};
  const Environment plain{{"PATH", path_with(*server)}};
  std::string text;
  std::uint32_t random = 1;
  while (text.size() < 3'000'000) {
    random = random * 1664525 + 1013904223;
    text += std::to_string(random) + ((random & 7) == 0 ? "\n" : " ");
  }
  pair.desktop.write(planning + "large.md", text).ok({"push"}, plain);
  pair.code.ok({"pull"}, plain);
  pair.desktop.write(planning + "large.md", text + "one more line\n").ok({"push"}, counting);
  CHECK(std::filesystem::file_size(counted) < 20'000);
  pair.code.ok({"pull"}, plain);
  CHECK(pair.code.read(planning + "large.md") == text + "one more line\n");
}
