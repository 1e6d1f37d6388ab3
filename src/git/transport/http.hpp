// Git's smart protocol over http (gitprotocol-http(5)): requests and answers instead of a stream.
#pragma once

#include "git/transport/connection.hpp"
#include "git/transport/http_session.hpp"

namespace ps_sync::git {

std::unique_ptr<Connection> connect_http(const std::string& url, Service service, std::shared_ptr<HttpSession> session,
                                         const RemoteOptions& options);

}  // namespace ps_sync::git
