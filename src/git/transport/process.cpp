#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "git/transport/process.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::git {
namespace {

constexpr std::size_t kept_errors = 8192;
constexpr std::chrono::milliseconds time_to_type = std::chrono::minutes(5);

class ProcessConnection : public Connection {
 public:
  ProcessConnection(const Command& command, const RemoteOptions& options, Judge judge)
      : child_(command), silence_(options.silence), judge_(std::move(judge)) {
    if (judge_ && options.terminal) first_silence_ = std::max(silence_, time_to_type);
    ::fcntl(child_.errors(), F_SETFL, O_NONBLOCK);
    ::fcntl(child_.input(), F_SETFL, O_NONBLOCK);
  }

  std::size_t read(std::span<char> into) override {
    for (;;) {
      wait_for(child_.output(), POLLIN);
      const ssize_t count = ::read(child_.output(), into.data(), into.size());
      if (count > 0) first_silence_.reset();
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR && errno != EAGAIN) throw_system_error("read from", "git");
    }
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty() && child_.input() >= 0) {  // nobody hears a good-bye once the stream has ended
      wait_for(child_.input(), POLLOUT);
      const ssize_t count = ::write(child_.input(), bytes.data(), bytes.size());
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
      if (count < 0 && errno == EPIPE) return;  // the answer, or its error stream, tells why it stopped reading
      if (count < 0 && errno != EINTR && errno != EAGAIN) throw_system_error("write to", "git");
    }
  }

  void finish_writing() override { child_.close_input(); }
  void set_silence(std::chrono::milliseconds silence) override { silence_ = silence; }
  bool is_network() const override { return judge_ != nullptr; }

  std::string errors() override {
    drain_errors();
    return errors_;
  }

  void close() override {
    child_.close_input();
    char ignored[4096];
    while (read(ignored) > 0) {
    }
    drain_errors();
    status_ = child_.wait(silence_);
  }

  Ending judge_ending() override {
    close();
    const std::string words(trim(errors_));
    if (judge_) return judge_(status_, words);
    return {words.empty() ? ErrorKind::unreachable : ErrorKind::rejected, {}};
  }

 private:
  void drain_errors() {
    char buffer[4096];
    ssize_t count;
    while ((count = ::read(child_.errors(), buffer, sizeof buffer)) > 0)
      errors_.append(buffer, static_cast<std::size_t>(count));
    if (count == 0) errors_ended_ = true;
    if (errors_.size() > kept_errors) errors_.erase(0, errors_.size() - kept_errors);
  }

  void wait_for(int fd, short events) {
    const auto limit = first_silence_.value_or(silence_);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
      if (left <= 0) {
        throw Error(ErrorKind::unreachable, "the remote stopped answering")
            .because(concat("nothing came for ", std::to_string(limit.count() / 1000), " s (network.timeout)"));
      }
      pollfd ends[2] = {{fd, events, 0}, {errors_ended_ ? -1 : child_.errors(), POLLIN, 0}};
      if (::poll(ends, 2, static_cast<int>(left)) < 0 && errno != EINTR) throw_system_error("wait for", "git");
      if (ends[1].revents != 0) drain_errors();
      if (ends[0].revents != 0) return;
    }
  }

  Child child_;
  std::chrono::milliseconds silence_;
  // Until something came: somebody may be asked for a passphrase.
  std::optional<std::chrono::milliseconds> first_silence_;
  Judge judge_;
  int status_ = -1;
  std::string errors_;
  bool errors_ended_ = false;
};

}  // namespace

std::unique_ptr<Connection> connect_process(const Command& command, const RemoteOptions& options, Judge judge) {
  return std::make_unique<ProcessConnection>(command, options, std::move(judge));
}

}  // namespace ps_sync::git
