// What a value of each type may look like. Everything here takes text from people and files they did not write.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ps_sync::config {

/// "expected …, found …", without the place; whoever knows the place makes an Error of it.
class BadValue : public std::runtime_error {
 public:
  explicit BadValue(const std::string& why, std::size_t entry = 0) : std::runtime_error(why), entry_(entry) {}
  /// Which entry of a list is wrong, from 0; 0 for everything else.
  std::size_t entry() const { return entry_; }

 private:
  std::size_t entry_;
};

/// "`text`", with control characters escaped and cut where it is long.
std::string shown(std::string_view text);

/// More than 0, at most a day; the unit (ms, s, m, h) is required.
std::chrono::milliseconds parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);

/// More than 0 bytes: B, kB, MB, GB, KiB, MiB, GiB in any letter case; a plain number is bytes.
std::uint64_t parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

std::int64_t parse_whole(std::string_view text, std::int64_t smallest, std::int64_t largest);

// Each gives the value back in its canonical form.
std::string parse_remote(std::string_view text);
std::string parse_branch(std::string_view text);
std::string parse_repo_path(std::string_view text);
std::string parse_pattern(std::string_view text);
std::string parse_provider(std::string_view text);
std::string parse_ticket_repo(std::string_view text);
std::string parse_project(std::string_view text);
std::string parse_api(std::string_view text);
std::string parse_label(std::string_view text);
std::string parse_name(std::string_view text);

/// A list in one text: at each of `separators`, blanks around an entry dropped, empty entries too.
std::vector<std::string> split_list(std::string_view text, std::string_view separators);

}  // namespace ps_sync::config
