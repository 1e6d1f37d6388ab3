// Ctrl-C: every wait ends at once, what is half done is taken down in good order, and the program ends with 130.
#pragma once

#include <chrono>

namespace ps_sync {

/// Thrown where the user wants the command to end. No std::exception, so that nothing that handles failures takes it
/// for one.
struct Interrupted {};

/// From now on SIGINT, SIGTERM and SIGHUP are noted rather than obeyed; the second of a kind ends the program as usual.
/// One that was ignored when the program began stays ignored.
void catch_interrupts();

/// The signal that came; 0 where none did.
int interrupting_signal();

/// Readable once a signal came, for poll(2); -1 where none are caught.
int interrupt_fd();

/// Throws Interrupted where a signal came. As cheap as reading a variable.
void throw_if_interrupted();

/// Sleeps; throws Interrupted as soon as a signal comes.
void pause_for(std::chrono::milliseconds time);

}  // namespace ps_sync
