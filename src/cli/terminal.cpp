#include "cli/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace ps_sync::cli {

namespace {

bool out_failed = false;

void write_to(std::FILE* stream, std::string_view bytes) {
  if (bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size()) return;
  if (stream == stdout && errno != EPIPE) out_failed = true;
}

}  // namespace

void open_missing_streams() {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDWR);  // each takes the lowest free number
  if (fd >= 0) close(fd);
}

bool is_terminal(Stream stream) {
  switch (stream) {
    case Stream::in:
      return isatty(STDIN_FILENO) == 1;
    case Stream::out:
      return isatty(STDOUT_FILENO) == 1;
    case Stream::err:
      return isatty(STDERR_FILENO) == 1;
  }
  return false;
}

bool terminal_takes_color() {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) != "dumb";
}

void write_out(std::string_view bytes) { write_to(stdout, bytes); }

void write_err(std::string_view bytes) {
  std::fflush(stdout);  // so that the two streams stay in order where they end in one terminal or file
  write_to(stderr, bytes);
}

bool flush_out() {
  if (std::fflush(stdout) != 0 && errno != EPIPE) out_failed = true;
  return !out_failed;
}

std::optional<std::string> ask(std::string_view question) {
  write_err(question);
  std::string answer;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c == '\n') return answer;
    answer += static_cast<char>(c);
  }
  write_err("\n");
  return answer.empty() ? std::nullopt : std::optional(answer);
}

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "";
  return std::string(std::string_view(name).substr(0, std::string_view(name).find('.')));
}

}  // namespace ps_sync::cli
