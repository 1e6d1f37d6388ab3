#include "git/thin_pack.hpp"

#include "git/transport/process.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::git {
namespace {

// The search in a large file says nothing for a while; the memory it may take is for one window of files.
constexpr auto search_time = std::chrono::minutes(10);
constexpr auto window_memory = "--window-memory=64m";

}  // namespace

void write_thin_pack(const fs::path& store, const std::vector<Oid>& targets, const std::vector<Oid>& known,
                     const std::function<void(std::string_view)>& write) {
  Command command{{"git", concat("--git-dir=", store.string()), "pack-objects", "--stdout", "--revs", "--thin",
                   "--delta-base-offset", "-q", window_memory},
                  std::nullopt,
                  without_git_environment()};
  RemoteOptions options;
  options.silence = search_time;
  int status = -1;
  const auto program = connect_process(command, options, [&](int ended, const std::string& /*words*/) {
    status = ended;
    return Ending{ErrorKind::failed, {}};
  });
  std::string revisions;
  for (const Oid& target : targets) revisions += concat(target.hex(), "\n");
  for (const Oid& oid : known) revisions += concat("^", oid.hex(), "\n");
  program->write(revisions);
  program->finish_writing();
  std::string buffer(65536, '\0');
  while (const std::size_t count = program->read(buffer)) write(std::string_view(buffer).substr(0, count));
  program->judge_ending();
  if (status == 0) return;
  Error error(ErrorKind::failed, "cannot pack what is to be sent");
  for (const std::string& line : lines_of(program->errors())) std::move(error).because(escape_for_display(trim(line)));
  throw error;
}

}  // namespace ps_sync::git
