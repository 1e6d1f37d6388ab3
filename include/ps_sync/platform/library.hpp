// Libraries that are opened when they are first needed (docs/decisions/0002-lazy-libraries.md).
#pragma once

namespace ps_sync {

/// Opens a shared library by its soname, for all that was linked against a stand-in of it. Throws Error{failed} naming
/// the package that has it. Stays open until the program ends.
void open_library(const char* soname, const char* package);

}  // namespace ps_sync
