#include "sync/beneath.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ps_sync/sync/scan.hpp"

namespace ps_sync::sync {

Place split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Fd make_folder_beneath(const fs::path& top, std::string_view folder) {
  Fd fd(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (fd && !folder.empty()) {
    const std::size_t slash = folder.find('/');
    const std::string name(folder.substr(0, slash));
    if (::mkdirat(fd.get(), name.c_str(), 0777) != 0 && errno != EEXIST)
      throw_system_error("make the folder", top / name);
    fd = Fd(::openat(fd.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    folder = slash == std::string_view::npos ? std::string_view() : folder.substr(slash + 1);
  }
  return fd;
}

bool lists_name(int folder, const std::string& name) {
  DIR* handle = ::fdopendir(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(handle)) {
    if (name == entry->d_name) found = true;
  }
  ::closedir(handle);
  return found;
}

bool remove_if_empty(int parent, const std::string& name, int depth) {
  constexpr int deepest = 100;
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return true;
  if (depth == deepest || (errno != ENOTEMPTY && errno != EEXIST)) return false;
  const int fd = ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* handle = fd < 0 ? nullptr : ::fdopendir(fd);
  if (handle == nullptr) return false;
  std::vector<std::string> inside;
  while (const dirent* entry = ::readdir(handle)) {
    if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
      inside.emplace_back(entry->d_name);
  }
  bool empty = true;
  for (const std::string& item : inside) empty = empty && remove_if_empty(::dirfd(handle), item, depth + 1);
  ::closedir(handle);
  return empty && ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

void remove_empty_parents(const fs::path& top, const std::vector<std::string>& roots, const std::string& path) {
  const auto is_root_or_above = [&](const std::string& folder) {
    return std::any_of(roots.begin(), roots.end(),
                       [&](const std::string& root) { return root == folder || root.rfind(folder + "/", 0) == 0; });
  };
  std::string folder = split_path(path).folder;
  while (!folder.empty() && !is_root_or_above(folder)) {
    const Place place = split_path(folder);
    const Fd parent = open_folder_beneath(top, place.folder);
    if (parent && ::unlinkat(parent.get(), place.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return;
    folder = place.folder;
  }
}

}  // namespace ps_sync::sync
