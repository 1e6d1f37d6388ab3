// One pass. Every kind of credential has a byte that is rare in prose and sits near its beginning: '-' (sk-, xoxb-,
// -----BEGIN), '_' (ghp_), '/' (://, slack.com/services), 'K' and 'S' (AKIA, ASIA). The scan runs from one such byte to
// the next and looks around it. Every look has a bound, or walks over bytes that no later look walks over again, so
// that no text makes this slow.
//
// A token must be as long as the real ones and have several different characters: `sk-learn` and a `ghp_xxxx…` in a
// manual are no secrets. In doubt it is one: a document held back is named, one published cannot be taken back.
#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

#include "ps_sync/base/text.hpp"
#include "ps_sync/sync/path_rules.hpp"

namespace ps_sync::sync {

namespace {

constexpr std::size_t longest_token = 256;       // no look for a token goes further
constexpr std::size_t longest_authority = 4096;  // looks for these never overlap
constexpr std::size_t min_different = 5;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z'); }
bool is_word(char c) { return is_alnum(c) || c == '_'; }
bool is_word_or_dash(char c) { return is_word(c) || c == '-'; }
bool is_upper_or_digit(char c) { return is_upper(c) || is_digit(c); }

/// The characters at the front that are `of` one kind.
template <class Of>
std::string_view run_of(std::string_view text, Of of, std::size_t longest = longest_token) {
  const std::size_t most = std::min(text.size(), longest);
  std::size_t length = 0;
  while (length < most && of(text[length])) ++length;
  return text.substr(0, length);
}

bool is_varied(std::string_view token) {
  std::bitset<256> seen;
  for (const char c : token) seen.set(static_cast<std::uint8_t>(c));
  return seen.count() >= min_different;
}

bool is_long_and_varied(std::string_view token, std::size_t min_length) {
  return token.size() >= min_length && is_varied(token);
}

/// Where tokens have dashes, words joined by dashes look like one (`sk-ant-your-key-goes-here`), but none of them is
/// this long. Real ones have a dash every 64 characters or so, and a long part soon.
bool has_long_part(std::string_view token) {
  constexpr std::size_t long_part = 16, most_parts = 8;
  for (std::size_t i = 0; i < most_parts; ++i) {
    const std::string_view part = run_of(token, is_word);
    if (is_long_and_varied(part, long_part)) return true;
    if (part.size() == token.size() || token[part.size()] != '-') return false;
    token.remove_prefix(part.size() + 1);
  }
  return false;
}

/// A place in the text: what ends before it and what follows it.
struct Place {
  std::string_view before;  // up to the byte that was found
  std::string_view after;   // behind it

  /// What follows `prefix`, if `prefix` ends right here (its last byte is the one found) and no word runs into it.
  std::optional<std::string_view> behind(std::string_view prefix) const {
    prefix.remove_suffix(1);
    if (!before.ends_with(prefix)) return std::nullopt;
    const std::string_view ahead = before.substr(0, before.size() - prefix.size());
    if (!ahead.empty() && is_alnum(ahead.back())) return std::nullopt;
    return after;
  }
};

using Kind = const char*;  // null for no secret

Kind private_key(const Place& place) {
  if (!place.before.ends_with("----") || !place.after.starts_with("BEGIN ")) return nullptr;
  constexpr std::size_t longest_label = 60;
  const std::string_view label = place.after.substr(0, longest_label);
  const std::string_view title = label.substr(0, std::min(label.find("-----"), label.size()));
  const bool closed = title.size() < label.size();
  const bool key = title.ends_with("PRIVATE KEY") || title.ends_with("PRIVATE KEY BLOCK");
  return closed && key ? "private key" : nullptr;
}

Kind sk_token(const Place& place) {
  const std::optional<std::string_view> rest = place.behind("sk-");
  if (!rest) return nullptr;
  constexpr std::pair<std::string_view, Kind> prefixes[] = {{"ant-", "Anthropic key"},
                                                            {"proj-", "OpenAI key"},
                                                            {"svcacct-", "OpenAI key"},
                                                            {"admin-", "OpenAI key"},
                                                            {"None-", "OpenAI key"}};
  for (const auto& [prefix, kind] : prefixes) {
    if (!rest->starts_with(prefix)) continue;
    const bool found = has_long_part(rest->substr(prefix.size())) && run_of(*rest, is_word_or_dash).size() >= 32;
    return found ? kind : nullptr;
  }
  return is_long_and_varied(run_of(*rest, is_alnum), 40) ? "OpenAI key" : nullptr;
}

Kind slack_token(const Place& place) {
  constexpr std::string_view prefixes[] = {"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-"};
  for (const std::string_view prefix : prefixes) {
    const std::optional<std::string_view> rest = place.behind(prefix);
    if (!rest) continue;
    const std::string_view token = run_of(*rest, is_word_or_dash);
    const bool has_digit = std::any_of(token.begin(), token.end(), is_digit);
    if (has_digit && is_long_and_varied(token, 20)) return "Slack token";
  }
  return nullptr;
}

/// hooks.slack.com/services/T…/B…/…; the place is the first '/'.
Kind slack_webhook(const Place& place) {
  constexpr std::string_view services = "services/";
  if (!place.before.ends_with("hooks.slack.com") || !place.after.starts_with(services)) return nullptr;
  std::string_view rest = place.after.substr(services.size());
  for (const char first : {'T', 'B'}) {
    const std::string_view id = run_of(rest, is_upper_or_digit);
    if (id.size() < 8 || id.front() != first || !rest.substr(id.size()).starts_with("/")) return nullptr;
    rest.remove_prefix(id.size() + 1);
  }
  return is_long_and_varied(run_of(rest, is_alnum), 16) ? "Slack webhook" : nullptr;
}

Kind github_token(const Place& place) {
  if (place.before.ends_with('t')) {  // github_pat_, 22 characters, '_', 59 characters
    const std::optional<std::string_view> rest = place.behind("github_pat_");
    return rest && is_long_and_varied(run_of(*rest, is_word), 82) ? "GitHub token" : nullptr;
  }
  for (const std::string_view prefix : {"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}) {
    const std::optional<std::string_view> rest = place.behind(prefix);
    if (rest) return is_long_and_varied(run_of(*rest, is_alnum), 36) ? "GitHub token" : nullptr;
  }
  return nullptr;
}

/// AKIA or ASIA and 16 more; the place is the second letter.
Kind aws_key(const Place& place) {
  constexpr std::size_t length = 18;  // behind the second letter
  if (!place.after.starts_with("IA") || !place.before.ends_with('A')) return nullptr;
  const std::string_view token = run_of(place.after, is_word, length + 1);
  if (token.size() != length) return nullptr;
  const std::string_view ahead = place.before.substr(0, place.before.size() - 1);
  if (!ahead.empty() && is_word(ahead.back())) return nullptr;
  if (!std::all_of(token.begin(), token.end(), is_upper_or_digit) || !is_varied(token.substr(2))) return nullptr;
  return token.ends_with("EXAMPLE") ? nullptr : "AWS access key";  // the ids in Amazon's own manuals end so
}

/// What people write where a password would stand. `${NAME}`, `<token>` and `{{name}}` need no mention: their brackets
/// cannot stand in a URL.
bool is_placeholder(std::string_view password) {
  constexpr std::string_view words[] = {"password", "passwd", "pass", "pwd", "token"};
  const std::string lower = to_lower_ascii(password);
  if (std::find(std::begin(words), std::end(words), lower) != std::end(words)) return true;
  if (lower.starts_with("your") || lower.find_first_not_of(lower.front()) == std::string::npos) return true;
  if (password.front() == '$' && run_of(password.substr(1), is_word).size() + 1 == password.size()) return true;
  return password.size() > 2 && password.front() == '%' && password.back() == '%';  // %NAME%
}

/// Visible, not '/', and none of the characters that RFC 3986 keeps out of this part of a URL. A ')' may stand there,
/// but far more often closes a link in Markdown.
bool is_in_authority(char c) {
  constexpr std::string_view out = "/?#\"<>\\^`{|}[])";
  return static_cast<std::uint8_t>(c) > ' ' && c != 0x7F && out.find(c) == std::string_view::npos;
}

/// scheme://user:password@host; the place is the first '/'.
Kind url_with_password(const Place& place) {
  if (!place.before.ends_with(':') || !place.after.starts_with('/')) return nullptr;
  const std::string_view scheme = place.before.substr(0, place.before.size() - 1);
  if (scheme.empty() || !is_alnum(scheme.back())) return nullptr;
  const std::string_view authority = run_of(place.after.substr(1), is_in_authority, longest_authority);
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return nullptr;
  const std::string_view host = place.after.substr(1 + at + 1);
  if (host.empty() || !(is_alnum(host.front()) || host.front() == '[')) return nullptr;
  const std::string_view user = authority.substr(0, at);
  const std::size_t colon = user.find(':');
  if (colon == std::string_view::npos || colon + 1 == user.size()) return nullptr;
  return is_placeholder(user.substr(colon + 1)) ? nullptr : "password in a URL";
}

Kind secret_at(char found, const Place& place) {
  Kind kind = nullptr;
  switch (found) {
    case '-':
      if (place.before.ends_with('k')) return sk_token(place);
      if (place.before.ends_with('-')) return private_key(place);
      return slack_token(place);
    case '_':
      return place.before.ends_with('_') ? nullptr : github_token(place);
    case '/':
      kind = url_with_password(place);
      return kind != nullptr ? kind : slack_webhook(place);
    default:
      return aws_key(place);
  }
}

/// The byte values that every search begins at.
constexpr std::array<bool, 256> make_anchors() {
  std::array<bool, 256> anchors{};
  for (const char c : {'-', '_', '/', 'K', 'S'}) anchors[static_cast<std::uint8_t>(c)] = true;
  return anchors;
}

}  // namespace

std::optional<Secret> find_secret(std::string_view content) {
  static constexpr std::array<bool, 256> anchors = make_anchors();
  for (std::size_t at = 0; at < content.size(); ++at) {
    if (!anchors[static_cast<std::uint8_t>(content[at])]) continue;
    const Kind kind = secret_at(content[at], {content.substr(0, at), content.substr(at + 1)});
    if (kind == nullptr) continue;
    const auto lines = std::count(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return Secret{static_cast<std::size_t>(lines) + 1, kind};
  }
  return std::nullopt;
}

}  // namespace ps_sync::sync
