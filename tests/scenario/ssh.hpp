// What the scenarios over ssh have in common.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

#include "scenario/reading.hpp"
#include "support/catch.hpp"
#include "support/sshd.hpp"

namespace ps_sync::test {

/// Two places whose remote is reached over ssh by `url`, with what is set in the environment or git's configuration.
struct SshPair {
  SshPair(World& world, const std::string& url) : desktop(world.place("desktop")), code(world.place("code")) {
    point_to(url);
  }
  void point_to(const std::string& url) {
    for (Clone* clone : {&desktop, &code}) clone->git({"remote", "set-url", "origin", url});
  }
  void travel(const Environment& environment) {
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

/// For sockets, whose paths have to be shorter than a world's folder may be.
class ShortFolder {
 public:
  ShortFolder() {
    std::string name = "/tmp/ps-sync-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make the folder " + name);
    path_ = name;
  }
  ~ShortFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ShortFolder(const ShortFolder&) = delete;
  ShortFolder& operator=(const ShortFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string path_with(const SshServer& server) {
  return server.program_folder().string() + ":" + ::getenv("PATH");
}

}  // namespace ps_sync::test
