// What every beacon provider promises (ps_sync/beacon/provider.hpp), as functions to be called from test cases. A new
// provider brings a BeaconPlaces of its own and is added to the lists in beacon_provider_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/provider.hpp"
#include "support/catch.hpp"

namespace ps_sync::test {

using beacon::Published;

/// One published beacon, and two places that see it.
class BeaconPlaces {
 public:
  using Provider = std::shared_ptr<beacon::Provider>;
  /// Something that befalls the published beacon from outside, after which none is there or none that is ours.
  struct Damage {
    std::string name;
    std::function<void()> happen;
  };

  virtual ~BeaconPlaces() = default;
  /// As a command that starts now at place 1 or 2 makes it. Lives no longer than this object.
  virtual Provider make_provider(int place) = 0;
  /// False for a provider that publishes nowhere.
  virtual bool keeps_bodies() const = 0;
  virtual std::vector<Damage> damages() = 0;
  virtual void take_away() = 0;
  virtual void bring_back() = 0;

  /// What a new command at that place reads.
  std::optional<std::string> read(int place) { return make_provider(place)->read(); }
  /// A whole command: read, then publish.
  Published publish(int place, const std::string& body) {
    const Provider provider = make_provider(place);
    provider->read();
    return provider->publish(body);
  }
  /// What is to be read after `body` was published.
  std::optional<std::string> kept(const std::string& body) const {
    return keeps_bodies() ? std::optional(body) : std::nullopt;
  }
};

inline std::vector<std::string> bodies_to_carry() {
  std::string longest;  // as many characters as a body may have, each of four bytes
  for (int n = 0; n < 59'000; ++n) longest += "🔄";
  return {"---\nSTATUS: IDLE\n---\n",
          "no newline at the end",
          "Größe, 計画, e\u0301, 🔄 SYNC-BEACON\n",
          "one\r\ntwo\nthree\r\n\r\n",
          "\n\n  blanks around, and a tab\t\n\n",
          longest,
          ""};
}

inline void check_nothing_published_is_absent(BeaconPlaces& places) {
  CHECK(places.read(1) == std::nullopt);
  CHECK(places.read(2) == std::nullopt);
}

inline void check_bodies_arrive_unchanged(BeaconPlaces& places) {
  int writer = 1;
  for (const std::string& body : bodies_to_carry()) {
    INFO("a body of " << body.size() << " bytes: " << body.substr(0, 40));
    CHECK(places.publish(writer, body) == Published::yes);
    // No comparison that prints both bodies: one is 236,000 bytes long.
    const bool the_other_reads_it = places.read(3 - writer) == places.kept(body);
    const bool the_writer_reads_it = places.read(writer) == places.kept(body);
    CHECK(the_other_reads_it);
    CHECK(the_writer_reads_it);
    writer = 3 - writer;
  }
}

inline void check_publishing_again_succeeds(BeaconPlaces& places) {
  const BeaconPlaces::Provider provider = places.make_provider(1);
  provider->read();
  for (const std::string body : {"first\n", "second\n", "second\n", "third\n"}) {
    CHECK(provider->publish(body) == Published::yes);
    CHECK(provider->read() == places.kept(body));
    CHECK(places.read(2) == places.kept(body));
  }
}

inline void check_stale_reading_moves_nothing(BeaconPlaces& places) {
  const Published refused = places.keeps_bodies() ? Published::moved : Published::yes;
  for (const std::string round : {"where none was", "where one was"}) {
    INFO(round);
    const BeaconPlaces::Provider late = places.make_provider(1);
    late->read();
    REQUIRE(places.publish(2, "of 2, " + round) == Published::yes);
    CHECK(late->publish("of 1, " + round) == refused);
    CHECK(places.read(2) == places.kept("of 2, " + round));
    CHECK(late->read() == places.kept("of 2, " + round));
    CHECK(late->publish("of 1 again, " + round) == Published::yes);
    CHECK(places.read(2) == places.kept("of 1 again, " + round));
  }
}

inline void check_damage_is_published_over(BeaconPlaces& places) {
  for (const BeaconPlaces::Damage& damage : places.damages()) {
    INFO(damage.name);
    REQUIRE(places.publish(1, "before\n") == Published::yes);
    const BeaconPlaces::Provider late = places.make_provider(2);
    CHECK(late->read() == places.kept("before\n"));
    damage.happen();

    CHECK(places.read(1).value_or("") == "");
    CHECK(late->publish("over what is no longer there\n") == Published::moved);
    CHECK(places.read(2).value_or("") == "");
    CHECK(places.publish(1, "after\n") == Published::yes);
    CHECK(places.read(2) == places.kept("after\n"));
    CHECK(places.publish(2, "and again\n") == Published::yes);
    CHECK(places.read(1) == places.kept("and again\n"));
  }
}

template <typename Action>
void check_unreachable(Action action) {
  try {
    action();
    FAIL_CHECK("no error was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unreachable);
  }
}

inline void check_unreachable_place_is_told(BeaconPlaces& places) {
  REQUIRE(places.publish(1, "before\n") == Published::yes);
  const BeaconPlaces::Provider reader = places.make_provider(2);
  const BeaconPlaces::Provider writer = places.make_provider(1);
  writer->read();
  places.take_away();
  if (places.keeps_bodies()) {
    check_unreachable([&] { reader->read(); });
    check_unreachable([&] { writer->publish("into the void\n"); });
  } else {
    CHECK(reader->read() == std::nullopt);
    CHECK(writer->publish("into the void\n") == Published::yes);
  }
  places.bring_back();
  CHECK(reader->read() == places.kept("before\n"));
  CHECK(places.publish(1, "after\n") == Published::yes);
  CHECK(places.read(2) == places.kept("after\n"));
}

}  // namespace ps_sync::test
