#include "beacon/machine_part.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "beacon/yaml_scalar.hpp"
#include "ps_sync/base/endpoint.hpp"

namespace ps_sync::beacon {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view opening = "<!-- promptsync";
constexpr std::string_view closing = "-->";
constexpr std::size_t deepest = 8;  // ours is five deep; more is hostile, and printing it back would recurse
constexpr std::uint64_t format = 1;

/// How long the opening of a machine part is that this line begins with; 0 for any other line.
std::size_t opening_length(std::string_view line) {
  std::size_t at = std::min(line.find_first_not_of(" \t\xEF\xBB\xBF"), line.size());  // a byte order mark is no text
  for (const std::string_view word : {std::string_view("<!--"), std::string_view("promptsync")}) {
    if (line.substr(at, word.size()) != word) return 0;
    at = std::min(line.find_first_not_of(" \t", at + word.size()), line.size());
  }
  const std::string_view rest = line.substr(at);
  const bool is_ours =
      rest.empty() || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '{' || rest.substr(0, closing.size()) == closing;
  return is_ours ? at : 0;
}

/// The end of the line that begins at `at`, its newline included.
std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size() - 1) + 1;
}

/// Where the machine part's content ends: at `-->`, or before a blank line, since ours has none and what follows a
/// broken one is a person's.
struct Content {
  std::size_t end = 0;
  bool is_closed = false;
};
Content find_content_end(std::string_view body, std::size_t at) {
  for (std::size_t line = at; line < body.size();) {
    const std::size_t end = line_end(body, line);
    const std::string_view text = body.substr(line, end - line);
    if (const std::size_t found = text.find(closing); found != std::string_view::npos) return {line + found, true};
    if (line > at && trim(text).empty()) return {line, false};
    line = end;
  }
  return {body.size(), false};
}

/// The writer puts one newline between text and machine part, whatever the text ends with.
void drop_separator(std::string& text, bool is_crlf) {
  const std::string_view separator = is_crlf ? "\r\n" : "\n";
  if (std::string_view(text).substr(text.size() - std::min(text.size(), separator.size())) == separator)
    text.resize(text.size() - separator.size());
}

/// Not deeper than JSON of ours could ever be? Looks at brackets only, before anything is built.
bool is_shallow(std::string_view json) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) return false;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return true;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::string> optional_text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::uint64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto digit = [&](std::size_t at) -> std::size_t {
      if (at >= text.size()) return std::string_view::npos;
      const std::size_t upper = std::string_view("0123456789ABCDEF").find(text[at]);
      return upper != std::string_view::npos ? upper : std::string_view("0123456789abcdef").find(text[at]);
    };
    const std::size_t high = digit(i + 1);
    const std::size_t low = digit(i + 2);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(static_cast<std::uint8_t>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::optional<ManifestEntry> read_entry(const Json& json) {
  if (!json.is_object() || !json.contains("path")) return std::nullopt;
  std::optional<std::string> path = optional_text_of(json, "path");
  const auto encoded = json.find("encoded");
  if (path && encoded != json.end() && *encoded == Json(true)) path = percent_decode(*path);
  if (!path) return std::nullopt;
  ManifestEntry entry{*path, text_of(json, "change"), Oid::from_hex(text_of(json, "blob")), number_of(json, "size")};
  if (entry.change != "added" && entry.change != "deleted") entry.change = "modified";
  return entry;
}

/// `manifest` and `total` of an object; a missing manifest is an empty one.
void read_manifest(const Json& object, SessionNews& news) {
  if (const auto manifest = object.find("manifest"); manifest != object.end() && manifest->is_array()) {
    for (const Json& item : *manifest)
      if (auto entry = read_entry(item)) news.manifest.push_back(*std::move(entry));
  }
  news.total = std::max<std::size_t>(number_of(object, "total"), news.manifest.size());
}

/// A time that can be written again as it was read.
std::optional<Timestamp> read_time(const Json& object, const char* key) {
  const auto time = parse_utc(text_of(object, key));
  if (time && parse_utc(format_utc(*time)) == time) return time;
  return std::nullopt;
}

std::map<std::string, Ack> read_acks(const Json& json) {
  std::map<std::string, Ack> acks;
  if (!json.is_object()) return acks;
  for (const auto& [name, value] : json.items()) {
    if (!is_endpoint_name(name)) continue;
    if (value.is_null()) acks[name] = Ack{};
    if (!value.is_object()) continue;
    const auto commit = value.find("commit");
    const bool has_none = commit == value.end() || commit->is_null();
    const Ack ack{Oid::from_hex(text_of(value, "commit")), read_time(value, "at")};
    if (has_none || ack.commit) acks[name] = ack;
  }
  return acks;
}

std::map<std::string, Ack> read_acks_of(const Json& object) {
  const auto acks = object.find("acks");
  return acks != object.end() ? read_acks(*acks) : std::map<std::string, Ack>();
}

SessionNews read_news(const Json& json) {
  SessionNews news;
  news.branch = text_of(json, "branch");
  news.commit = Oid::from_hex(text_of(json, "commit"));
  read_manifest(json, news);
  news.last_update = optional_text_of(json, "last_update");
  news.timestamp = optional_text_of(json, "timestamp");
  news.direction = optional_text_of(json, "direction");
  news.action = optional_text_of(json, "action");
  news.acks = read_acks_of(json);
  return news;
}

void read_other_sessions(const Json& root, Document& document) {
  const auto is_other = [&](const std::string& name) { return is_endpoint_name(name) && name != document.session; };
  if (const auto sessions = root.find("sessions"); sessions != root.end() && sessions->is_object()) {
    for (const auto& [name, value] : sessions->items())
      if (value.is_object() && is_other(name)) document.sessions[name] = read_news(value);
  }
  if (const auto idle = root.find("idle"); idle != root.end() && idle->is_object()) {
    for (const auto& [name, value] : idle->items()) {
      if (!is_other(name) || document.sessions.count(name) > 0) continue;
      if (auto acks = read_acks(value); !acks.empty()) document.idle_sessions[name] = std::move(acks);
    }
  }
}

/// Everything that acts on the host's page becomes \u00NN. Such characters stand only in JSON's strings, so that this
/// works on the printed text.
std::string defuse(const std::string& json) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (!is_live(json, i)) {
      out += json[i];
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(json[i]);
    out += "\\u00";
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
  return out;
}

template <class AnyJson>
std::string print(const AnyJson& json) {
  return defuse(json.dump(-1, ' ', false, AnyJson::error_handler_t::replace));
}

OrderedJson write_oid(const std::optional<Oid>& oid) { return oid ? OrderedJson(oid->hex()) : OrderedJson(nullptr); }

OrderedJson write_entry(const ManifestEntry& entry) {
  OrderedJson json;
  const bool is_text = is_valid_utf8(entry.path);
  json["path"] = is_text ? entry.path : percent_encode(entry.path);
  if (!is_text) json["encoded"] = true;
  json["change"] = entry.change;
  if (entry.blob) json["blob"] = entry.blob->hex();
  json["size"] = entry.size;
  return json;
}

OrderedJson write_manifest(const SessionNews& news, std::size_t limit) {
  OrderedJson manifest = OrderedJson::array();
  for (std::size_t i = 0; i < std::min(limit, news.manifest.size()); ++i)
    manifest.push_back(write_entry(news.manifest[i]));
  return manifest;
}

/// How many there are, where that is more than are listed; else 0.
std::size_t total_to_write(const SessionNews& news, std::size_t limit) {
  const std::size_t total = std::max(news.total, news.manifest.size());
  return total > std::min(limit, news.manifest.size()) ? total : 0;
}

OrderedJson write_acks(const std::map<std::string, Ack>& acks) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, ack] : acks) {
    json[name]["commit"] = write_oid(ack.commit);
    json[name]["at"] = ack.at ? OrderedJson(format_utc(*ack.at)) : OrderedJson(nullptr);
  }
  return json;
}

OrderedJson write_news(const SessionNews& news, std::size_t limit) {
  OrderedJson json;
  json["branch"] = news.branch;
  json["commit"] = write_oid(news.commit);
  const auto write_text = [&json](const char* key, const std::optional<std::string>& text) {
    if (text) json[key] = *text;
  };
  write_text("last_update", news.last_update);
  write_text("timestamp", news.timestamp);
  write_text("direction", news.direction);
  write_text("action", news.action);
  json["manifest"] = write_manifest(news, limit);
  if (const std::size_t total = total_to_write(news, limit); total > 0) json["total"] = total;
  json["acks"] = write_acks(news.acks);
  return json;
}

}  // namespace

Parted part(std::string_view body) {
  Parted parted;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = line_end(body, at);
    const std::string_view line = body.substr(at, end - at);
    const std::size_t length = opening_length(line);
    if (length == 0) {
      parted.text += line;
      at = end;
      continue;
    }
    const Content content = find_content_end(body, at + length);
    parted.machine_parts.push_back(body.substr(at + length, content.end - at - length));
    at = content.end;
    if (!content.is_closed) continue;
    at += closing.size();
    const std::size_t rest = at < body.size() ? line_end(body, at) : at;
    if (trim(body.substr(at, rest - at)).empty()) at = rest;
    if (at == body.size()) drop_separator(parted.text, line.size() > 1 && line.substr(line.size() - 2) == "\r\n");
  }
  return parted;
}

bool read_machine_part(std::string_view json, Document& document) {
  if (!is_shallow(json)) return false;
  Json root = Json::parse(json, nullptr, false);
  if (!root.is_object()) return false;

  SessionNews news;
  read_manifest(root, news);
  if (news.total > 0 && document.session) {
    news.branch = document.branch.value_or("");
    news.commit = document.commit;
    document.sessions[*document.session] = std::move(news);
  }
  document.acks = read_acks_of(root);
  read_other_sessions(root, document);
  // A newer format is said again when writing: its fields are all still there.
  if (number_of(root, "format") <= format) root.erase("format");
  for (const char* known : {"manifest", "total", "acks", "sessions", "idle"}) root.erase(known);
  if (!root.empty()) document.machine_extra = root.dump();
  return true;
}

std::string write_machine_part(const Document& document, std::size_t limit) {
  Json extra = Json::parse(document.machine_extra, nullptr, false);
  if (!extra.is_object()) extra = Json::object();
  SessionNews own;
  OrderedJson sessions = OrderedJson::object();
  for (const auto& [name, news] : document.sessions) {
    if (name == document.session) {
      own = news;
    } else {
      sessions[name] = write_news(news, limit);
    }
  }
  OrderedJson idle = OrderedJson::object();
  for (const auto& [name, acks] : document.idle_sessions) idle[name] = write_acks(acks);

  const std::uint64_t newest = std::max(format, number_of(extra, "format"));
  extra.erase("format");
  std::string out = concat(opening, "\n{\"format\":", std::to_string(newest));
  const auto add = [&out](std::string_view key, const std::string& value) {
    out += concat(key == "manifest" ? "," : ",\n ", print(Json(key)), ":", value);  // one line a field, for people
  };
  add("manifest", print(write_manifest(own, limit)));
  if (const std::size_t total = total_to_write(own, limit); total > 0) add("total", std::to_string(total));
  add("acks", print(write_acks(document.acks)));
  if (!sessions.empty()) add("sessions", print(sessions));
  if (!idle.empty()) add("idle", print(idle));
  for (const auto& [key, value] : extra.items()) add(key, print(value));
  return concat(out, "}\n", closing, "\n");
}

}  // namespace ps_sync::beacon
