// What the scenarios over http have in common.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "scenario/reading.hpp"
#include "support/catch.hpp"
#include "support/web_server.hpp"

namespace ps_sync::test {

/// Two places whose remote is at `url`.
struct WebPair {
  WebPair(World& world, const std::string& url) : desktop(world.place("desktop")), code(world.place("code")) {
    point_to(url);
  }
  void point_to(const std::string& url) {
    for (Clone* clone : {&desktop, &code}) clone->git({"remote", "set-url", "origin", url});
  }
  /// A setting of git's for both.
  void set(const std::string& key, const std::string& value) {
    for (Clone* clone : {&desktop, &code}) clone->git({"config", key, value});
  }
  /// Documents go there and back by push, pull and sync, and status sees the remote.
  void travel(const Environment& environment = {}) {
    const std::string name = planning + "trip " + std::to_string(++trips) + ".md";
    desktop.write(name, "a\n").ok({"push"}, environment);
    code.ok({"pull"}, environment);
    CHECK(code.read(name) == "a\n");
    code.write(name, "a, edited\n").ok({"sync"}, environment);
    desktop.ok({"sync"}, environment);
    CHECK(desktop.read(name) == "a, edited\n");
    CHECK(desktop.json({"status"}, environment).at("remote").at("reachable") == true);
  }
  Clone& desktop;
  Clone& code;
  int trips = 0;
};

/// How many documents wait to go out.
inline std::size_t queued(Clone& clone) { return clone.json({"queue", "--offline"}).at("outgoing").size(); }

/// A program for the scenario, that the shell runs.
inline std::filesystem::path script(World& world, const std::string& name, const std::string& lines) {
  return write_program(world.root() / name, lines);
}

inline void hook_on_origin(World& world, const std::string& name, const std::string& lines) {
  script(world, "origin.git/hooks/" + name, lines);
}

/// A credential helper that writes down what it is asked, and answers `get` with the lines that it was given.
class CredentialHelper {
 public:
  struct Call {
    std::string operation;
    std::set<std::string> lines;  ///< what git told it
  };

  CredentialHelper(World& world, std::vector<std::string> lines) : log_(world.root() / "helper's log") {
    const std::filesystem::path answer = world.root() / "helper's answer";
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    write_file(answer, text);
    write_file(log_, "");
    program_ = script(
        world, "helper",
        "{ echo \"= $1\"; cat; } >>\"" + log_.string() + "\"\n[ \"$1\" != get ] || cat \"" + answer.string() + "\"\n");
    use_in(world);
  }
  /// The calls so far.
  std::vector<Call> calls() const {
    std::vector<Call> found;
    for (const std::string& line : lines_of(read_file(log_)))
      if (line.starts_with("= "))
        found.push_back({line.substr(2), {}});
      else
        found.back().lines.insert(line);
    return found;
  }
  std::vector<std::string> operations() const {
    std::vector<std::string> found;
    for (const Call& call : calls()) found.push_back(call.operation);
    return found;
  }
  void forget_calls() const { write_file(log_, ""); }
  /// As a setting's value: the path has a space in it, and so wants a shell.
  std::string setting() const { return "!'" + program_.string() + "'"; }

 private:
  void use_in(World& world) const {
    const Outcome set = world.run(world.root(), {"git", "config", "--global", "credential.helper", setting()});
    if (set.exit != 0) throw std::runtime_error(set.describe());
  }
  std::filesystem::path log_;
  std::filesystem::path program_;
};

}  // namespace ps_sync::test
