#include "scenario/faults.hpp"

#include <algorithm>
#include <thread>

#include "support/catch.hpp"

namespace fs = std::filesystem;
using nlohmann::json;

namespace ps_sync::test {
namespace {

/// Bytes that no compression makes small, nor a difference to those of another number, so that a pack has a middle.
std::string fresh_noise(std::size_t number) {
  constexpr std::size_t size = 60'000;
  return noise((number + 1) * size).substr(number * size);
}

std::string running_in(const World& world) {
  const std::string home = "HOME=" + world.home().string() + '\0';
  std::string found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/proc", failed)) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    try {
      if (contains(read_file(entry.path() / "environ"), home))
        found += pid + " " + read_file(entry.path() / "cmdline") + "\n";
    } catch (const std::exception&) {
      // It ended meanwhile, or is somebody else's.
    }
  }
  return found;
}

}  // namespace

std::string left_running_in(const World& world) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::string found = running_in(world);
  while (!found.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    found = running_in(world);
  }
  return found;
}

Troubled::Troubled(World& the_world, const std::string& url, Environment environment)
    : world(the_world),
      desktop(world.place("desktop")),
      code(world.place("code")),
      environment_(std::move(environment)) {
  code.git({"remote", "set-url", "origin", url});
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  code.ok({"pull"}, environment_);
  make_news();
}

void Troubled::make_news() {
  ++round_;
  const std::string number = std::to_string(round_);
  const auto noise_number = static_cast<std::size_t>(2 * round_);
  desktop.write(planning + "in " + number + ".md", "in " + number + "\n");
  desktop.write(implementation + "in " + number + ".bin", fresh_noise(noise_number)).ok({"push"});
  code.write(planning + "out " + number + ".md", "out " + number + "\n");
  code.write(implementation + "out " + number + ".bin", fresh_noise(noise_number + 1));
  documents_ = documents(code);
  users_git_ = code.fingerprint();
}

Process Troubled::start(const std::string& command, const std::string& timeout) {
  Arguments arguments{World::binary(), command, "--json"};
  if (command == "clone") {
    fs::remove_all(clone_folder());
    const std::string url = code.git({"remote", "get-url", "origin"});
    arguments.insert(arguments.end(), {url, clone_folder().string(), "--as", "third"});
  }
  Environment environment = world.environment(environment_);
  environment["PROMPTSYNC_NETWORK_TIMEOUT"] = timeout;
  return {arguments, {code.root(), environment, {}}};
}

Outcome Troubled::finish(Process process, const std::string& command) {
  Outcome outcome = process.wait(kill_limit);
  world.note({"ps-sync", command}, code.root(), outcome);
  INFO(command << ": " << outcome.describe());
  CHECK_FALSE(outcome.timed_out);
  CHECK(left_running_in(world) == "");
  Files found = documents(code);
  if (news_may_arrive) std::erase_if(found, [&](const auto& entry) { return !documents_.contains(entry.first); });
  CHECK(changes(documents_, found) == "");
  CHECK(users_git_.changes(code.fingerprint()) == "");
  CHECK(leftovers(code.path(".claude")) == "");
  CHECK(leftovers(code.git_folder() / "promptsync") == "");
  return outcome;
}

void Troubled::queues(const std::string& command, const std::string& words) {
  const Outcome outcome = run(command);
  INFO(command << ": " << outcome.describe());
  CHECK(outcome.exit == 0);
  check_told(command, outcome);
  CHECK(contains(outcome.out + outcome.err, words));
  const json answer = outcome.json();
  if (command == "status") {
    CHECK(answer.at("remote").at("reachable") == false);
  } else if (command != "clone") {
    CHECK(answer.at("result") == "queued");
    CHECK(answer.at("pushed") == false);
  }
  check_waiting();
}

void Troubled::fails(const std::string& command, const std::string& words) {
  const Outcome outcome = run(command);
  INFO(command << ": " << outcome.describe());
  CHECK(outcome.exit == (command == "status" ? 0 : 1));  // which only shows, and answers where it can read
  check_told(command, outcome);
  CHECK(contains(command == "status" ? outcome.out : outcome.err, words));
  check_waiting();
}

void Troubled::gives_up(const std::string& command) {
  const Outcome outcome = run(command);
  INFO(command << ": " << outcome.describe());
  CHECK((outcome.exit == 0 || outcome.exit == 1));
  check_told(command, outcome);
  check_waiting();
}

void Troubled::completes(const std::string& command) {
  const Outcome outcome = start(command, "30s").wait(std::chrono::seconds(60));
  INFO(command << " with the remote mended: " << outcome.describe());
  CHECK(outcome.exit == 0);
  if (command == "clone") CHECK(read_file(clone_folder() / (planning + "a.md")) == "a\n");
  code.ok({"sync"}, environment_);
  desktop.ok({"sync"});
  CHECK(changes(documents(code), documents(desktop)) == "");
  for (const auto& [path, bytes] : documents_) CHECK(documents(desktop).contains(path));
  const json queue = code.json({"queue"}, environment_);
  CHECK(queue.at("outgoing").empty());
  CHECK(queue.at("incoming").empty());
  make_news();
}

void Troubled::check_waiting() {
  const std::set<std::string> outgoing = paths(code.json({"status", "--offline"}).at("outgoing"));
  const std::string number = std::to_string(round_);
  CHECK(outgoing.contains(planning + "out " + number + ".md"));
  CHECK(outgoing.contains(implementation + "out " + number + ".bin"));
}

/// A failure is told on stderr in the lines that people know; what waits has its reason in the answer. No control
/// character comes with either.
void Troubled::check_told(const std::string& command, const Outcome& outcome) {
  if (outcome.exit == 1) {
    CHECK(outcome.err.starts_with("error: "));
    CHECK(contains(outcome.err, "cause: "));
    CHECK(contains(outcome.err, "hint: "));
  }
  const std::string text = outcome.out + outcome.err;
  const bool is_clean = std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7f;
  });
  CHECK(is_clean);
  if (command == "clone" || outcome.exit != 0) return;
  const json answer = outcome.json();
  REQUIRE(answer.at("offline").is_object());
  CHECK_FALSE(answer.at("offline").at("causes").empty());
}

}  // namespace ps_sync::test
