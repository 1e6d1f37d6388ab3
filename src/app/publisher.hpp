// Keeps the published beacon in line with git.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/context.hpp"
#include "app/outbox.hpp"
#include "ps_sync/beacon/document.hpp"
#include "ps_sync/beacon/provider.hpp"

namespace ps_sync::app {

/// What git knows about the branch at `tip`, for composing a beacon. The functions in it hold on to `store`.
beacon::Facts gather_facts(const Context& context, const std::optional<Oid>& tip, const std::optional<Oid>& applied);

enum class Reading { now, lately };

class Publisher {
 public:
  Publisher(const Context& context, git::Remote& remote);

  /// Reads the published beacon and decides what it has to say when the branch on the remote is at `tip` and this
  /// working tree has applied `applied`. `edit` may change the composed document. Absent: it says all that already.
  /// With Reading::lately it goes by what was seen last: publish() finds out whether that still holds.
  std::optional<std::string> compose(const std::optional<Oid>& tip, const std::optional<Oid>& applied,
                                     const std::function<void(beacon::Document&)>& edit = {},
                                     Reading reading = Reading::now);
  beacon::Published publish(const std::string& body);
  /// What is published, as far as is known: as it was read, or as it was written since.
  const std::optional<std::string>& present_body() const { return present_body_; }
  beacon::Provider& provider() { return *provider_; }
  /// The document of the last compose().
  const beacon::Document& composed() const { return composed_; }
  /// Names that a hand-written beacon announces and that no commit carries.
  const std::vector<std::string>& absent() const { return absent_; }

 private:
  const Context& context_;
  std::unique_ptr<beacon::Provider> provider_;
  std::optional<std::string> present_body_;
  beacon::Document composed_;
  std::vector<std::string> absent_;
};

}  // namespace ps_sync::app
