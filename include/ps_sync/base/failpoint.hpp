// Named points in the code at which a test may kill the program. Compiled to nothing in a release.
//
// PROMPTSYNC_FAILPOINT=name kills the process (SIGKILL) at that point, name:error throws there, and name:3 kills at its
// third passing. The test build lists every name it passes in the file that PROMPTSYNC_FAILPOINT_LOG names.
#pragma once

namespace ps_sync {

#ifdef PS_SYNC_FAILPOINTS
void failpoint(const char* name);
#else
inline void failpoint(const char*) {}
#endif

}  // namespace ps_sync
