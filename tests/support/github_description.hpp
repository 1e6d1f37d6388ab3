// GitHub's own description of its API, against which the requests that a GitHubServer was asked are compared.
// scripts/test fetches it into build/github.
#pragma once

#include <string>
#include <vector>

#include "support/github_server.hpp"

namespace ps_sync::test {

/// "" where the description is here and can be used; else why not, for a test that is then skipped.
std::string why_no_github_description();

/// What in these requests the OpenAPI description and the GraphQL schema do not allow, one text each: a method or path
/// that does not exist, unknown parameters of the query, unknown or missing fields of the body, values of another type,
/// documents that are not valid, variables that do not fit.
std::vector<std::string> check_against_openapi(const std::vector<GitHubRequest>& requests);

}  // namespace ps_sync::test
