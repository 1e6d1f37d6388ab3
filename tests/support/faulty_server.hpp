// A small HTTP/1.1 server in threads of the test's own process, on 127.0.0.1, that serves the world's origin as git's
// smart protocol has it, or fails in whatever way it is told to.
//
//   FaultyServer server(world);
//   server.behave(at_info_refs(answering(503)));   // everything else goes on as it should
//   ...
//   server.heal();
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_listener.hpp"
#include "support/world.hpp"

namespace ps_sync::test {

enum class Kind { info_refs, fetch, push, other };
Kind kind_of(const Request& request);

/// One request for something of git's, in the hands of a behaviour.
class Exchange : public HttpExchange {
 public:
  Exchange(World& world, HttpConnection& connection, Request request)
      : HttpExchange(connection, std::move(request)), world_(&world) {}

  /// As HttpExchange::body(), unpacked.
  const std::string& body();
  void answer(const std::string& status, const std::string& type, std::string_view bytes,
              const std::string& more_headers = "");
  /// What git would answer, and the type of it.
  std::string right_body();
  std::string right_type() const;

 private:
  World* world_;
};

using Behaviour = std::function<void(Exchange&)>;

class FaultyServer {
 public:
  explicit FaultyServer(World& world);
  FaultyServer(const FaultyServer&) = delete;
  FaultyServer& operator=(const FaultyServer&) = delete;

  /// Counts for requests that begin from now on.
  void behave(Behaviour behaviour);
  void heal();
  /// Ends all connections and refuses new ones.
  void stop() { listener_.stop(); }

  /// `http://127.0.0.1:PORT`
  std::string address(const std::string& login = "", const std::string& host = "127.0.0.1") const;
  std::string url(const std::string& login = "", const std::string& host = "127.0.0.1") const {
    return address(login, host) + "/origin.git";
  }
  /// Those that came since the behaviour was set.
  std::vector<Request> requests() const;
  /// Waits until a request of this kind has come since the behaviour was set; false after a while.
  bool wait_for(Kind kind) const;

 private:
  void serve(HttpConnection& connection, Request request);

  World* world_;
  mutable std::mutex guard_;
  mutable std::condition_variable arrived_;
  Behaviour behaviour_;
  std::vector<Request> requests_;
  std::size_t generation_ = 0;  // of requests_: a request of an earlier one is noted no more
  HttpListener listener_;       // the last, so that its threads end first
};

// Behaviours. Those with `at_` in the name make one fault of one kind of request, and serve the others rightly.

Behaviour rightly();
Behaviour at(Kind kind, Behaviour fault);
inline Behaviour at_info_refs(Behaviour fault) { return at(Kind::info_refs, std::move(fault)); }
inline Behaviour at_fetch(Behaviour fault) { return at(Kind::fetch, std::move(fault)); }
inline Behaviour at_push(Behaviour fault) { return at(Kind::push, std::move(fault)); }

/// Takes the request and says nothing.
Behaviour silent();
/// Does not even read the request to its end.
Behaviour silent_and_unread();
/// The first half of the headers, then nothing, an end, or four bytes a second.
Behaviour stalling_in_headers();
Behaviour closing_in_headers();
Behaviour dripping_from_headers();
/// What is right up to the middle of the body; from there nothing, an end, or four bytes a second.
Behaviour stalling_in_body();
Behaviour closing_in_body();
Behaviour dripping_from_body();
/// A whole answer that is no success. `words` are its body, plain text.
Behaviour answering(const std::string& status, const std::string& words = "", const std::string& headers = "");
/// Success, with bytes and a type of one's own.
Behaviour answering_with(const std::string& type, const std::string& bytes);
/// Success of the type that is right for the request, with these bytes.
Behaviour answering_wrongly(const std::string& bytes);
/// The page at which a hotel's network asks who one is.
Behaviour captive_portal();
/// To `base` with the request's own path behind it.
Behaviour redirecting(const std::string& status, const std::string& base);
/// To this one address.
Behaviour redirecting_to(const std::string& status, const std::string& address);
/// One header of a megabyte.
Behaviour huge_header();
/// Refs without end, each line as it should be. In truth 300 MB, so that a client that takes them all does not take all
/// memory; `all_taken` tells of one that did.
Behaviour endless_refs(std::shared_ptr<std::atomic<bool>> all_taken);

}  // namespace ps_sync::test
