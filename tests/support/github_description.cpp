#include "support/github_description.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>

#include "support/process.hpp"

namespace ps_sync::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path folder = PS_SYNC_GITHUB_DESCRIPTION;
const fs::path graphql_check = PS_SYNC_CHECK_GRAPHQL;

fs::path find_node() {
  for (const char* place : {"/usr/bin/node", "/usr/local/bin/node", "/opt/homebrew/bin/node"})
    if (fs::exists(place)) return place;
  return {};
}

/// The OpenAPI description, read once: it is large.
const json& description() {
  static const json read = [] {
    std::ifstream file(folder / "openapi" / "generated" / "api.github.com.json");
    return json::parse(file);
  }();
  return read;
}

/// The thing itself, where `part` only names it.
const json& dereference(const json& part) {
  if (!part.is_object() || !part.contains("$ref")) return part;
  return dereference(description().at(json::json_pointer(part["$ref"].get<std::string>().substr(1))));
}

std::size_t segments(const std::string& path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

/// Is `path` one of those that a template such as /repos/{owner}/{repo} stands for?
bool fits(const std::string& pattern, const std::string& path) {
  if (segments(pattern) != segments(path)) return false;
  static const std::regex special("[.+*?^$()|\\[\\]]"), parameter("\\{[^}]*\\}");
  const std::string escaped = std::regex_replace(pattern, special, "\\$&");
  return std::regex_match(path, std::regex(std::regex_replace(escaped, parameter, "[^/]+")));
}

/// The path's entry; the template with the fewest parameters where several fit. Null where none does.
const json* find_path(const std::string& path) {
  const json* best = nullptr;
  std::ptrdiff_t fewest = 0;
  for (const auto& [pattern, entry] : description()["paths"].items()) {
    const auto parameters = std::count(pattern.begin(), pattern.end(), '{');
    if ((best != nullptr && parameters >= fewest) || !fits(pattern, path)) continue;
    best = &entry;
    fewest = parameters;
  }
  return best;
}

bool is_of_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  return type != "object" || value.is_object();
}

/// What `schema` says against `value`; "" where it fits.
std::string complaint(const json& raw_schema, const json& value, const std::string& name) {
  const json& schema = dereference(raw_schema);
  if (value.is_null()) return schema.value("nullable", false) ? "" : name + " must not be null";
  for (const char* choice : {"oneOf", "anyOf"}) {
    if (!schema.contains(choice)) continue;
    const auto accepts = [&](const json& one) { return complaint(one, value, name).empty(); };
    if (std::none_of(schema[choice].begin(), schema[choice].end(), accepts)) return name + " is none of what it may be";
  }
  if (schema.contains("type") && !is_of_type(value, schema["type"]))
    return name + " is no " + schema["type"].get<std::string>();
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return name + " must not be " + value.dump();
  if (value.is_array() && schema.contains("items"))
    for (const json& item : value)
      if (std::string wrong = complaint(schema["items"], item, name + "[]"); !wrong.empty()) return wrong;
  if (!value.is_object() || !schema.contains("properties")) return "";
  for (const json& required : schema.value("required", json::array()))
    if (!value.contains(required)) return name + " lacks " + required.get<std::string>();
  for (const auto& [key, part] : value.items()) {
    if (!schema["properties"].contains(key)) return name + " has no " + key;
    if (std::string wrong = complaint(schema["properties"][key], part, name + "." + key); !wrong.empty()) return wrong;
  }
  return "";
}

std::string check_query(const json& parameters, const GitHubRequest& request) {
  for (const auto& [name, text] : request.query) {
    const json* known = nullptr;
    for (const json& raw : parameters) {
      const json& parameter = dereference(raw);
      if (parameter["in"] == "query" && parameter["name"] == name) known = &parameter;
    }
    if (known == nullptr) return "there is no parameter " + name;
    const json& schema = dereference((*known)["schema"]);
    const bool is_number = schema.value("type", "") == "integer";
    if (is_number && !std::regex_match(text, std::regex("[0-9]+"))) return name + " is no number";
    if (std::string wrong = complaint(schema, is_number ? json(std::stoi(text)) : json(text), name); !wrong.empty())
      return wrong;
  }
  return "";
}

/// What is wrong with one REST request; "" where nothing is.
std::string check_rest(const GitHubRequest& request) {
  // Addresses by number are where redirects and pages lead to; they stand for those by name.
  static const std::regex by_number("^/repositories/[0-9]+(?=/|$)");
  const json* path = find_path(std::regex_replace(request.path, by_number, "/repos/OWNER/REPO"));
  if (path == nullptr) return "there is no such path";
  std::string method = request.method;
  std::transform(method.begin(), method.end(), method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!path->contains(method)) return "the path has no such method";
  const json& operation = (*path)[method];
  if (std::string wrong = check_query(operation.value("parameters", json::array()), request); !wrong.empty())
    return wrong;
  const json body = operation.value("requestBody", json::object());
  if (request.body.empty()) return body.value("required", false) ? "it needs a body" : "";
  if (body.empty()) return "it takes no body";
  const json value = json::parse(request.body, nullptr, false);
  if (value.is_discarded()) return "the body is no JSON";
  return complaint(body["content"]["application/json"]["schema"], value, "the body");
}

std::vector<std::string> check_documents(const json& documents) {
  Process node({find_node().string(), graphql_check.string(), folder.string()},
               {fs::temp_directory_path(), {}, documents.dump()});
  const Outcome outcome = node.wait();
  if (outcome.exit != 0) throw std::runtime_error("GraphQL documents cannot be checked: " + outcome.describe());
  return json::parse(outcome.out).get<std::vector<std::string>>();
}

}  // namespace

std::string why_no_github_description() {
  if (!fs::exists(folder / "versions"))
    return "GitHub's own description of its API is not here (scripts/test fetches it)";
  if (find_node().empty()) return "there is no node here to read GitHub's GraphQL schema";
  return "";
}

std::vector<std::string> check_against_openapi(const std::vector<GitHubRequest>& requests) {
  std::vector<std::string> complaints;
  json documents = json::array();
  for (const GitHubRequest& request : requests) {
    if (request.path == "/graphql") {
      const json asked = json::parse(request.body, nullptr, false);
      if (asked.is_object()) documents.push_back(asked);
      if (!asked.is_object()) complaints.push_back("POST /graphql: the body is no JSON object");
    } else if (const std::string wrong = check_rest(request); !wrong.empty()) {
      complaints.push_back(request.method + " " + request.target + ": " + wrong);
    }
  }
  if (documents.empty()) return complaints;
  for (std::string& wrong : check_documents(documents)) complaints.push_back("POST /graphql: " + std::move(wrong));
  return complaints;
}

}  // namespace ps_sync::test
