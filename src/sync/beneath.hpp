// Folders below the working tree's top, made and removed without following a link in any component.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ps_sync/platform/files.hpp"

namespace ps_sync::sync {

struct Place {
  std::string folder;  ///< repository path without the name
  std::string name;
};

Place split_path(const std::string& path);

/// Opens the folder beneath top, making what is missing; none where something that is no folder is in the way.
Fd make_folder_beneath(const fs::path& top, std::string_view folder);

bool lists_name(int folder, const std::string& name);

/// Removes a folder in which there are only folders, all the way down. False, and nothing else is touched, where there
/// is any file, or it is no folder.
bool remove_if_empty(int parent, const std::string& name, int depth = 0);

/// Removes the folders above `path` that are empty now, up to a root, which stays.
void remove_empty_parents(const fs::path& top, const std::vector<std::string>& roots, const std::string& path);

}  // namespace ps_sync::sync
