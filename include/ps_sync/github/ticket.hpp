// The perma-ticket: a GitHub issue as the beacon.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/base/transfer_meter.hpp"
#include "ps_sync/beacon/provider.hpp"
#include "ps_sync/net/http.hpp"

namespace ps_sync::github {

/// As people see and find it.
constexpr const char* ticket_title = "🔄 SYNC-BEACON [DO NOT CLOSE]";
constexpr const char* ticket_labels[] = {"perma-ticket", "sync-system"};

struct TicketSettings {
  std::string repo;                    ///< OWNER/REPO
  std::optional<std::int64_t> issue;   ///< absent: found by its labels, else made
  std::optional<std::string> project;  ///< PVT_…: the board that it is put on
  std::string api;                     ///< base URL of the REST interface, without a slash at its end
};

/// How GitHub is reached from here.
struct Surroundings {
  std::function<net::HttpSettings(const std::string& url)> http_settings;
  net::HttpLimits limits;  ///< silence is also the bound of one whole request
  fs::path folder;         ///< where git is run for its credential helpers
  fs::path state_file;     ///< what was seen last; private, and no loss
  bool terminal = false;   ///< may a helper ask?
  TransferMeter* meter = nullptr;
};

/// Where the REST interface of a host is: api.github.com, api.TENANT.ghe.com, https://HOST/api/v3.
std::string api_of_host(const std::string& host);
/// OWNER/REPO of a remote's URL where its host has a GitHub that we know by name; absent otherwise.
std::optional<std::string> repo_of_url(const std::string& url);

class Ticket : public beacon::Provider {
 public:
  /// Makes a ticket, also where the one we knew was deleted. One that is found by its labels is taken instead.
  virtual void create(const std::string& body) = 0;
  /// Throws as read() does where there is no such ticket, or it may not be seen.
  virtual void check() = 0;
};

/// Nothing is asked before the first call. All calls throw Error{unreachable} where later may help (no answer, a limit,
/// trouble at GitHub) and Error{rejected} where somebody has to do something; the message says what.
std::unique_ptr<Ticket> make_ticket(TicketSettings settings, Surroundings surroundings);

}  // namespace ps_sync::github
