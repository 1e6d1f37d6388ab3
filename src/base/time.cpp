#include <cstdio>

#include "ps_sync/base/text.hpp"

namespace ps_sync {

std::string format_utc(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<Timestamp> parse_utc(std::string_view text) {
  int year, month, day, hour, minute, second, used = 0;
  const std::string copy(text);
  if (copy.size() > 40 || std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                                      &second, &used) != 6) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  std::string_view rest = std::string_view(copy).substr(static_cast<std::size_t>(used));
  if (!rest.empty() && rest.front() == '.') {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  }
  std::chrono::minutes offset{0};
  if (rest != "Z" && rest != "z") {
    int offset_hours, offset_minutes;
    const bool signed_offset = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-');
    const std::string digits(rest.empty() ? rest : rest.substr(1));
    if (!signed_offset || std::sscanf(digits.c_str(), "%2d:%2d", &offset_hours, &offset_minutes) != 2)
      return std::nullopt;
    if (offset_hours < 0 || offset_hours > 23 || offset_minutes < 0 || offset_minutes > 59) return std::nullopt;
    offset = std::chrono::minutes(offset_hours * 60 + offset_minutes) * (rest[0] == '+' ? 1 : -1);
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) - offset;
}

std::string ago(Timestamp then, Timestamp now) {
  const auto seconds = (now - then).count();
  const auto count = [](long long n, const char* unit) { return concat(std::to_string(n), " ", unit, " ago"); };
  if (seconds < 60) return "just now";
  if (seconds < 3600) return count(seconds / 60, "min");
  if (seconds < 2 * 86400) return count(seconds / 3600, "h");
  return count(seconds / 86400, "days");
}

}  // namespace ps_sync
