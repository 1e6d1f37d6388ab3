#include "support/faulty_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ps_sync::test {
namespace {

constexpr auto patience = std::chrono::seconds(20);

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string service_of(const Request& request) {
  const bool is_push = contains(request.target, "git-receive-pack");
  return is_push ? "receive-pack" : "upload-pack";
}

Request parse_head(const std::string& head) {
  Request request;
  const std::size_t first = head.find(' ');
  const std::size_t second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  for (std::string line : lines_of(head.substr(head.find('\n') + 1))) {
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

// ---------------------------------------------------------------------------------------------- requests

std::string Request::describe() const {
  std::string text = method + " " + target + "\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\n";
  return text;
}

Kind kind_of(const Request& request) {
  if (contains(request.target, "/info/refs?service=git-")) return Kind::info_refs;
  if (request.target.ends_with("/git-upload-pack")) return Kind::fetch;
  if (request.target.ends_with("/git-receive-pack")) return Kind::push;
  return Kind::other;
}

// ---------------------------------------------------------------------------------------------- one exchange

Exchange::Exchange(World& world, int socket, int stop, Request request, std::string already_read)
    : world_(&world), socket_(socket), stop_(stop), request_(std::move(request)), buffer_(std::move(already_read)) {}

/// False where the server is to stop, the client is gone, or the time is over.
bool Exchange::wait(short events, int milliseconds) {
  pollfd ends[2] = {{socket_, events, 0}, {stop_, POLLIN, 0}};
  const int ready = ::poll(ends, 2, milliseconds);
  if (ready <= 0) return false;
  if (ends[1].revents != 0) {
    is_open_ = false;
    return false;
  }
  return true;
}

bool Exchange::receive() {
  if (!wait(POLLIN, -1)) return false;
  char bytes[65536];
  const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
  if (count <= 0) {
    is_open_ = false;
    return false;
  }
  buffer_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string Exchange::read_chunked() {
  std::string body;
  for (;;) {
    std::size_t line_end;
    while ((line_end = buffer_.find("\r\n")) == std::string::npos)
      if (!receive()) return body;
    const std::size_t size = std::stoul(buffer_.substr(0, line_end), nullptr, 16);
    while (buffer_.size() < line_end + 2 + size + 2)
      if (!receive()) return body;
    body += buffer_.substr(line_end + 2, size);
    buffer_.erase(0, line_end + 2 + size + 2);
    if (size == 0) return body;
  }
}

const std::string& Exchange::body() {
  if (std::exchange(body_is_read_, true)) return body_;
  if (lower(request_.headers["expect"]) == "100-continue") send("HTTP/1.1 100 Continue\r\n\r\n");
  if (lower(request_.headers["transfer-encoding"]) == "chunked") {
    body_ = read_chunked();
  } else if (request_.headers.contains("content-length")) {
    const std::size_t size = std::stoul(request_.headers["content-length"]);
    while (buffer_.size() < size && receive()) {
    }
    body_ = buffer_.substr(0, size);
    buffer_.erase(0, body_.size());
  }
  if (request_.headers["content-encoding"] == "gzip")
    body_ = world_->run(world_->root(), {"gzip", "-dc"}, {}, body_).out;
  request_.body_size = body_.size();
  return body_;
}

bool Exchange::send(std::string_view bytes) {
  while (!bytes.empty() && is_open_) {
    if (!wait(POLLOUT, -1)) break;
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EAGAIN && errno != EINTR) is_open_ = false;
  }
  return is_open_;
}

void Exchange::drip(std::string_view bytes) {
  while (!bytes.empty() && send(bytes.substr(0, 1))) {
    bytes.remove_prefix(1);
    // What comes in meanwhile is of no interest, but its end is.
    const auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
    while (is_open_ && std::chrono::steady_clock::now() < next) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
      if (wait(POLLIN, static_cast<int>(left.count()))) receive();
    }
  }
}

void Exchange::stall() {
  while (is_open_) receive();
}

void Exchange::hold() {
  wait(0, -1);
  is_open_ = false;
}

void Exchange::answer(const std::string& status, const std::string& type, std::string_view bytes,
                      const std::string& more_headers) {
  body();
  send("HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(bytes.size()) +
       "\r\nCache-Control: no-cache\r\n" + more_headers + "\r\n");
  send(bytes);
}

std::string Exchange::right_type() const {
  const char* what = kind_of(request_) == Kind::info_refs ? "-advertisement" : "-result";
  return "application/x-git-" + service_of(request_) + what;
}

std::string Exchange::right_body() {
  const std::string service = service_of(request_);
  const std::string repository = world_->origin().string();
  if (kind_of(request_) == Kind::info_refs) {
    const std::string title =
        service == "upload-pack" ? "001e# service=git-upload-pack\n0000" : "001f# service=git-receive-pack\n0000";
    return title + world_->run(world_->root(), {"git", service, "--stateless-rpc", "--advertise-refs", repository}).out;
  }
  return world_->run(world_->root(), {"git", service, "--stateless-rpc", repository}, {}, body()).out;
}

// ---------------------------------------------------------------------------------------------- the server

FaultyServer::FaultyServer(World& world) : world_(&world), behaviour_(rightly()) {
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

FaultyServer::~FaultyServer() { stop(); }

void FaultyServer::stop() {
  if (stop_[1] < 0) return;
  ::close(std::exchange(stop_[1], -1));  // every poll in every thread sees the end of the pipe
  accepting_.join();
  for (std::thread& connection : connections_) connection.join();
  connections_.clear();
  ::close(std::exchange(listening_, -1));
  ::close(std::exchange(stop_[0], -1));
}

void FaultyServer::accept_connections() {
  for (;;) {
    pollfd ends[2] = {{listening_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    if (::poll(ends, 2, -1) < 0 && errno != EINTR) return;
    if (ends[1].revents != 0) return;
    const int socket = ::accept(listening_, nullptr, nullptr);
    if (socket < 0) continue;
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    connections_.emplace_back([this, socket] { serve(socket); });
  }
}

void FaultyServer::serve(int socket) {
  std::string buffer;
  for (bool is_open = true; is_open;) {
    while (is_open && !contains(buffer, "\r\n\r\n")) {
      pollfd ends[2] = {{socket, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      if (::poll(ends, 2, -1) < 0 && errno != EINTR) break;
      char bytes[16384];
      const ssize_t count = ends[1].revents != 0 ? 0 : ::recv(socket, bytes, sizeof bytes, 0);
      is_open = count > 0;
      if (is_open) buffer.append(bytes, static_cast<std::size_t>(count));
    }
    if (!is_open) break;
    const std::size_t end = buffer.find("\r\n\r\n") + 4;
    Exchange exchange(*world_, socket, stop_[0], parse_head(buffer.substr(0, end)), buffer.substr(end));
    Behaviour behaviour;
    std::size_t index;
    std::size_t generation;
    {
      const std::lock_guard hold(guard_);
      behaviour = behaviour_;
      index = requests_.size();
      generation = generation_;
      requests_.push_back(exchange.request());
      arrived_.notify_all();
    }
    try {
      behaviour(exchange);
    } catch (const std::exception&) {
      exchange.close();  // git did not end: the client sees a server that broke
    }
    {
      const std::lock_guard hold(guard_);
      if (generation == generation_) requests_[index].body_size = exchange.request().body_size;
    }
    is_open = exchange.is_open();
    buffer = exchange.take_rest();
  }
  ::close(socket);
}

void FaultyServer::behave(Behaviour behaviour) {
  const std::lock_guard hold(guard_);
  behaviour_ = std::move(behaviour);
  requests_.clear();
  ++generation_;
}

void FaultyServer::heal() { behave(rightly()); }

std::string FaultyServer::address(const std::string& login, const std::string& host) const {
  return "http://" + (login.empty() ? "" : login + "@") + host + ":" + std::to_string(port_);
}

std::vector<Request> FaultyServer::requests() const {
  const std::lock_guard hold(guard_);
  return requests_;
}

bool FaultyServer::wait_for(Kind kind) const {
  std::unique_lock hold(guard_);
  return arrived_.wait_for(hold, patience, [&] {
    return std::any_of(requests_.begin(), requests_.end(),
                       [kind](const Request& request) { return kind_of(request) == kind; });
  });
}

}  // namespace ps_sync::test
