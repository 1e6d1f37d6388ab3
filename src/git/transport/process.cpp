#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "git/transport/process.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/silence.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync::git {
namespace {

using Clock = SilenceWatch::Clock;

constexpr std::size_t kept_errors = 8192;
constexpr std::chrono::milliseconds time_to_type = std::chrono::minutes(5);

class ProcessConnection : public Connection {
 public:
  ProcessConnection(const Command& command, const RemoteOptions& options, Judge judge)
      : child_(command),
        silence_(options.silence),
        until_(options.until),
        watch_(judge && options.terminal ? std::max(options.silence, time_to_type) : options.silence),
        judge_(std::move(judge)),
        meter_(judge_ && options.terminal ? options.meter : nullptr) {
    if (meter_ != nullptr) meter_->prompting = true;
    if (options.trace) options.trace(escape_for_display(join(command.arguments, " ")));
    ::fcntl(child_.errors(), F_SETFL, O_NONBLOCK);
    ::fcntl(child_.input(), F_SETFL, O_NONBLOCK);
  }

  ~ProcessConnection() override {
    if (meter_ != nullptr) meter_->prompting = false;
  }

  std::size_t read(std::span<char> into) override {
    for (;;) {
      wait_for(child_.output(), POLLIN);
      const ssize_t count = ::read(child_.output(), into.data(), into.size());
      if (count > 0) note(count);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR && errno != EAGAIN) throw_system_error("read from", "git");
    }
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty() && child_.input() >= 0) {  // nobody hears a good-bye once the stream has ended
      wait_for(child_.input(), POLLOUT);
      const ssize_t count = ::write(child_.input(), bytes.data(), bytes.size());
      if (count > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
        watch_.note(static_cast<std::uint64_t>(count), Clock::now());
      }
      if (count < 0 && errno == EPIPE) return;  // the answer, or its error stream, tells why it stopped reading
      if (count < 0 && errno != EINTR && errno != EAGAIN) throw_system_error("write to", "git");
    }
  }

  void finish_writing() override { child_.close_input(); }
  void set_silence(std::chrono::milliseconds silence) override {
    silence_ = silence;
    watch_.set_limit(silence);
  }
  bool is_network() const override { return judge_ != nullptr; }

  std::string errors() override {
    drain_errors();
    return errors_;
  }

  void close() override {
    child_.close_input();
    char ignored[4096];
    std::size_t heard = 0;
    for (std::size_t count = 1; count > 0 && heard < longest_good_bye; heard += count) count = read(ignored);
    drain_errors();
    status_ = child_.wait(heard < longest_good_bye ? silence_ : std::chrono::milliseconds(0));
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

  /// Something came from the other side: nobody is asked for a passphrase any more.
  void note(ssize_t count) {
    if (meter_ != nullptr) meter_->prompting = false;
    watch_.set_limit(silence_);
    watch_.note(static_cast<std::uint64_t>(count), Clock::now());
  }

  void wait_for(int fd, short events) {
    watch_.begin(Clock::now());
    for (;;) {
      pollfd ends[3] = {
          {fd, events, 0}, {errors_ended_ ? -1 : child_.errors(), POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
      if (::poll(ends, 3, static_cast<int>(time_left().count())) < 0 && errno != EINTR)
        throw_system_error("wait for", "git");
      throw_if_interrupted();
      if (ends[1].revents != 0) drain_errors();
      if (ends[0].revents != 0) break;
    }
    watch_.end(Clock::now());
  }

  std::chrono::milliseconds time_left() const {
    const auto now = Clock::now();
    auto left = watch_.left(now);
    if (left.count() <= 0) {
      const bool asking = watch_.limit() != silence_;
      throw Error(ErrorKind::unreachable, "the remote stopped answering")
          .because(concat("nothing came for ", std::to_string(watch_.limit().count() / 1000), " s",
                          asking ? ", also not what ssh may have asked for" : " (network.timeout)"));
    }
    if (until_) left = std::min(left, std::chrono::ceil<std::chrono::milliseconds>(*until_ - now));
    if (left.count() > 0) return left;
    throw Error(ErrorKind::unreachable, "the remote was too slow").because("the time that a hook may take is over");
  }

  Child child_;
  std::chrono::milliseconds silence_;
  std::optional<Clock::time_point> until_;
  SilenceWatch watch_;  // until something came, its limit is longer: somebody may be asked for a passphrase
  Judge judge_;
  TransferMeter* meter_;
  int status_ = -1;
  std::string errors_;
  bool errors_ended_ = false;
};

}  // namespace

std::unique_ptr<Connection> connect_process(const Command& command, const RemoteOptions& options, Judge judge) {
  return std::make_unique<ProcessConnection>(command, options, std::move(judge));
}

}  // namespace ps_sync::git
