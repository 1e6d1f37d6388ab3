#include "ps_sync/base/endpoint.hpp"

#include "ps_sync/base/text.hpp"

namespace ps_sync {
namespace {
constexpr std::size_t longest_name = 39;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
}  // namespace

bool is_endpoint_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name || !is_letter_or_digit(name.front())) return false;
  for (char c : name) {
    if (!is_letter_or_digit(c) && c != '-') return false;
  }
  return true;
}

std::string to_endpoint_name(std::string_view text) {
  std::string name;
  for (char c : to_lower_ascii(text)) {
    if (is_letter_or_digit(c)) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
    if (name.size() == longest_name) break;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "place" : name;
}

}  // namespace ps_sync
