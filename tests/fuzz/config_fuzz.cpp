// config.yml comes with the repository, so from anybody. Reading it gives settings or an Error, and nothing else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ps_sync/base/error.hpp"
#include "ps_sync/config/settings.hpp"

namespace {

using namespace ps_sync;

bool loads(const std::string& file) {
  config::Sources sources;
  sources.file = file;
  try {
    config::load(sources);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::config) std::abort();  // a file can only ever be a wrong setting
    return false;
  }
}

/// Where an edit of the file is not refused, its result must be a file that loads and has the value.
void edit(const std::string& file, const std::string& key, const std::string& text) {
  std::string edited;
  try {
    edited = config::set_in_file(file, key, text);
  } catch (const Error&) {
    return;
  }
  config::Sources sources;
  sources.file = edited;
  for (const config::Value& value : config::load(sources).values)
    if (value.key == key && value.text != config::check_value(key, text)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string file(bytes, bytes + size);
  loads(file);
  edit(file, "remote", "https://example.com/documents.git");
  edit(file, "network.timeout", "10s");
  edit(file, "exclude", "*.bak, # draft");
  edit(file, "labels.code", "yes: no");
  return 0;
}
