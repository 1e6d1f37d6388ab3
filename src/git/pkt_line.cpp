#include "git/pkt_line.hpp"

#include <charconv>
#include <cstdio>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::git {

std::string pkt_line(std::string_view payload) {
  char head[8];
  std::snprintf(head, sizeof head, "%04x", static_cast<unsigned>(payload.size() + 4));
  return concat(std::string_view(head, 4), payload);
}

Error connection_lost(Connection& connection) {
  const Ending ending = connection.judge_ending();
  const std::string words(trim(connection.errors()));
  Error error(ending.kind,
              ending.kind == ErrorKind::rejected ? "the remote refused" : "the remote ended the connection");
  if (words.empty()) std::move(error).because("it gave no reason");
  for (const std::string& line : lines_of(words)) {
    if (!trim(line).empty()) std::move(error).because(escape_for_display(trim(line)));
  }
  for (const std::string& hint : ending.hints) std::move(error).hint(hint);
  return error;
}

void PktReader::need(std::size_t bytes) {
  if (ahead_.size() - at_ >= bytes) return;
  ahead_.erase(0, at_);
  at_ = 0;
  while (ahead_.size() < bytes) {
    char buffer[65536];
    const std::size_t count = connection_->read(buffer);
    if (count == 0) throw connection_lost(*connection_);
    ahead_.append(buffer, count);
    count_ += count;
  }
}

std::optional<std::string> PktReader::next() {
  need(4);
  unsigned length = 0;
  const char* digits = ahead_.data() + at_;
  const auto [end, code] = std::from_chars(digits, digits + 4, length, 16);
  if (code != std::errc() || end != digits + 4 || (length > 0 && length < 4)) {
    throw Error(ErrorKind::rejected, "the remote does not speak git's protocol")
        .because(concat("it sent: ", escape_for_display(ahead_.substr(at_, 60))));
  }
  at_ += 4;
  if (length == 0) return std::nullopt;
  need(length - 4);
  std::string payload = ahead_.substr(at_, length - 4);
  at_ += length - 4;
  if (payload.rfind("ERR ", 0) == 0) {
    throw Error(ErrorKind::rejected, "the remote refused").because(escape_for_display(trim(payload.substr(4))));
  }
  return payload;
}

namespace {
// A million refs with long names. A list is kept whole, so that one without an end would take all memory.
constexpr std::size_t longest_advertisement = 128 << 20;
}  // namespace

Advertisement read_advertisement(Connection& connection) {
  Advertisement advertisement;
  PktReader reader(connection);
  while (auto line = reader.next()) {
    if (reader.count() > longest_advertisement) {
      throw Error(ErrorKind::rejected, "cannot use this remote")
          .because(concat("its list of refs is longer than ", std::to_string(longest_advertisement >> 20), " MB"))
          .hint("name another repository for the documents: ps-sync config set remote URL");
    }
    if (const std::size_t nul = line->find('\0'); nul != std::string::npos) {
      for (const std::string& word : split(trim(std::string_view(*line).substr(nul + 1)), ' ')) {
        advertisement.capabilities.insert(word);
      }
      line->resize(nul);
    }
    const std::string_view text = trim(*line);
    if (text.size() < 42 || text[40] != ' ') continue;  // "shallow …", "version 1"
    const std::string name(text.substr(41));
    const auto oid = Oid::from_hex(text.substr(0, 40));
    if (oid && name != "capabilities^{}" && !name.ends_with("^{}")) advertisement.refs[name] = *oid;
  }
  if (advertisement.capabilities.contains("object-format=sha256")) {
    throw Error(ErrorKind::rejected, "cannot use this remote")
        .because("it is a SHA-256 repository; the sync branch is kept in SHA-1")
        .hint("name another repository for the documents: ps-sync config set remote URL");
  }
  return advertisement;
}

}  // namespace ps_sync::git
