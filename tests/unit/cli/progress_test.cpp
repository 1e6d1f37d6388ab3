#include "cli/progress.hpp"

#include "support/catch.hpp"

using namespace ps_sync;
using cli::transfer_text;

TEST_CASE("a transfer tells its objects and bytes, as far as they are known", "[cli]") {
  TransferMeter meter;
  CHECK(transfer_text(meter).empty());
  meter.begin(Transferring::sending, 40);
  CHECK(transfer_text(meter).empty());  // nothing has passed yet
  meter.objects = 12;
  meter.bytes = 1'234'567;
  CHECK(transfer_text(meter) == ": sent 12 of 40 objects, 1.2 MB");
  meter.bytes = 1'500;
  CHECK(transfer_text(meter) == ": sent 12 of 40 objects, 1.5 kB");
  meter.begin(Transferring::receiving, 0);
  meter.bytes = 999;
  CHECK(transfer_text(meter) == ": received 999 bytes");
  meter.total = 3;
  meter.objects = 9;  // a guess that went too far
  CHECK(transfer_text(meter) == ": received 3 of 3 objects, 999 bytes");
}
