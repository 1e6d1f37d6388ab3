#include "support/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "support/catch.hpp"

namespace ps_sync::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (fd_ < 0) throw std::runtime_error("cannot make a socket");
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }
  bool connects_to(int port) const {
    const sockaddr_in address = loopback(port);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

 private:
  int fd_;
};

/// One that nobody listens on at this moment.
int find_port() {
  const Socket socket;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.fd(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

}  // namespace

void start_on_free_port(const std::string& name, const std::function<Process&(int port)>& start) {
  constexpr int tries = 5;
  std::string words;
  for (int attempt = 0; attempt < tries; ++attempt) {
    const int port = find_port();
    Process& server = start(port);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (server.is_running() && std::chrono::steady_clock::now() < deadline) {
      if (Socket().connects_to(port)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    server.kill_hard();
    words = server.wait().describe();
  }
  throw std::runtime_error(name + " does not start: " + words);
}

std::string exchange(int port, const std::string& request) {
  const Socket socket;
  if (!socket.connects_to(port) ||
      ::send(socket.fd(), request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("no answer on port " + std::to_string(port));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(socket.fd(), buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  return answer;
}

bool is_installed(const std::string& program, const std::string& debian_package) {
  if (std::filesystem::exists(program)) return true;
  WARN("skipped: there is no " << program << " here (Debian, Ubuntu: apt-get install " << debian_package << ")");
  return false;
}

}  // namespace ps_sync::test
