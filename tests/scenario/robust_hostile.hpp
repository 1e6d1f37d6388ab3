// A sync branch on origin that somebody hostile has written, and two places that know nothing of it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scenario/robust.hpp"

namespace ps_sync::test {

/// One entry of a tree as it stands in the object: nothing is checked, sorted or corrected.
struct RawEntry {
  std::string mode;
  std::string name;
  std::string id;  ///< 40 hex digits

  std::string bytes() const {
    std::string raw = mode + " " + name + '\0';
    for (std::size_t n = 0; n < 40; n += 2) raw += static_cast<char>(std::stoi(id.substr(n, 2), nullptr, 16));
    return raw;
  }
};

class Hostile {
 public:
  World world;
  Clone& desktop = world.place("desktop");
  Clone& code = world.place("code");

  Hostile() {
    world.expect_no_clean_fsck();
    // Newer gits walk no tree of 10,000 levels unless told to; the remote here is the attacker's.
    world.origin_git({"config", "core.maxTreeDepth", "100000"});
    desktop.write(planning + "a.md", "a\n").ok({"push"});
    code.ok({"pull"});
    desktop.ok({"pull"});
  }

  std::string blob(const std::string& bytes) { return world.origin_git({"hash-object", "-w", "--stdin"}, bytes); }

  /// A tree of exactly these entries, in this order.
  std::string tree(const std::vector<RawEntry>& entries) {
    std::string raw;
    for (const RawEntry& entry : entries) raw += entry.bytes();
    return world.origin_git({"hash-object", "-t", "tree", "--literally", "-w", "--stdin"}, raw);
  }

  /// A tree of one file.
  std::string folder_with(const std::string& name) { return tree({{"100644", name, blob(evil)}}); }

  /// Puts a tree on top of the sync branch.
  void commit(const std::string& root, const std::string& message = "Planted\n\nPromptsync-Format: 1\n") {
    const std::string made = world.origin_git(
        {"-c", "user.name=Mallory", "-c", "user.email=m@example.org", "commit-tree", root, "-p", world.origin_tip()},
        message);
    world.origin_git({"update-ref", "refs/heads/promptsync/main", made});
  }

  /// Commits `.claude/planning` with these entries beside the harmless a.md and beside.md, ordered as git orders them.
  void plant(std::vector<RawEntry> entries, const std::string& message = "Planted\n\nPromptsync-Format: 1\n") {
    entries.push_back({"100644", "a.md", blob("a\n")});
    entries.push_back({"100644", "beside.md", blob("beside\n")});
    const auto key = [](const RawEntry& entry) { return entry.name + (entry.mode.starts_with("4") ? "/" : ""); };
    std::stable_sort(entries.begin(), entries.end(),
                     [&](const RawEntry& left, const RawEntry& right) { return key(left) < key(right); });
    commit(tree({{"40000", ".claude", tree({{"40000", "planning", tree(entries)}})}}), message);
  }

  /// Everything in the world but origin, ps-sync's own folders and the sync sets.
  Picture outside() const {
    return picture_of(world.root(), [&](const std::filesystem::path& path) {
      if (path == world.origin()) return true;
      for (const Clone* clone : {&desktop, &code})
        if (path == clone->path(".git/promptsync") || path == clone->path(".claude/planning") ||
            path == clone->path(".claude/implementation"))
          return true;
      return false;
    });
  }

  /// Both places pull: code with JSON, desktop as text. Neither crashes, nor writes outside its sync set, nor prints a
  /// control character; what is harmless is there, and nothing else is.
  nlohmann::json pull(Files harmless = {}) {
    harmless[planning + "a.md"] = "a\n";
    harmless[planning + "beside.md"] = "beside\n";
    const Picture before = outside();
    const Outcome pulled = code.ps({"pull", "--json"});
    INFO(shortened(pulled.describe()));
    CHECK((pulled.exit == 0 || pulled.exit == 3));
    check_speech({"pull"});
    const std::string written = changes(before, outside());
    INFO("outside:\n" << written);
    CHECK(written.empty());
    for (const Clone* clone : {&desktop, &code}) {
      CHECK(clone->files(planning) == harmless);
      check_only_files(clone->path(planning));
    }
    return pulled.json();
  }

  /// What people are shown: no command crashes or prints a control character.
  void look_around() {
    for (const Arguments& command : std::vector<Arguments>{{"status"},
                                                           {"status", "--short"},
                                                           {"queue"},
                                                           {"peers"},
                                                           {"log"},
                                                           {"conflicts", "--all"},
                                                           {"beacon", "show"},
                                                           {"doctor"}})
      check_speech(command);
    for (const char* command : {"status", "queue", "peers", "log", "conflicts"})
      CHECK(code.json({command}).contains("version"));
  }

  /// A document pushed from code arrives at desktop, and every entry of `kept` is still in `.claude/planning`.
  void push_beside(const std::vector<RawEntry>& kept) {
    code.write(planning + "mine.md", "mine\n");
    const Outcome pushed = code.ps({"push"});
    INFO(shortened(pushed.describe()));
    CHECK((pushed.exit == 0 || pushed.exit == 3));
    const std::string raw = world.try_origin_git({"cat-file", "tree", world.origin_tip() + ":.claude/planning"}).out;
    for (const RawEntry& entry : kept) {
      INFO(entry.mode << " " << entry.name << " is no longer on the branch");
      CHECK(contains(raw, entry.bytes()));
    }
    CHECK(contains(raw, "100644 mine.md"));
    CHECK(desktop.ps({"pull"}).exit % 3 == 0);
    CHECK(desktop.exists(planning + "mine.md"));
  }

  /// The whole course: plant, pull, look, push.
  void suffer(const std::vector<RawEntry>& entries, const Files& harmless = {}) {
    plant(entries);
    const nlohmann::json pulled = pull(harmless);
    std::vector<RawEntry> refused;
    for (const RawEntry& entry : entries)
      if (!harmless.contains(planning + entry.name)) refused.push_back(entry);
    {
      INFO("held back by pull");
      check_held_back(pulled, refused);
    }
    {
      INFO("held back as status has it");
      check_held_back(code.json({"status"}), refused);
    }
    look_around();
    push_beside(refused);
  }

  /// Each refused entry is named, or something below it.
  static void check_held_back(const nlohmann::json& result, const std::vector<RawEntry>& refused,
                              const std::string& folder = planning) {
    const std::set<std::string> named = paths(result.at("held_back"));
    for (const RawEntry& entry : refused) {
      const std::string path = folder + entry.name;
      INFO(path << " (" << entry.mode << ") is not in held_back");
      const auto below = named.lower_bound(path + "/");
      CHECK((named.contains(path) || (below != named.end() && below->starts_with(path + "/"))));
    }
  }

  static inline const std::string evil = "evil\n";

 private:
  static std::string shortened(const std::string& text) { return text.substr(0, 4000); }

  void check_speech(const Arguments& command) {
    const Outcome outcome = desktop.ps(command);
    INFO(command.front() << ": " << shortened(outcome.describe()));
    const bool may_complain = command.front() == "doctor" || command.front() == "beacon";
    CHECK((outcome.exit == 0 || outcome.exit == 3 || (may_complain && outcome.exit == 1)));
    CHECK_FALSE(has_control_character(outcome.out));
    CHECK_FALSE(has_control_character(outcome.err));
  }

  /// But for line ends and tabs, which the program itself prints.
  static bool has_control_character(const std::string& text) {
    for (std::size_t n = 0; n < text.size(); ++n) {
      const auto byte = static_cast<unsigned char>(text[n]);
      if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) return true;
      if (byte != 0xc2 || n + 1 == text.size()) continue;
      const auto next = static_cast<unsigned char>(text[n + 1]);
      if (next >= 0x80 && next < 0xa0) return true;
    }
    return false;
  }

  static void check_only_files(const std::filesystem::path& folder) {
    std::string odd;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_symlink() || (!entry.is_regular_file() && !entry.is_directory()))
        odd += entry.path().string() + "\n";
    CHECK(odd.empty());
  }
};

}  // namespace ps_sync::test
