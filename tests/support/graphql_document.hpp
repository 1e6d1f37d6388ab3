// The part of GraphQL's language that clients of GitHub use: one operation with its fragments, and variables.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace ps_sync::test {

/// What a document asks for at one place: a field, or what else is asked of one type.
struct GraphqlField {
  std::string name;                                     ///< "" for a fragment
  std::string alias;                                    ///< the name in the answer
  std::string on;                                       ///< of a fragment, the type that it counts for; "" is any
  nlohmann::json arguments = nlohmann::json::object();  ///< variables are filled in
  std::vector<GraphqlField> fields;
};

struct GraphqlDocument {
  bool is_mutation = false;
  std::vector<GraphqlField> fields;
};

/// What is told in `errors` of an answer.
class GraphqlError : public std::runtime_error {
 public:
  GraphqlError(std::string type, const std::string& message) : std::runtime_error(message), type_(std::move(type)) {}
  /// NOT_FOUND, FORBIDDEN, …; "" where GitHub gives none.
  const std::string& type() const { return type_; }

 private:
  std::string type_;
};

/// Throws GraphqlError where the text is no document, or a variable that it uses was not declared.
GraphqlDocument parse_graphql(const std::string& text, const nlohmann::json& variables);

}  // namespace ps_sync::test
