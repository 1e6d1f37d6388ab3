// Failures as a person reads them: what failed, why, and what to do next.
#pragma once

#include <exception>
#include <string>
#include <vector>

namespace ps_sync {

/// The kind decides the exit status, and whether trying again later can help.
enum class ErrorKind {
  usage,        ///< wrong flags or arguments: exit 2
  config,       ///< a setting that is unknown, of the wrong type or missing: exit 1
  refused,      ///< a guard stopped the command before anything changed: exit 5
  unreachable,  ///< the remote did not answer; later may help: exit 0 and queued, or 4 with --require-remote
  rejected,     ///< the remote answered no; waiting does not help: exit 1, the data stays queued
  busy,         ///< another process holds the lock: exit 1
  failed,       ///< anything else from outside, for example a full disk: exit 1
  bug,          ///< cannot happen: exit 1
};

/// Thrown for failures only; "up to date" or "conflict" are values. Messages begin in lower case, have no full stop,
/// and never hold a secret: URLs are redacted where they are parsed.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message);

  /// Adds a reason; reasons are printed in the order added, as `cause:` lines.
  Error&& because(std::string cause) &&;
  /// Adds something to type or open, printed as a `hint:` line.
  Error&& hint(std::string advice) &&;

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::vector<std::string>& causes() const { return causes_; }
  const std::vector<std::string>& hints() const { return hints_; }

 private:
  ErrorKind kind_;
  std::string message_;
  std::vector<std::string> causes_;
  std::vector<std::string> hints_;
};

}  // namespace ps_sync
