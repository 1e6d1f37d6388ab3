#include "support/fake_ssh.hpp"

#include <chrono>
#include <thread>

namespace fs = std::filesystem;

namespace ps_sync::test {
namespace {

// git writes into a pipe of its own and outlives what is done to its bytes, as a server does.
constexpr const char* script = R"(#!/bin/sh
folder=${0%/*}
for command; do :; done
case $command in
*receive-pack*) service=receive-pack ;;
*) service=upload-pack ;;
esac
[ -e "$folder/$service" ] || eval "exec git ${command#git-}"
read -r fault bytes <"$folder/$service"
mkfifo "$folder/pipe.$$"
exec 3<&0
(
  exec <&3 3<&- >"$folder/pipe.$$"
  eval "exec git ${command#git-}"
) &
exec 3<&- <"$folder/pipe.$$"
rm "$folder/pipe.$$"
dd bs=1 count="$bytes" 2>/dev/null
: >"$folder/reached"
line="0043aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa refs/heads/1000000000"
case $fault in
stall) exec sleep 600 ;;
close)
  echo 'Connection to fake-host closed by remote host.' >&2
  exit 255
  ;;
die) kill -9 $$ ;;
drip) while dd bs=1 count=1 2>/dev/null; do sleep 0.25; done ;;
endless)
  yes "$line" | head -c 300000000
  : >"$folder/all taken"
  exec sleep 600
  ;;
endless_bytes)
  yes "$line" | tr -d '\n' | head -c 300000000
  : >"$folder/all taken"
  exec sleep 600
  ;;
esac
)";

const char* name_of(FakeSsh::Service service) {
  return service == FakeSsh::Service::upload_pack ? "upload-pack" : "receive-pack";
}

const char* name_of(FakeSsh::Fault fault) {
  switch (fault) {
    case FakeSsh::Fault::stall:
      return "stall";
    case FakeSsh::Fault::close:
      return "close";
    case FakeSsh::Fault::die:
      return "die";
    case FakeSsh::Fault::drip:
      return "drip";
    case FakeSsh::Fault::endless:
      return "endless";
    case FakeSsh::Fault::endless_bytes:
      return "endless_bytes";
  }
  return "";
}

}  // namespace

FakeSsh::FakeSsh(World& world) : world_(&world), folder_(world.root() / "fake ssh"), program_(folder_ / "ssh") {
  write_file(program_, script);
  fs::permissions(program_, fs::perms::owner_all);
}

void FakeSsh::behave(Service service, Fault fault, std::size_t bytes) {
  heal();
  write_file(folder_ / name_of(service), std::string(name_of(fault)) + " " + std::to_string(bytes) + "\n");
}

void FakeSsh::heal() {
  for (const char* name : {"upload-pack", "receive-pack", "reached", "all taken"}) fs::remove(folder_ / name);
}

std::size_t FakeSsh::advertisement_size(Service service) const {
  // A flush packet: we want nothing.
  return world_->run(world_->root(), {"git", name_of(service), world_->origin().string()}, {}, "0000").out.size();
}

bool FakeSsh::all_was_taken() const { return fs::exists(folder_ / "all taken"); }

bool FakeSsh::wait_for_fault() const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!fs::exists(folder_ / "reached")) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace ps_sync::test
