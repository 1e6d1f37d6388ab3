// The ticket passes the suite of all beacon providers, on a GitHub of the tests' own.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "beacon_provider_suite.hpp"
#include "ps_sync/github/ticket.hpp"
#include "support/github_server.hpp"

using namespace ps_sync;
using namespace ps_sync::test;

namespace {

/// Two clones that know the same repository, each with what it has seen.
class TicketPlaces : public BeaconPlaces {
 public:
  TicketPlaces() {
    std::string name = (fs::temp_directory_path() / "ps-sync ticket XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    ::setenv("HOME", folder_.c_str(), 1);
    ::unsetenv("PROMPTSYNC_TOKEN");
    ::setenv("GH_TOKEN", GitHubServer::token, 1);
  }
  ~TicketPlaces() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  Provider make_provider(int place) override {
    github::Surroundings surroundings;
    surroundings.http_settings = [](const std::string&) { return net::HttpSettings{}; };
    surroundings.limits.silence = std::chrono::seconds(5);
    surroundings.folder = folder_;
    surroundings.state_file = folder_ / ("seen by " + std::to_string(place));
    return github::make_ticket({GitHubServer::repository, std::nullopt, std::nullopt, server_.api()}, surroundings);
  }
  bool keeps_bodies() const override { return true; }
  void take_away() override { server_.from_now(any_request(), reset_before()); }
  void bring_back() override { server_.heal(); }
  std::vector<Damage> damages() override {
    return {{"a person emptied it", [this] { server_.edit_body(1, ""); }}, {"closed, and its body gone", [this] {
                                                                              server_.change(1, [](GitHubIssue& issue) {
                                                                                issue.body.reset();
                                                                                issue.state = "closed";
                                                                              });
                                                                            }}};
  }

 private:
  fs::path folder_;
  GitHubServer server_;
};

}  // namespace

TEST_CASE("ticket: where nothing is published, nothing is read", "[beacon][github]") {
  TicketPlaces places;
  check_nothing_published_is_absent(places);
}

TEST_CASE("ticket: what one place publishes the other reads byte for byte", "[beacon][github]") {
  TicketPlaces places;
  check_bodies_arrive_unchanged(places);
}

TEST_CASE("ticket: publishing over what was read succeeds again and again", "[beacon][github]") {
  TicketPlaces places;
  check_publishing_again_succeeds(places);
}

TEST_CASE("ticket: publishing over a stale reading changes nothing, and succeeds after reading again",
          "[beacon][github]") {
  TicketPlaces places;
  check_stale_reading_moves_nothing(places);
}

TEST_CASE("ticket: one that was emptied or closed is published over", "[beacon][github]") {
  TicketPlaces places;
  check_damage_is_published_over(places);
}

TEST_CASE("ticket: an unreachable GitHub is told as such, and nothing is lost there", "[beacon][github]") {
  TicketPlaces places;
  check_unreachable_place_is_told(places);
}
