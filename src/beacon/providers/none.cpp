#include "ps_sync/beacon/provider.hpp"

namespace ps_sync::beacon {
namespace {

class NoneProvider : public Provider {
 public:
  std::string name() const override { return "none"; }
  std::optional<std::string> read() override { return std::nullopt; }
  Published publish(const std::string& /*body*/) override { return Published::yes; }
};

}  // namespace

std::unique_ptr<Provider> make_none_provider() { return std::make_unique<NoneProvider>(); }

}  // namespace ps_sync::beacon
