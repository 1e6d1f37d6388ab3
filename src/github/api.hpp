// GitHub's REST and GraphQL interfaces: one request, one answer, and what its refusals mean.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "github/state.hpp"
#include "github/token.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/net/http.hpp"

namespace ps_sync::github {

struct Answer {
  int status = 0;
  nlohmann::json body;  ///< null where there is none, or it is not JSON
  net::HttpHead head;
  std::string address;  ///< redirects followed
  bool was_redirected = false;
};

class Api {
 public:
  /// `state` is told when GitHub asks to wait, and is obeyed.
  Api(std::string base, const Surroundings& surroundings, State& state);

  const std::string& base() const { return base_; }
  std::string address_of(const std::string& path) const { return base_ + path; }

  /// With an etag that still holds: status 304. Trouble that passes is tried again, a few times.
  Answer get(const std::string& address, const std::string& etag = "");
  /// POST or PATCH, sent once. Throws Error{unreachable} where it is not known whether it was done.
  Answer send(const char* method, const std::string& address, const nlohmann::json& body);
  /// The data of a GraphQL answer. Throws Error{rejected} with GitHub's words for its errors.
  nlohmann::json graphql(const std::string& query, const nlohmann::json& variables);

  /// Of the token in use, for what depends on it.
  std::string token_hash();
  /// What an answer other than 2xx and 304 means. `what` was to be done: "read the ticket o/r#12".
  Error refusal(const Answer& answer, const std::string& what);

 private:
  Answer request(const char* method, const std::string& address, const std::string& etag, const nlohmann::json* body);
  Answer exchange(const char* method, const std::string& address, const std::string& etag, const nlohmann::json* body);
  const Token& token();
  void obey(const Answer& answer);
  void check_wait() const;

  std::string base_;
  const Surroundings& surroundings_;
  State& state_;
  net::HttpClient client_;
  std::optional<Token> token_;
};

std::int64_t seconds_now();

}  // namespace ps_sync::github
