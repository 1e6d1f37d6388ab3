#include "config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "config/values.hpp"
#include "config/yaml_text.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::config {
namespace {

constexpr std::size_t deepest_nesting = 4;
constexpr std::size_t largest_file = 256 * 1024;
constexpr std::size_t most_entries = 10'000;  // of one list or map: repeated keys are looked for one by one
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

[[noreturn]] void fail(std::string_view file_name, std::size_t line, std::string_view why) {
  throw Error(ErrorKind::config, concat(file_name, ":", std::to_string(line), ": ", why));
}

class TreeBuilder : public YAML::EventHandler {
 public:
  /// `text` is what the parser reads; `offset` what was left out before it.
  TreeBuilder(std::string_view text, std::size_t offset, std::string_view file_name)
      : text_(text), offset_(offset), file_name_(file_name) {}

  YamlNode take() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) fail(file_name_, line_of(mark), "a second YAML document begins here; one is expected");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(YamlNode::Kind::nothing, mark, {}, anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(file_name_, line_of(mark), "YAML aliases are not allowed here");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = make(YamlNode::Kind::scalar, mark, tag, anchor);
    node.text = value;
    require_closed_quotes(node);
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::list, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::map, mark, tag, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  static std::size_t line_of(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.line) + 1; }

  YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    const auto at = static_cast<std::size_t>(mark.pos);
    if (anchor != 0) fail(file_name_, line_of(mark), "YAML anchors are not allowed here");
    // "?" and "!" are what yaml-cpp reports where there is no tag; a tag that is a bare `!` shows in the text alone.
    const bool tagged = (!tag.empty() && tag != "?" && tag != "!") || (at < text_.size() && text_[at] == '!');
    if (tagged) fail(file_name_, line_of(mark), "YAML tags are not allowed here");
    YamlNode node;
    node.kind = kind;
    node.position = at + offset_;
    node.line = line_of(mark);
    return node;
  }

  /// yaml-cpp takes the end of the file for a closing quote.
  void require_closed_quotes(YamlNode node) const {
    node.position -= offset_;
    const bool is_quoted =
        node.position < text_.size() && (text_[node.position] == '"' || text_[node.position] == '\'');
    if (is_quoted && !YamlText(text_).end_of(node))
      fail(file_name_, node.line, "this is not valid YAML: the quote that opens here is not closed");
  }

  void open(YamlNode node) {
    if (open_.size() == deepest_nesting) fail(file_name_, node.line, "nested deeper than 4 levels");
    open_.push_back(std::move(node));
  }

  void close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    YamlNode& parent = open_.back();
    const bool is_key = parent.kind == YamlNode::Kind::map && parent.children.size() % 2 == 0;
    if (is_key) {
      if (node.kind != YamlNode::Kind::scalar)
        fail(file_name_, node.line, concat("expected the name of a setting, found ", describe(node)));
      if (const YamlNode* first = parent.find_key(node.text)) {
        fail(file_name_, node.line,
             concat("the key ", shown(node.text), " stands here a second time; the first is in line ",
                    std::to_string(first->line)));
      }
    }
    if (parent.children.size() == most_entries) fail(file_name_, node.line, "this list or map has too many entries");
    parent.children.push_back(std::move(node));
  }

  std::string_view text_;
  std::size_t offset_;
  std::string_view file_name_;
  std::vector<YamlNode> open_;
  YamlNode root_;
  int documents_ = 0;
};

/// yaml-cpp guesses other encodings, takes the byte 4 for the end, and replaces what is not UTF-8: none of it gets in.
void require_plain_text(std::string_view text, std::string_view file_name) {
  if (text.size() > largest_file) {
    throw Error(ErrorKind::config, concat("cannot read ", file_name, ": it is larger than 256 KiB"));
  }
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ends_line = c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if (c == '\n') ++line;
    if ((c >= 0 && c < ' ' && c != '\t' && !ends_line) || c == '\x7f')
      fail(file_name, line, "a control character stands here");
  }
  line = 1;
  for (const std::string& one : lines_of(text)) {
    if (!is_valid_utf8(one)) fail(file_name, line, "this line is not UTF-8");
    ++line;
  }
}

}  // namespace

const YamlNode* YamlNode::find_key(std::string_view key) const {
  if (kind != Kind::map) return nullptr;
  for (std::size_t i = 0; i < children.size(); i += 2) {
    if (children[i].text == key) return &children[i];
  }
  return nullptr;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  const YamlNode* found = find_key(key);
  return found == nullptr ? nullptr : found + 1;
}

YamlNode read_yaml(const std::string& text, std::string_view file_name) {
  require_plain_text(text, file_name);
  const std::size_t offset = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  TreeBuilder builder(std::string_view(text).substr(offset), offset, file_name);
  std::istringstream in(text.substr(offset));
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    fail(file_name, static_cast<std::size_t>(std::max(error.mark.line, 0)) + 1,
         concat("this is not valid YAML: ", escape_for_display(error.msg)));
  }
  return std::move(builder).take();
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::scalar:
      return concat("the text ", shown(node.text));
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
    case YamlNode::Kind::nothing:
      break;
  }
  return "nothing";
}

}  // namespace ps_sync::config
