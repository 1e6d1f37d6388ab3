// The user's credential helpers, by `git credential` (git-credential(1)).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ps_sync/base/transfer_meter.hpp"
#include "ps_sync/net/http.hpp"
#include "ps_sync/platform/files.hpp"

namespace ps_sync::git {

/// What a helper answered. All its lines are kept: approve and reject hand them back as they came.
struct Credential {
  std::vector<std::string> lines;
  net::Login login;
};

class CredentialHelpers {
 public:
  /// `folder`: where git is run, for the repository's own helpers. Without a terminal nothing is asked of a person.
  CredentialHelpers(fs::path folder, bool terminal, TransferMeter* meter)
      : folder_(std::move(folder)), terminal_(terminal), meter_(meter) {}

  /// Absent where no helper knows any, and nobody can be asked. `challenges` are the server's WWW-Authenticate fields.
  std::optional<Credential> fill(const std::string& url, const std::vector<std::string>& challenges) const;
  void approve(const Credential& credential) const { tell("approve", credential); }
  void reject(const Credential& credential) const { tell("reject", credential); }

 private:
  void tell(const char* verdict, const Credential& credential) const;

  fs::path folder_;
  bool terminal_;
  TransferMeter* meter_;
};

}  // namespace ps_sync::git
