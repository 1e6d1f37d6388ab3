// Writes a body, and cuts its lists where the host would not take it whole.

#include <algorithm>
#include <limits>

#include "beacon/front_matter.hpp"
#include "beacon/machine_part.hpp"
#include "beacon/yaml_scalar.hpp"
#include "ps_sync/beacon/document.hpp"

namespace ps_sync::beacon {

namespace {

// GitHub documents no limit and enforces 65,536 characters in places; another one counts bytes, four a character.
constexpr std::size_t too_many_characters = 60000;

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string line(std::string_view key, const std::optional<std::string>& value) {
  return concat(key, ": ", value ? write_scalar(*value) : "None", "\n");
}

std::string write_action(const std::optional<std::string>& action) {
  if (!action) return concat("ACTION: ", waiting_action, "\n");
  if (*action == waiting_action) return concat("ACTION: \"", waiting_action, "\"\n");  // plain it means absence
  return line("ACTION", action);
}

std::string write_front_matter(const Document& document, std::size_t limit) {
  const std::size_t shown = std::min(limit, document.files_updated.size());
  const std::size_t total = std::max(document.files_total, document.files_updated.size());
  std::string out = "---\n";
  out += line("LAST_UPDATE", document.last_update);
  out += line("TIMESTAMP", document.timestamp);
  out += line("DIRECTION", document.direction);
  out += shown > 0 ? "FILES_UPDATED:\n" : "FILES_UPDATED: None\n";
  for (std::size_t i = 0; i < shown; ++i) out += concat("  - ", write_scalar(document.files_updated[i]), "\n");
  if (total > shown) out += concat("FILES_TOTAL: ", std::to_string(total), "\n");
  out += write_action(document.action);
  out += concat("STATUS: ", document.update_available ? "UPDATE_AVAILABLE" : "IDLE", "\n");
  out += line("COMMIT", document.commit ? std::optional(document.commit->hex()) : std::nullopt);
  out += line("BRANCH", document.branch);
  out += line("SESSION", document.session);
  for (const auto& [key, raw] : document.unknown_keys) out += concat(raw, "\n");
  return concat(out, "---\n");
}

/// What stands around the front matter.
struct Text {
  std::string before;
  std::string after;

  bool is_blank() const { return trim(before).empty() && trim(after).empty(); }
};

/// The template's text, in shape: a blank line below the front matter, whole lines.
Text text_of_template(std::string_view template_text) {
  const Parted parted = part(template_text);
  const FrontMatter front = read_front_matter(parted.text);
  Text text{std::string(front.before), std::string(front.after)};
  if (!trim(text.after).empty()) {
    if (text.after[0] != '\n' && text.after[0] != '\r') text.after = concat("\n", text.after);
    if (text.after.back() != '\n') text.after += '\n';
  }
  return text;
}

Text text_of(const Document& document, std::string_view template_text) {
  Text text{document.before, document.after};
  if (text.is_blank()) {
    Text from_template = text_of_template(template_text);
    if (!from_template.is_blank()) text = std::move(from_template);
  }
  if (!text.before.empty() && text.before.back() != '\n') text.before += '\n';
  return text;
}

std::string write_body(const Document& document, const Text& text, std::size_t limit) {
  std::string body = concat(text.before, write_front_matter(document, limit), text.after);
  const bool has_machine_part = document.has_machine_part || !document.acks.empty() || !document.sessions.empty() ||
                                !document.idle_sessions.empty() || !document.machine_extra.empty();
  // The newline between is the reader's to take away again: that keeps the text as it is, whatever it ends with.
  if (has_machine_part) body += concat("\n", write_machine_part(document, limit));
  return body;
}

}  // namespace

std::string render(const Document& document, std::string_view template_text) {
  const Text text = text_of(document, template_text);
  std::string whole = write_body(document, text, std::numeric_limits<std::size_t>::max());
  if (count_characters(whole) < too_many_characters) return whole;

  std::size_t fits = 0;  // and where not even empty lists do, a person's text is not ours to cut
  std::size_t does_not = too_many_characters / 5;  // no entry costs less
  while (does_not - fits > 1) {
    const std::size_t middle = (fits + does_not) / 2;
    const bool is_short = count_characters(write_body(document, text, middle)) < too_many_characters;
    (is_short ? fits : does_not) = middle;
  }
  return write_body(document, text, fits);
}

std::string_view default_template() {
  return "---\n"
         "LAST_UPDATE: None\n"
         "TIMESTAMP: None\n"
         "DIRECTION: None\n"
         "FILES_UPDATED: None\n"
         "ACTION: Waiting for updates\n"
         "STATUS: IDLE\n"
         "---\n"
         "\n"
         "This ticket serves as a notification beacon between Claude Desktop and Claude Code.\n"
         "DO NOT DELETE OR CLOSE THIS TICKET.\n";
}

}  // namespace ps_sync::beacon
