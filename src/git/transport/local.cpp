#include "git/transport/http.hpp"
#include "git/transport/process.hpp"
#include "git/transport/ssh.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::git {
namespace {

int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && value_of(text[i + 1]) >= 0 && value_of(text[i + 2]) >= 0) {
      out += static_cast<char>(value_of(text[i + 1]) * 16 + value_of(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<std::string> local_path_of(const std::string& url) {
  if (url.rfind("file://", 0) == 0) return percent_decode(std::string_view(url).substr(7));
  if (url.find("://") != std::string::npos) return std::nullopt;
  const std::size_t colon = url.find(':');
  if (colon != std::string::npos && colon < url.find('/')) return std::nullopt;  // host:path
  return url;
}

std::unique_ptr<Connection> connect_local(const std::string& path, Service service, const RemoteOptions& options) {
  std::error_code failed;
  const bool there = fs::exists(path, failed);
  if (!there) {
    throw Error(ErrorKind::unreachable, concat("cannot reach the remote ", quote_path(path)))
        .because("there is no such folder now")
        .hint("plug the drive in or mount it, or correct the address: git remote set-url NAME URL");
  }
  Command command{{"git"}, std::nullopt, without_git_environment()};
  if (options.keep_pack) command.arguments.insert(command.arguments.end(), {"-c", "receive.unpackLimit=1"});
  command.arguments.insert(command.arguments.end(), {service == Service::upload_pack ? "upload-pack" : "receive-pack",
                                                     fs::absolute(path).string()});
  command.environment.emplace_back("GIT_PROTOCOL", std::nullopt);  // libgit2 speaks version 0
  return connect_process(command, options);
}

std::unique_ptr<Connection> connect(const std::string& url, Service service, const RemoteOptions& options,
                                    Conversation& conversation) {
  if (const auto path = local_path_of(url)) return connect_local(*path, service, options);
  if (const auto address = parse_ssh_url(url)) return connect_ssh(*address, service, options, conversation.ssh);
  if (!conversation.http) conversation.http = std::make_shared<HttpSession>(options);
  return connect_http(url, service, conversation.http, options);
}

}  // namespace ps_sync::git
