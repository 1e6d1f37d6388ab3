#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "git/transport/connection.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::git {
namespace {

constexpr std::size_t kept_errors = 8192;

class LocalConnection : public Connection {
 public:
  LocalConnection(const Command& command, std::chrono::milliseconds silence) : child_(command), silence_(silence) {
    ::fcntl(child_.errors(), F_SETFL, O_NONBLOCK);
    ::fcntl(child_.input(), F_SETFL, O_NONBLOCK);
  }

  std::size_t read(std::span<char> into) override {
    for (;;) {
      wait_for(child_.output(), POLLIN);
      const ssize_t count = ::read(child_.output(), into.data(), into.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR && errno != EAGAIN) throw_system_error("read from", "git");
    }
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      wait_for(child_.input(), POLLOUT);
      const ssize_t count = ::write(child_.input(), bytes.data(), bytes.size());
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
      if (count < 0 && errno == EPIPE) return;  // the answer, or its error stream, tells why it stopped reading
      if (count < 0 && errno != EINTR && errno != EAGAIN) throw_system_error("write to", "git");
    }
  }

  void finish_writing() override { child_.close_input(); }
  void set_silence(std::chrono::milliseconds silence) override { silence_ = silence; }
  bool is_network() const override { return false; }

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
    child_.wait(silence_);
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
    const auto deadline = std::chrono::steady_clock::now() + silence_;
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
      if (left <= 0) {
        throw Error(ErrorKind::unreachable, "the remote stopped answering")
            .because(concat("nothing came for ", std::to_string(silence_.count() / 1000), " s (network.timeout)"));
      }
      pollfd ends[2] = {{fd, events, 0}, {errors_ended_ ? -1 : child_.errors(), POLLIN, 0}};
      if (::poll(ends, 2, static_cast<int>(left)) < 0 && errno != EINTR) throw_system_error("wait for", "git");
      if (ends[1].revents != 0) drain_errors();
      if (ends[0].revents != 0) return;
    }
  }

  Child child_;
  std::chrono::milliseconds silence_;
  std::string errors_;
  bool errors_ended_ = false;
};

int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && value_of(text[i + 1]) >= 0 && value_of(text[i + 2]) >= 0) {
      out += static_cast<char>(value_of(text[i + 1]) * 16 + value_of(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> local_path_of(const std::string& url) {
  if (url.rfind("file://", 0) == 0) return percent_decode(std::string_view(url).substr(7));
  if (url.find("://") != std::string::npos) return std::nullopt;
  const std::size_t colon = url.find(':');
  if (colon != std::string::npos && colon < url.find('/')) return std::nullopt;  // host:path
  return url;
}

std::unique_ptr<Connection> connect_local(const std::string& path, Service service, const RemoteOptions& options) {
  std::error_code failed;
  const bool there = fs::exists(path, failed);
  if (!there) {
    throw Error(ErrorKind::unreachable, concat("cannot reach the remote ", quote_path(path)))
        .because("there is no such folder now")
        .hint("plug the drive in or mount it, or correct the address: git remote set-url NAME URL");
  }
  Command command{{"git"}, std::nullopt, without_git_environment()};
  if (options.keep_pack) command.arguments.insert(command.arguments.end(), {"-c", "receive.unpackLimit=1"});
  command.arguments.insert(command.arguments.end(), {service == Service::upload_pack ? "upload-pack" : "receive-pack",
                                                     fs::absolute(path).string()});
  command.environment.emplace_back("GIT_PROTOCOL", std::nullopt);  // libgit2 speaks version 0
  return std::make_unique<LocalConnection>(command, options.silence);
}

std::unique_ptr<Connection> connect(const std::string& url, Service service, const RemoteOptions& options) {
  if (const auto path = local_path_of(url)) return connect_local(*path, service, options);
  throw Error(ErrorKind::rejected, concat("cannot reach ", escape_for_display(redact_url(url))))
      .because("this version of ps-sync reaches remotes by path and file:// only")
      .hint("use a remote on this machine or on a mounted drive: ps-sync config set remote /path/to/repo.git");
}

}  // namespace ps_sync::git
