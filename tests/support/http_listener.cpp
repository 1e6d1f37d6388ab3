#include "support/http_listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <system_error>
#include <utility>

namespace ps_sync::test {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Request parse_head(const std::string& head) {
  Request request;
  const std::size_t first = head.find(' ');
  const std::size_t second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  std::istringstream lines(head.substr(head.find('\n') + 1));
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    request.headers[lower(line.substr(0, colon))] = value == std::string::npos ? "" : line.substr(value);
  }
  return request;
}

void must(bool done, const char* doing) {
  if (!done) throw std::system_error(errno, std::generic_category(), doing);
}

}  // namespace

std::string Request::describe() const {
  std::string text = method + " " + target + "\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\n";
  return text;
}

// ---------------------------------------------------------------------------------------------- one exchange

/// False where the server is to stop, the client is gone, or the time is over.
bool HttpExchange::wait(short events, int milliseconds) {
  pollfd ends[2] = {{connection_->socket, events, 0}, {connection_->stop, POLLIN, 0}};
  const int ready = ::poll(ends, 2, milliseconds);
  if (ready <= 0) return false;
  if (ends[1].revents != 0) {
    connection_->is_open = false;
    return false;
  }
  return true;
}

bool HttpExchange::receive() {
  if (!wait(POLLIN, -1)) return false;
  char bytes[65536];
  const ssize_t count = ::recv(connection_->socket, bytes, sizeof bytes, 0);
  if (count <= 0) {
    connection_->is_open = false;
    return false;
  }
  connection_->buffer.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string HttpExchange::read_chunked() {
  std::string body;
  for (;;) {
    std::size_t line_end;
    while ((line_end = connection_->buffer.find("\r\n")) == std::string::npos)
      if (!receive()) return body;
    const std::size_t size = std::stoul(connection_->buffer.substr(0, line_end), nullptr, 16);
    while (connection_->buffer.size() < line_end + 2 + size + 2)
      if (!receive()) return body;
    body += connection_->buffer.substr(line_end + 2, size);
    connection_->buffer.erase(0, line_end + 2 + size + 2);
    if (size == 0) return body;
  }
}

const std::string& HttpExchange::body() {
  if (std::exchange(body_is_read_, true)) return body_;
  if (lower(request_.headers["expect"]) == "100-continue") send("HTTP/1.1 100 Continue\r\n\r\n");
  std::string& buffer = connection_->buffer;
  if (lower(request_.headers["transfer-encoding"]) == "chunked") {
    body_ = read_chunked();
  } else if (request_.headers.contains("content-length")) {
    const std::size_t size = std::stoul(request_.headers["content-length"]);
    while (buffer.size() < size && receive()) {
    }
    body_ = buffer.substr(0, size);
    buffer.erase(0, body_.size());
  }
  request_.body_size = body_.size();
  return body_;
}

bool HttpExchange::send(std::string_view bytes) {
  while (!bytes.empty() && connection_->is_open) {
    if (!wait(POLLOUT, -1)) break;
    const ssize_t count = ::send(connection_->socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EAGAIN && errno != EINTR) connection_->is_open = false;
  }
  return connection_->is_open;
}

void HttpExchange::drip(std::string_view bytes) {
  while (!bytes.empty() && send(bytes.substr(0, 1))) {
    bytes.remove_prefix(1);
    // What comes in meanwhile is of no interest, but its end is.
    const auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
    while (connection_->is_open && std::chrono::steady_clock::now() < next) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
      if (wait(POLLIN, static_cast<int>(left.count()))) receive();
    }
  }
}

void HttpExchange::stall() {
  while (connection_->is_open) receive();
}

void HttpExchange::hold() {
  wait(0, -1);
  connection_->is_open = false;
}

void HttpExchange::reset() {
  // With no time to linger, closing the socket sends a reset.
  const linger at_once{1, 0};
  ::setsockopt(connection_->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void HttpExchange::answer(const std::string& status, const std::string& type, std::string_view bytes,
                          const std::string& more_headers) {
  body();
  send("HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(bytes.size()) +
       "\r\nCache-Control: no-cache\r\n" + more_headers + "\r\n");
  send(bytes);
}

// ---------------------------------------------------------------------------------------------- the listener

HttpListener::HttpListener(Serve serve) : serve_(std::move(serve)) {
  listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0, "cannot bind to 127.0.0.1");
  must(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "cannot see the port");
  must(::listen(listening_, 64) == 0, "cannot listen");
  must(::pipe(stop_) == 0, "cannot make a pipe");
  for (const int fd : {listening_, stop_[0], stop_[1]}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_connections(); });
}

void HttpListener::stop() {
  if (stop_[1] < 0) return;
  ::close(std::exchange(stop_[1], -1));  // every poll in every thread sees the end of the pipe
  accepting_.join();
  for (std::thread& connection : connections_) connection.join();
  connections_.clear();
  ::close(std::exchange(listening_, -1));
  ::close(std::exchange(stop_[0], -1));
}

void HttpListener::accept_connections() {
  for (int number = 1;;) {
    pollfd ends[2] = {{listening_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    if (::poll(ends, 2, -1) < 0 && errno != EINTR) return;
    if (ends[1].revents != 0) return;
    const int socket = ::accept(listening_, nullptr, nullptr);
    if (socket < 0) continue;
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    connections_.emplace_back([this, socket, number] { serve(socket, number); });
    ++number;
  }
}

void HttpListener::serve(int socket, int number) {
  HttpConnection connection{socket, stop_[0], number, "", true};
  while (connection.is_open) {
    std::string& buffer = connection.buffer;
    while (connection.is_open && buffer.find("\r\n\r\n") == std::string::npos) {
      pollfd ends[2] = {{socket, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      if (::poll(ends, 2, -1) < 0 && errno != EINTR) break;
      char bytes[16384];
      const ssize_t count = ends[1].revents != 0 ? 0 : ::recv(socket, bytes, sizeof bytes, 0);
      connection.is_open = count > 0;
      if (connection.is_open) buffer.append(bytes, static_cast<std::size_t>(count));
    }
    if (!connection.is_open) break;
    const std::size_t end = buffer.find("\r\n\r\n") + 4;
    Request request = parse_head(buffer.substr(0, end));
    buffer.erase(0, end);
    try {
      serve_(connection, std::move(request));
    } catch (const std::exception&) {
      connection.is_open = false;  // the client sees a server that broke
    }
  }
  ::close(socket);
}

}  // namespace ps_sync::test
