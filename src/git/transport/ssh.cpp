#include "git/transport/ssh.hpp"

#include <unistd.h>

#include <algorithm>

#include "git/transport/process.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/environment.hpp"

namespace ps_sync::git {
namespace {

constexpr auto connect_limit = "10";  // seconds, as ssh's own option has it
constexpr auto time_for_an_answer = std::chrono::seconds(10);

[[noreturn]] void refuse(const std::string& url, std::string_view why) {
  throw Error(ErrorKind::config, concat("refusing the remote address ", escape_for_display(redact_url(url))))
      .because(std::string(why))
      .hint("use ssh://HOST/PATH or HOST:PATH");
}

/// `host:port` or `[host]:port` taken apart. A port is digits only; an IPv6 address without brackets has none.
void split_port(const std::string& authority, const std::string& url, SshAddress& address) {
  const std::size_t at = authority.rfind('@');
  const std::string user = at == std::string::npos ? "" : authority.substr(0, at + 1);
  std::string host = authority.substr(user.size());
  std::string rest;
  if (host.rfind('[', 0) == 0) {
    const std::size_t end = host.find(']');
    if (end == std::string::npos) refuse(url, "a '[' without its ']'");
    rest = host.substr(end + 1);
    host = host.substr(1, end - 1);
  } else if (std::count(host.begin(), host.end(), ':') == 1) {
    rest = host.substr(host.find(':'));
    host = host.substr(0, host.find(':'));
  }
  if (!rest.empty() && rest != ":") {
    address.port = rest.substr(1);
    if (rest[0] != ':' || address.port->find_first_not_of("0123456789") != std::string::npos)
      refuse(url, "the port is not a number");
  }
  address.host = user + host;
}

/// For the shell at the other end, as git quotes: '!' as well, for the sake of csh.
std::string quote_for_shell(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '!') {
      quoted += concat("'\\", std::string_view(&c, 1), "'");
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

enum class Variant { open_ssh, plink, tortoise, simple };

/// What the user's program takes a port with (git-config(1), ssh.variant).
Variant variant_of(const SshSettings& settings, const std::string& program) {
  std::string name = settings.variant.value_or("auto");
  if (name == "auto") {
    name = to_lower_ascii(program.substr(program.find_last_of("/\\") + 1));
    if (name.ends_with(".exe")) name.resize(name.size() - 4);
  }
  if (name == "plink" || name == "putty") return Variant::plink;
  if (name == "tortoiseplink") return Variant::tortoise;
  return name == "simple" ? Variant::simple : Variant::open_ssh;
}

/// Where the socket of a shared connection may be: a folder of the user's alone, and a path that is short enough for a
/// socket (sockaddr_un has 104 bytes or more, and ssh binds it with 17 more first). "" where there is none. ssh removes
/// it when it ends, also after we were killed.
std::string find_socket(const fs::path& own_folder) {
  constexpr std::size_t longest = 104 - 17 - 1;
  std::error_code ignored;
  for (const fs::path& folder : {fs::path(environment_value("XDG_RUNTIME_DIR").value_or("")), own_folder}) {
    if (folder.empty() || !fs::is_directory(folder, ignored)) continue;
    const std::string path = (folder / concat("ps-sync-ssh-", std::to_string(::getpid()))).string();
    if (path.size() <= longest && path.find_first_of("%\"\\$") == std::string::npos) return path;
  }
  return "";
}

/// Can the shell become the program? One that stays beside it would be ended in its place, and ssh would not. What
/// is more than a plain command (`A=b ssh`, `ssh … | tee log`) cannot be put behind `exec`.
bool is_plain_command(const std::string& command) {
  const std::size_t begin = command.find_first_not_of(' ');
  if (begin == std::string::npos || command.find_first_of(";|&<>()\n") != std::string::npos) return false;
  return command.substr(begin, command.find(' ', begin) - begin).find('=') == std::string::npos;
}

bool names_any(const std::string& words, std::initializer_list<std::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return words.find(phrase) != std::string::npos; });
}

/// 255 is ssh's own failure; any other status comes from git at the other end, or from the shell there.
Ending judge(const std::string& host, int status, const std::string& words) {
  const std::string shown = quote_path(host);
  if (names_any(words, {"Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"})) {
    return {ErrorKind::rejected, {concat("look at the key and accept it once, if it is the right one: ssh ", shown)}};
  }
  if (names_any(words, {"Permission denied", "Too many authentication failures", "no matching"})) {
    return {ErrorKind::rejected,
            {concat("see whether ssh gets in by itself: ssh -T ", shown),
             "a key with a passphrase has to be in the agent where nobody can be asked: ssh-add"}};
  }
  if (status == 255 || words.empty()) return {ErrorKind::unreachable, {}};
  return {ErrorKind::rejected, {}};
}

}  // namespace

std::optional<SshAddress> parse_ssh_url(const std::string& url) {
  SshAddress address;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string::npos) {
    const std::string name = to_lower_ascii(url.substr(0, scheme));
    if (name != "ssh" && name != "git+ssh" && name != "ssh+git") return std::nullopt;
    const std::string rest = url.substr(scheme + 3);
    const std::size_t slash = rest.find('/');
    if (slash == std::string::npos) refuse(url, "it has no path");
    split_port(percent_decode(rest.substr(0, slash)), url, address);
    address.path = percent_decode(rest.substr(slash));
    if (address.path.rfind("/~", 0) == 0) address.path.erase(0, 1);  // somebody's home
  } else {
    // The colon that ends the host; one inside of brackets belongs to an address or a port.
    const std::size_t from = url.find('[') < url.find(':') ? std::min(url.find(']'), url.size()) : 0;
    const std::size_t colon = url.find(':', from);
    if (colon == std::string::npos || colon > url.find('/', from)) return std::nullopt;
    const std::string host = url.substr(0, colon);
    // Without brackets the one colon ends the host; in brackets, git allows a port.
    if (host.find('[') == std::string::npos) {
      address.host = host;
    } else {
      const std::size_t open = host.find('[');
      const std::string inside = host.substr(open + 1, host.find(']') - open - 1);
      const bool is_ipv6 = std::count(inside.begin(), inside.end(), ':') > 1;
      split_port(host.substr(0, open) + (is_ipv6 ? concat("[", inside, "]") : inside), url, address);
    }
    address.path = url.substr(colon + 1);
  }
  const std::size_t at = address.host.rfind('@');
  const std::string bare = at == std::string::npos ? address.host : address.host.substr(at + 1);
  if (bare.empty()) refuse(url, "it has no host");
  if (address.host[0] == '-' || bare[0] == '-')
    refuse(url, "the host begins with '-', so that ssh takes it for an option");
  if (address.path.empty()) refuse(url, "it has no path");
  if (address.path[0] == '-') refuse(url, "the path begins with '-', so that git takes it for an option");
  return address;
}

std::vector<std::string> ssh_words(const SshAddress& address, const RemoteOptions& options) {
  const SshSettings& settings = options.ssh;
  std::vector<std::string> words;
  std::string program = "ssh";
  if (settings.command) {
    // As git runs it: by the shell, what follows handed over as its arguments.
    program = settings.command->substr(0, settings.command->find(' '));
    const char* become = is_plain_command(*settings.command) ? "exec " : "";
    words = {"sh", "-c", concat(become, *settings.command, " \"$@\""), *settings.command};
  } else if (settings.program) {
    program = *settings.program;
    words = {program};
  } else {
    words = {"ssh", "-o", concat("ConnectTimeout=", connect_limit)};
    if (!options.terminal) words.insert(words.end(), {"-o", "BatchMode=yes"});
  }
  const Variant variant = variant_of(settings, program);
  if (variant == Variant::tortoise) words.emplace_back("-batch");
  if (!address.port) return words;
  if (variant == Variant::simple) {
    throw Error(ErrorKind::config, "cannot hand a port to the ssh program")
        .because("ssh.variant is `simple`, which takes none")
        .hint("name the port in the ssh configuration, or set ssh.variant");
  }
  words.insert(words.end(), {variant == Variant::open_ssh ? "-p" : "-P", *address.port});
  return words;
}

std::multimap<std::string, std::string> ask_ssh(const std::vector<std::string>& words, const std::string& host) {
  std::multimap<std::string, std::string> settings;
  Command command{words, std::nullopt, without_git_environment()};
  command.arguments.insert(command.arguments.end(), {"-G", host});
  try {
    const Output output = run(command, {}, time_for_an_answer);
    if (output.status != 0) return settings;
    for (const std::string& line : lines_of(output.out)) {
      const std::size_t space = line.find(' ');
      if (space != std::string::npos) settings.emplace(line.substr(0, space), line.substr(space + 1));
    }
  } catch (const Error&) {
    // No ssh, or one that knows no -G.
  }
  return settings;
}

SshShare::SshShare(const SshAddress& address, const RemoteOptions& options) : host_(address.host), port_(address.port) {
  const SshSettings& settings = options.ssh;
  if (settings.command || settings.program || variant_of(settings, "ssh") != Variant::open_ssh) return;
  const std::string socket = find_socket(options.spool_folder);
  if (socket.empty()) return;
  const auto says = ask_ssh(ssh_words(address, options), address.host);
  const auto own = says.find("controlpath");
  if (says.empty() || (own != says.end() && own->second != "none")) return;
  socket_ = socket;
}

std::vector<std::string> SshShare::arguments(const SshAddress& address) const {
  if (socket_.empty() || address.host != host_ || address.port != port_) return {};
  return {"-o", "ControlMaster=auto", "-o", concat("ControlPath=\"", socket_, "\""), "-o", "ControlPersist=no"};
}

std::unique_ptr<Connection> connect_ssh(const SshAddress& address, Service service, const RemoteOptions& options,
                                        std::shared_ptr<SshShare>& share) {
  const bool is_first = !share;
  if (is_first) share = std::make_shared<SshShare>(address, options);
  Command command{ssh_words(address, options), std::nullopt, without_git_environment()};
  const std::vector<std::string> shared = share->arguments(address);
  command.arguments.insert(command.arguments.end(), shared.begin(), shared.end());
  command.environment.emplace_back("GIT_PROTOCOL", std::nullopt);  // a host may pass it on; we speak version 0
  const char* name = service == Service::upload_pack ? "git-upload-pack " : "git-receive-pack ";
  command.arguments.insert(command.arguments.end(), {address.host, concat(name, quote_for_shell(address.path))});
  auto connection = connect_process(command, options, [host = address.host](int status, const std::string& words) {
    return judge(host, status, words);
  });
  connection->carries_others = is_first && !shared.empty();
  return connection;
}

}  // namespace ps_sync::git
