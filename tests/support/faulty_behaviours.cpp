// What a FaultyServer can do wrong.
#include "support/faulty_server.hpp"

namespace ps_sync::test {
namespace {

std::string success_head(const Exchange& exchange, std::size_t size) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + exchange.right_type() +
         "\r\nCache-Control: no-cache\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

/// Half of the headers; gives the whole right answer's rest.
std::string send_half_of_headers(Exchange& exchange) {
  const std::string body = exchange.right_body();
  const std::string head = success_head(exchange, body.size());
  exchange.send(head.substr(0, head.size() / 2));
  return head.substr(head.size() / 2) + body;
}

/// Headers and half of the body; gives the rest.
std::string send_half_of_body(Exchange& exchange) {
  const std::string body = exchange.right_body();
  exchange.send(success_head(exchange, body.size()) + body.substr(0, body.size() / 2));
  return body.substr(body.size() / 2);
}

}  // namespace

Behaviour rightly() {
  return [](Exchange& exchange) {
    if (kind_of(exchange.request()) == Kind::other)
      return exchange.answer("404 Not Found", "text/plain", "no such page");
    const std::string bytes = exchange.right_body();
    exchange.answer("200 OK", exchange.right_type(), bytes);
  };
}

Behaviour at(Kind kind, Behaviour fault) {
  return [kind, fault = std::move(fault), right = rightly()](Exchange& exchange) {
    kind_of(exchange.request()) == kind ? fault(exchange) : right(exchange);
  };
}

Behaviour silent() {
  return [](Exchange& exchange) {
    exchange.body();
    exchange.stall();
  };
}

Behaviour silent_and_unread() {
  return [](Exchange& exchange) { exchange.hold(); };
}

Behaviour stalling_in_headers() {
  return [](Exchange& exchange) {
    send_half_of_headers(exchange);
    exchange.stall();
  };
}

Behaviour closing_in_headers() {
  return [](Exchange& exchange) {
    send_half_of_headers(exchange);
    exchange.close();
  };
}

Behaviour dripping_from_headers() {
  return [](Exchange& exchange) { exchange.drip(send_half_of_headers(exchange)); };
}

Behaviour stalling_in_body() {
  return [](Exchange& exchange) {
    send_half_of_body(exchange);
    exchange.stall();
  };
}

Behaviour closing_in_body() {
  return [](Exchange& exchange) {
    send_half_of_body(exchange);
    exchange.close();
  };
}

Behaviour dripping_from_body() {
  return [](Exchange& exchange) { exchange.drip(send_half_of_body(exchange)); };
}

Behaviour answering(const std::string& status, const std::string& words, const std::string& headers) {
  return [=](Exchange& exchange) { exchange.answer(status, "text/plain; charset=utf-8", words, headers); };
}

Behaviour answering_with(const std::string& type, const std::string& bytes) {
  return [=](Exchange& exchange) { exchange.answer("200 OK", type, bytes); };
}

Behaviour answering_wrongly(const std::string& bytes) {
  return [=](Exchange& exchange) { exchange.answer("200 OK", exchange.right_type(), bytes); };
}

Behaviour captive_portal() {
  return answering_with("text/html; charset=utf-8",
                        "<!DOCTYPE html>\n<html><head><title>Welcome to the hotel</title></head>\n"
                        "<body><form action=\"/login\"><input name=\"room\"></form></body></html>\n");
}

Behaviour redirecting(const std::string& status, const std::string& base) {
  return [=](Exchange& exchange) {
    exchange.answer(status, "text/plain", "", "Location: " + base + exchange.request().target + "\r\n");
  };
}

Behaviour redirecting_to(const std::string& status, const std::string& address) {
  return [=](Exchange& exchange) { exchange.answer(status, "text/plain", "", "Location: " + address + "\r\n"); };
}

Behaviour huge_header() {
  return [](Exchange& exchange) {
    exchange.answer("200 OK", exchange.right_type(), exchange.right_body(),
                    "X-Filler: " + std::string(1'000'000, 'x') + "\r\n");
  };
}

Behaviour endless_refs(std::shared_ptr<std::atomic<bool>> all_taken) {
  constexpr std::size_t enough = 300'000'000;
  return [all_taken](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Type: " + exchange.right_type() + "\r\nConnection: close\r\n\r\n");
    const std::string right = exchange.right_body();
    exchange.send(std::string_view(right).substr(0, right.size() - 4));  // without the end of the list
    std::string lines;
    for (std::size_t sent = 0, number = 0; sent < enough && exchange.is_open(); sent += lines.size()) {
      lines.clear();
      for (int n = 0; n < 1000; ++n) {
        const std::string digits = std::to_string(1'000'000'000 + number++);
        lines += "0043" + std::string(40, 'a') + " refs/heads/" + digits + "\n";
      }
      exchange.send(lines);
    }
    if (exchange.is_open()) *all_taken = true;
    exchange.stall();
  };
}

}  // namespace ps_sync::test
