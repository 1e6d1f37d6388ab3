#include "ps_sync/base/error.hpp"

namespace ps_sync {

Error::Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

Error&& Error::because(std::string cause) && {
  causes_.push_back(std::move(cause));
  return std::move(*this);
}

Error&& Error::hint(std::string advice) && {
  hints_.push_back(std::move(advice));
  return std::move(*this);
}

}  // namespace ps_sync
