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

std::unique_ptr<beacon::Provider> make_provider(const Context& context, git::Remote& remote);

/// What git knows about the branch at `tip`, for composing a beacon. The functions in it hold on to `store`.
beacon::Facts gather_facts(const Context& context, const std::optional<Oid>& tip, const std::optional<Oid>& applied);

class Publisher {
 public:
  Publisher(const Context& context, git::Remote& remote);

  /// Reads the published beacon and decides what it has to say when the branch on the remote is at `tip` and this
  /// working tree has applied `applied`. `edit` may change the composed document. Absent: it says all that already.
  std::optional<std::string> compose(const std::optional<Oid>& tip, const std::optional<Oid>& applied,
                                     const std::function<void(beacon::Document&)>& edit = {});
  beacon::Provider& provider() { return *provider_; }
  /// The document of the last compose().
  const beacon::Document& composed() const { return composed_; }
  /// Names that a hand-written beacon announces and that no commit carries.
  const std::vector<std::string>& absent() const { return absent_; }

 private:
  const Context& context_;
  std::unique_ptr<beacon::Provider> provider_;
  beacon::Document composed_;
  std::vector<std::string> absent_;
};

}  // namespace ps_sync::app
