// What a Store shares between its copies: the repository as libgit2 has it open, opened on first use.
#pragma once

#include "git/handles.hpp"
#include "ps_sync/git/store.hpp"

namespace ps_sync::git {

struct Store::Repository {
  explicit Repository(fs::path where) : path(std::move(where)) {}

  git_repository* raw();
  git_odb* odb();
  /// Looks for packs that came since it was opened.
  void refresh();

  fs::path path;

 private:
  RepositoryHandle repository_;
  OdbHandle odb_;
};

}  // namespace ps_sync::git
