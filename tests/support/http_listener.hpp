// The part that all of the tests' own HTTP servers share: listening on 127.0.0.1 in threads of the test's process,
// requests read from connections that stay open, answers and the ways in which one can go wrong.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <thread>

namespace ps_sync::test {

/// What a client asked. Header names are in lower case.
struct Request {
  std::string method;
  std::string target;  ///< path and query
  std::map<std::string, std::string> headers;
  std::size_t body_size = 0;

  /// Everything that the client said but for the body, to look for secrets in.
  std::string describe() const;
};

/// A connection between two requests.
struct HttpConnection {
  int socket;
  int stop;            ///< readable where the server is to end: it ends every wait
  int number;          ///< counted from 1
  std::string buffer;  ///< received, not yet used
  bool is_open = true;
};

/// One request and the connection that it came on.
class HttpExchange {
 public:
  HttpExchange(HttpConnection& connection, Request request) : connection_(&connection), request_(std::move(request)) {}

  const Request& request() const { return request_; }
  int connection() const { return connection_->number; }
  /// Reads the body, once; what is left unread stays in the socket.
  const std::string& body();
  /// False once nobody reads any more.
  bool send(std::string_view bytes);
  /// Sends four bytes a second, one by one, until all are sent or the client is gone.
  void drip(std::string_view bytes);
  /// Says nothing until the client is gone.
  void stall();
  /// Says nothing, and reads nothing either, until the server stops.
  void hold();
  /// The connection ends with this request.
  void close() { connection_->is_open = false; }
  /// The same, by a reset instead of an end.
  void reset();
  bool is_open() const { return connection_->is_open; }
  /// All of an answer, its length in a header.
  void answer(const std::string& status, const std::string& type, std::string_view bytes,
              const std::string& more_headers = "");

 protected:
  bool receive();
  std::string read_chunked();

  HttpConnection* connection_;
  Request request_;
  std::string body_;
  bool body_is_read_ = false;

 private:
  bool wait(short events, int milliseconds);
};

class HttpListener {
 public:
  /// Called for each request, in the connection's own thread. What it throws ends the connection.
  using Serve = std::function<void(HttpConnection&, Request)>;

  explicit HttpListener(Serve serve);
  ~HttpListener() { stop(); }
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  int port() const { return port_; }
  /// Ends all connections and refuses new ones.
  void stop();

 private:
  void accept_connections();
  void serve(int socket, int number);

  Serve serve_;
  int listening_ = -1;
  int port_ = 0;
  int stop_[2] = {-1, -1};  // the pipe whose end tells every thread to stop
  std::list<std::thread> connections_;
  std::thread accepting_;
};

}  // namespace ps_sync::test
