// Renames that never overwrite, and renames that swap two files, in one step where the system can.
#pragma once

#include <string>

namespace ps_sync::sync {

/// False, with errno set, where it could not; EEXIST where something has the new name.
bool rename_without_replacing(int from_folder, const std::string& from, int to_folder, const std::string& to);

/// Swaps two files. Where the system or file system cannot swap, `to` is moved aside first: then for a moment it has no
/// name, but its bytes are never gone.
bool exchange(int from_folder, const std::string& from, int to_folder, const std::string& to);

/// Puts everything of a file system that is not yet on disk there.
void sync_file_system(int fd);

}  // namespace ps_sync::sync
