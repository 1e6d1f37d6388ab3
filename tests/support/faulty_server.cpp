#include "support/faulty_server.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ps_sync::test {
namespace {

constexpr auto patience = std::chrono::seconds(20);

std::string service_of(const Request& request) {
  const bool is_push = contains(request.target, "git-receive-pack");
  return is_push ? "receive-pack" : "upload-pack";
}

}  // namespace

Kind kind_of(const Request& request) {
  if (contains(request.target, "/info/refs?service=git-")) return Kind::info_refs;
  if (request.target.ends_with("/git-upload-pack")) return Kind::fetch;
  if (request.target.ends_with("/git-receive-pack")) return Kind::push;
  return Kind::other;
}

// ---------------------------------------------------------------------------------------------- one exchange

const std::string& Exchange::body() {
  const bool is_packed = !body_is_read_ && request_.headers["content-encoding"] == "gzip";
  HttpExchange::body();
  if (is_packed) body_ = world_->run(world_->root(), {"gzip", "-dc"}, {}, body_).out;
  request_.body_size = body_.size();
  return body_;
}

void Exchange::answer(const std::string& status, const std::string& type, std::string_view bytes,
                      const std::string& more_headers) {
  body();
  HttpExchange::answer(status, type, bytes, more_headers);
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

FaultyServer::FaultyServer(World& world)
    : world_(&world),
      behaviour_(rightly()),
      listener_([this](HttpConnection& connection, Request request) { serve(connection, std::move(request)); }) {}

void FaultyServer::serve(HttpConnection& connection, Request request) {
  Exchange exchange(*world_, connection, std::move(request));
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
  const std::lock_guard hold(guard_);
  if (generation == generation_) requests_[index].body_size = exchange.request().body_size;
}

void FaultyServer::behave(Behaviour behaviour) {
  const std::lock_guard hold(guard_);
  behaviour_ = std::move(behaviour);
  requests_.clear();
  ++generation_;
}

void FaultyServer::heal() { behave(rightly()); }

std::string FaultyServer::address(const std::string& login, const std::string& host) const {
  return "http://" + (login.empty() ? "" : login + "@") + host + ":" + std::to_string(listener_.port());
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
