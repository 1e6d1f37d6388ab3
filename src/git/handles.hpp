// libgit2's objects as owners, and its calls with failures turned into Error. Nothing of this leaves the room.
#pragma once

#include <git2.h>
#include <git2/sys/hashsig.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "ps_sync/base/oid.hpp"

namespace ps_sync::git {

template <auto Free>
struct FreeWith {
  template <class Object>
  void operator()(Object* object) const noexcept {
    Free(object);
  }
};
using RepositoryHandle = std::unique_ptr<git_repository, FreeWith<git_repository_free>>;
using OdbHandle = std::unique_ptr<git_odb, FreeWith<git_odb_free>>;
using OdbObjectHandle = std::unique_ptr<git_odb_object, FreeWith<git_odb_object_free>>;
using RevwalkHandle = std::unique_ptr<git_revwalk, FreeWith<git_revwalk_free>>;
using ReferenceHandle = std::unique_ptr<git_reference, FreeWith<git_reference_free>>;
using HashsigHandle = std::unique_ptr<git_hashsig, FreeWith<git_hashsig_free>>;

/// Throws for a negative code: "cannot <doing> <subject>", with libgit2's reason.
void check(int code, std::string_view doing, std::string_view subject);

/// Calls a libgit2 function that hands out a new object through its first argument. The function is a template
/// argument, so that it is called, and its address never taken: libgit2 may not be loaded yet (libraries.hpp).
template <class Handle, auto Create, class... Args>
Handle acquire(std::string_view doing, std::string_view subject, Args... args) {
  typename Handle::pointer object = nullptr;
  check(Create(&object, args...), doing, subject);
  return Handle(object);
}

inline git_oid to_git(const Oid& oid) {
  git_oid raw;
  std::memcpy(raw.id, oid.bytes.data(), oid.bytes.size());
  return raw;
}

inline Oid from_git(const git_oid& raw) {
  Oid oid;
  std::memcpy(oid.bytes.data(), raw.id, oid.bytes.size());
  return oid;
}

}  // namespace ps_sync::git
