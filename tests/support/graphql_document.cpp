#include "support/graphql_document.hpp"

#include <cctype>
#include <map>

namespace ps_sync::test {
namespace {

using nlohmann::json;

/// Reads from left to right; a name, a string, a number, `...` or one other character is a word.
class Reader {
 public:
  Reader(const std::string& text, const json& variables) : text_(text), variables_(variables) { next(); }

  GraphqlDocument document();

 private:
  void next();
  bool is(const char* word) const { return word_ == word && !is_string_; }
  bool take(const char* word);
  void expect(const char* word);
  std::string take_name();
  void skip_type();
  void declare_variables();
  json value();
  json arguments();
  std::vector<GraphqlField> selection();
  GraphqlField one_field();
  void fill_in(std::vector<GraphqlField>& fields) const;

  const std::string& text_;
  const json& variables_;
  std::size_t at_ = 0;
  std::string word_;
  bool is_string_ = false;
  std::map<std::string, json> declared_;  // variable → its value here
  std::map<std::string, GraphqlField> fragments_;
};

void Reader::next() {
  while (at_ < text_.size() && (std::isspace(static_cast<unsigned char>(text_[at_])) || text_[at_] == ',')) ++at_;
  is_string_ = false;
  const std::size_t begin = at_;
  const auto is_in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; };
  if (at_ == text_.size()) {
    word_.clear();
    return;
  }
  if (text_[at_] == '"') {
    is_string_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  } else if (text_.compare(at_, 3, "...") == 0) {
    at_ += 3;
  } else if (is_in_name(text_[at_])) {
    while (at_ < text_.size() && is_in_name(text_[at_])) ++at_;
  } else {
    ++at_;
  }
  if (at_ > text_.size()) throw GraphqlError("", "Expected string to be closed");
  word_ = text_.substr(begin, at_ - begin);
}

bool Reader::take(const char* word) {
  if (!is(word)) return false;
  next();
  return true;
}

void Reader::expect(const char* word) {
  if (!take(word)) throw GraphqlError("", "Expected \"" + std::string(word) + "\", actual: \"" + word_ + "\"");
}

std::string Reader::take_name() {
  if (is_string_ || word_.empty() || !(std::isalpha(static_cast<unsigned char>(word_[0])) || word_[0] == '_'))
    throw GraphqlError("", "Expected NAME, actual: \"" + word_ + "\"");
  std::string name = word_;
  next();
  return name;
}

void Reader::skip_type() {
  if (take("[")) {
    skip_type();
    expect("]");
  } else {
    take_name();
  }
  take("!");
}

void Reader::declare_variables() {
  if (!take("(")) return;
  while (!take(")")) {
    expect("$");
    const std::string name = take_name();
    expect(":");
    skip_type();
    const json otherwise = take("=") ? value() : json();
    declared_[name] = variables_.value(name, otherwise);
  }
}

json Reader::value() {
  if (take("$")) {
    const std::string name = take_name();
    if (!declared_.contains(name)) throw GraphqlError("", "Variable $" + name + " is used but not declared");
    return declared_[name];
  }
  if (take("[")) {
    json list = json::array();
    while (!take("]")) list.push_back(value());
    return list;
  }
  if (take("{")) {
    json object = json::object();
    while (!take("}")) {
      const std::string name = take_name();
      expect(":");
      object[name] = value();
    }
    return object;
  }
  json plain = json::parse(word_, nullptr, false);  // strings, numbers, true, false and null are JSON's
  if (plain.is_discarded()) plain = word_;          // a word of an enumeration
  next();
  return plain;
}

json Reader::arguments() {
  json all = json::object();
  if (!take("(")) return all;
  while (!take(")")) {
    const std::string name = take_name();
    expect(":");
    all[name] = value();
  }
  return all;
}

GraphqlField Reader::one_field() {
  GraphqlField field;
  if (take("...")) {
    if (take("on")) {
      field.on = take_name();
      field.fields = selection();
    } else if (is("{")) {
      field.fields = selection();
    } else {
      field.alias = take_name();  // a named fragment, filled in at the end
    }
    return field;
  }
  field.alias = field.name = take_name();
  if (take(":")) field.name = take_name();
  field.arguments = arguments();
  if (is("{")) field.fields = selection();
  return field;
}

std::vector<GraphqlField> Reader::selection() {
  std::vector<GraphqlField> fields;
  expect("{");
  while (!take("}")) fields.push_back(one_field());
  return fields;
}

void Reader::fill_in(std::vector<GraphqlField>& fields) const {
  for (GraphqlField& field : fields) {
    if (field.name.empty() && !field.alias.empty()) {
      const auto found = fragments_.find(field.alias);
      if (found == fragments_.end()) throw GraphqlError("", "Fragment " + field.alias + " was used, but not defined");
      field = found->second;
    }
    fill_in(field.fields);
  }
}

GraphqlDocument Reader::document() {
  GraphqlDocument document;
  while (!word_.empty()) {
    if (take("fragment")) {
      const std::string name = take_name();
      expect("on");
      GraphqlField& fragment = fragments_[name];
      fragment.on = take_name();
      fragment.fields = selection();
      continue;
    }
    document.is_mutation = is("mutation");
    if (!is("{")) {
      if (!take("mutation")) expect("query");
      if (!is("(") && !is("{")) take_name();
      declare_variables();
    }
    document.fields = selection();
  }
  fill_in(document.fields);
  return document;
}

}  // namespace

GraphqlDocument parse_graphql(const std::string& text, const json& variables) {
  return Reader(text, variables).document();
}

}  // namespace ps_sync::test
