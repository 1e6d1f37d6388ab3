// Several sessions in one document: which of them the front matter tells of.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ps_sync/beacon/document.hpp"

namespace ps_sync::beacon {

/// The acknowledgements of any session that the document knows.
std::map<std::string, Ack> acks_of(const Document& document, std::string_view session);

/// Moves what the front matter says to `sessions` or `idle_sessions` and leaves the front matter idle, with no session.
void park_front(Document& document);

/// The reverse: the front matter tells of `session`.
void show_in_front(Document& document, const std::string& session);

/// The session whose news is newest, by name where two are as new; "" where nothing waits. Front must be parked.
std::string newest_waiting(const Document& document);

}  // namespace ps_sync::beacon
