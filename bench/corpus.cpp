// Makes the files that the benchmark carries, the same on every machine and in every run.
//
// usage: corpus markdown DIRECTORY COUNT     generated Markdown files of 2 to 4 KiB
//        corpus copy DIRECTORY < PATHS       copies of the files named on standard input
//        corpus random FILE MEGABYTES        one file that no compression shrinks
//        corpus edit DIRECTORY ROUND < PATHS appends a line to each file named, relative to DIRECTORY
//
// Files lie in folders of twenty. All of them carry a time well in the past: a file that was written in the second in
// which an index is saved has to be read again by every later run (git's "racy" entries), and then the benchmark would
// measure how fast it was set up.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t files_in_folder = 20;
constexpr std::uint64_t smallest = 2048;
constexpr std::uint64_t largest = 4096;

constexpr std::string_view words[] = {
    "act",     "again",   "agree",    "after",    "answer",  "apply",   "archive",  "arrives", "author",   "base",
    "before",  "begin",   "between",  "block",    "board",   "branch",  "budget",   "build",   "careful",  "change",
    "chapter", "check",   "choose",   "clean",    "client",  "close",   "collect",  "commit",  "compare",  "complete",
    "copy",    "correct", "cost",     "customer", "daily",   "date",    "decide",   "deliver", "depends",  "design",
    "detail",  "differ",  "document", "draft",    "during",  "each",    "early",    "edit",    "empty",    "ends",
    "engine",  "entry",   "error",    "estimate", "every",   "example", "explain",  "export",  "fallback", "feature",
    "field",   "file",    "final",    "finish",   "first",   "fixed",   "folder",   "follow",  "format",   "found",
    "gather",  "given",   "goal",     "group",    "guard",   "guide",   "handle",   "hidden",  "history",  "holds",
    "idea",    "import",  "improve",  "include",  "input",   "issue",   "keeps",    "known",   "label",    "later",
    "layout",  "lead",    "learn",    "library",  "limit",   "line",    "list",     "local",   "machine",  "main",
    "margin",  "meeting", "member",   "merge",    "message", "missing", "module",   "monthly", "moves",    "names",
    "needed",  "network", "never",    "notes",    "number",  "objects", "offline",  "open",    "option",   "order",
    "outline", "output",  "owner",    "page",     "paper",   "part",    "path",     "pause",   "phase",    "plan",
    "point",   "prepare", "present",  "promise",  "proof",   "public",  "purpose",  "queue",   "quick",    "quiet",
    "reader",  "ready",   "reason",   "record",   "release", "remote",  "repeat",   "report",  "request",  "result",
    "review",  "risk",    "role",     "rough",    "round",   "rule",    "schedule", "scope",   "section",  "session",
    "setting", "shared",  "short",    "simple",   "sketch",  "source",  "stage",    "start",   "state",    "status",
    "step",    "store",   "story",    "summary",  "support", "table",   "target",   "task",    "team",     "test",
    "text",    "theme",   "ticket",   "time",     "title",   "tool",    "topic",    "track",   "train",    "tree",
    "trial",   "under",   "until",    "update",   "value",   "verify",  "version",  "visit",   "wait",     "weekly",
};

/// SplitMix64: small, well mixed, and the same everywhere, which the standard library's distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15ULL);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::string_view word() { return words[below(std::size(words))]; }

 private:
  std::uint64_t state_;
};

std::uint64_t to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error("not a number: " + std::string(text));
  return number;
}

std::string padded(std::uint64_t number, int width) {
  std::string digits = std::to_string(number);
  if (digits.size() < static_cast<std::size_t>(width))
    digits.insert(0, static_cast<std::size_t>(width) - digits.size(), '0');
  return digits;
}

void set_age(const fs::path& file, std::chrono::seconds age) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - age);
}

void write(const fs::path& file, std::string_view text, std::ios::openmode mode) {
  std::ofstream out(file, std::ios::binary | mode);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

void add_sentence(std::string& text, Random& random) {
  const std::uint64_t length = 6 + random.below(10);
  for (std::uint64_t i = 0; i < length; ++i) {
    if (i > 0) text += ' ';
    text += random.word();
  }
  text += ".\n";
}

/// A plan as people write them: headings, paragraphs, check lists, and now and then a table.
std::string make_markdown(std::uint64_t number) {
  Random random(number);
  const std::uint64_t size = smallest + random.below(largest - smallest);
  std::string text = "# Plan " + std::to_string(number) + "\n\n";
  while (text.size() < size) {
    text.append("## ").append(random.word()).append(" ").append(random.word()).append("\n\n");
    for (std::uint64_t i = 1 + random.below(4); i > 0; --i) add_sentence(text, random);
    text += '\n';
    for (std::uint64_t i = random.below(7); i > 0; --i) {
      text += random.below(2) == 0 ? "- [ ] " : "- [x] ";
      add_sentence(text, random);
    }
    if (random.below(4) == 0) {
      text += "\n| what | days |\n| --- | --- |\n";
      for (std::uint64_t i = 1 + random.below(4); i > 0; --i) {
        text.append("| ").append(random.word()).append(" | ").append(std::to_string(random.below(90))).append(" |\n");
      }
    }
    text += '\n';
  }
  text.resize(size - 1);
  return text += '\n';
}

/// The place of file `number`, whose folder is made with its first file.
fs::path make_place(const fs::path& root, std::uint64_t number, std::string_view name) {
  const fs::path folder = root / ("part-" + padded(number / files_in_folder, 4));
  if (number % files_in_folder == 0) fs::create_directories(folder);
  return folder / (padded(number, 6) + "-" + std::string(name));
}

void make_generated(const fs::path& root, std::uint64_t count) {
  for (std::uint64_t number = 0; number < count; ++number) {
    const fs::path file = make_place(root, number, "plan.md");
    write(file, make_markdown(number), std::ios::trunc);
    set_age(file, 24h);
  }
}

void make_copies(const fs::path& root) {
  std::string source;
  for (std::uint64_t number = 0; std::getline(std::cin, source); ++number) {
    const fs::path file = make_place(root, number, fs::path(source).filename().string());
    fs::copy_file(source, file);
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    set_age(file, 24h);
  }
}

void make_random_file(const fs::path& file, std::uint64_t megabytes) {
  Random random(megabytes);
  std::string chunk(1'000'000, '\0');
  for (std::uint64_t i = 0; i < megabytes; ++i) {
    for (std::size_t at = 0; at < chunk.size(); at += sizeof(std::uint64_t)) {
      const std::uint64_t bits = random.next();
      std::memcpy(chunk.data() + at, &bits, sizeof bits);
    }
    write(file, chunk, i == 0 ? std::ios::trunc : std::ios::app);
  }
  set_age(file, 24h);
}

void edit(const fs::path& root, std::string_view round) {
  std::string path;
  while (std::getline(std::cin, path)) {
    write(root / path, "- [ ] added in round " + std::string(round) + "\n", std::ios::app);
    set_age(root / path, 5s);
  }
}

int run(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "";
  if (what == "markdown" && count == 4)
    make_generated(arguments[2], to_number(arguments[3]));
  else if (what == "copy" && count == 3)
    make_copies(arguments[2]);
  else if (what == "random" && count == 4)
    make_random_file(arguments[2], to_number(arguments[3]));
  else if (what == "edit" && count == 4)
    edit(arguments[2], arguments[3]);
  else {
    std::fputs(
        "usage: corpus markdown DIRECTORY COUNT | copy DIRECTORY | random FILE MEGABYTES | edit DIRECTORY ROUND\n",
        stderr);
    return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "corpus: %s\n", problem.what());
    return 1;
  }
}
