// What is known of the terminal, and the only place that writes to the standard streams.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ps_sync::cli {

enum class Stream { in, out, err };

/// Opens /dev/null for each standard stream that was closed before we started: else the first file that we open would
/// get its number, and be written to in its place.
void open_missing_streams();

bool is_terminal(Stream stream);
/// Is colour wanted where a terminal could show it? NO_COLOR and TERM=dumb say no.
bool terminal_takes_color();

/// Writes all of `bytes`. A reader that has gone away is not an error.
void write_out(std::string_view bytes);
void write_err(std::string_view bytes);
/// Puts everything written on its way; false where stdout could not take it for another reason than a reader that has
/// gone (a full disk, say).
bool flush_out();

/// Asks one question on stderr and reads one line of stdin; absent at its end.
std::optional<std::string> ask(std::string_view question);

/// This host's name; "" where there is none.
std::string host_name();

}  // namespace ps_sync::cli
