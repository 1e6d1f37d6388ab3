#include "ps_sync/base/silence.hpp"

#include "support/catch.hpp"

using namespace ps_sync;
using namespace std::chrono_literals;

namespace {

const SilenceWatch::Clock::time_point start{};

}  // namespace

TEST_CASE("without a byte the time that is left runs down to the limit", "[silence]") {
  SilenceWatch watch(30s);
  watch.begin(start);
  CHECK(watch.left(start) == 30s);
  CHECK(watch.left(start + 12s) == 18s);
  CHECK(watch.left(start + 30s) == 0s);
  CHECK(watch.left(start + 31s) == -1s);
}

TEST_CASE("a byte a second is silence, ten are not", "[silence]") {
  for (const auto& [bytes, lives] : {std::pair(1, false), {9, false}, {10, true}, {5000, true}}) {
    INFO(bytes << " bytes a second");
    SilenceWatch watch(30s);
    watch.begin(start);
    for (auto now = start + 1s; now <= start + 400s; now += 1s) watch.note(static_cast<std::uint64_t>(bytes), now);
    CHECK((watch.left(start + 400s) > 0s) == lives);
  }
}

TEST_CASE("many bytes at once buy no more than the present", "[silence]") {
  SilenceWatch watch(30s);
  watch.begin(start);
  watch.note(1'000'000'000'000, start + 2s);
  CHECK(watch.left(start + 2s) == 30s);
  CHECK(watch.left(start + 32s) == 0s);
}

TEST_CASE("what is spent between two waits does not count as silence", "[silence]") {
  SilenceWatch watch(30s);
  watch.begin(start);
  watch.end(start + 10s);
  watch.begin(start + 1000s);
  CHECK(watch.left(start + 1000s) == 20s);
}
