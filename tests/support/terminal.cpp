#include "support/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <system_error>

namespace ps_sync::test {
namespace {

using Clock = std::chrono::steady_clock;

int open_terminal() {
  const int end = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (end < 0 || ::grantpt(end) != 0 || ::unlockpt(end) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make a terminal");
  ::fcntl(end, F_SETFD, FD_CLOEXEC);
  ::fcntl(end, F_SETFL, O_NONBLOCK);
  return end;
}

}  // namespace

Terminal::Terminal(const Arguments& arguments, ProcessOptions options) : our_end_(open_terminal()) {
  options.terminal = ::ptsname(our_end_);
  program_.emplace(arguments, options);
}

Terminal::~Terminal() {
  program_.reset();
  ::close(our_end_);
}

void Terminal::look() {
  pollfd end{our_end_, POLLIN, 0};
  ::poll(&end, 1, 20);
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(our_end_, buffer, sizeof buffer)) > 0;)
    shown_.append(buffer, static_cast<std::size_t>(got));
}

bool Terminal::shows(std::string_view words) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (shown_.find(words) == std::string::npos) {
    if (!program_->is_running() || Clock::now() > deadline) return false;
    look();
  }
  return true;
}

void Terminal::type(std::string_view text) const {
  if (::write(our_end_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::system_error(errno, std::generic_category(), "cannot type");
}

Outcome Terminal::wait() {
  // What is shown is taken all the while: a terminal that nobody reads holds its program up.
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  while (program_->is_running() && Clock::now() < deadline) look();
  Outcome outcome = program_->wait(std::chrono::milliseconds(0));
  look();
  outcome.out = shown_;
  return outcome;
}

}  // namespace ps_sync::test
