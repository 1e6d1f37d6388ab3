// What a Store shares between its copies: the repository as libgit2 has it open, opened on first use.
#pragma once

#include <sys/stat.h>

#include "git/handles.hpp"
#include "ps_sync/git/store.hpp"

namespace ps_sync::git {

/// While it lives, what libgit2 or a git of ours makes is readable by the user alone. Not while a remote's git runs:
/// what that makes is the remote's.
class PrivateFiles {
 public:
  PrivateFiles() : before_(::umask(077)) {}
  ~PrivateFiles() { ::umask(before_); }
  PrivateFiles(const PrivateFiles&) = delete;
  PrivateFiles& operator=(const PrivateFiles&) = delete;

 private:
  mode_t before_;
};

/// While it lives, libgit2 puts nothing on disk before it goes on: for what can be had again from the remote.
class WithoutSync {
 public:
  WithoutSync() { git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0); }
  ~WithoutSync() { git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1); }
  WithoutSync(const WithoutSync&) = delete;
  WithoutSync& operator=(const WithoutSync&) = delete;
};

struct Store::Repository {
  explicit Repository(fs::path where) : path(std::move(where)) {}

  git_repository* raw();
  git_odb* odb();
  /// Looks for packs that came since it was opened.
  void refresh();
  /// It is opened anew when it is next used.
  void close();

  fs::path path;

 private:
  RepositoryHandle repository_;
  OdbHandle odb_;
};

}  // namespace ps_sync::git
