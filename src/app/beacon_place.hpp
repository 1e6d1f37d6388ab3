// Where this clone's beacon is published, as the settings say.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/context.hpp"
#include "ps_sync/beacon/provider.hpp"
#include "ps_sync/github/ticket.hpp"

namespace ps_sync::app {

/// Throws Error{config} where the settings name no repository for a ticket.
std::unique_ptr<beacon::Provider> make_provider(const Context& context, git::Remote& remote);
/// The ticket of provider github; throws as make_provider does.
std::unique_ptr<github::Ticket> make_ticket(const Context& context);

/// What is fetched from the remote: the branch, and the beacon where that is a ref.
std::vector<git::FetchSpec> fetch_specs(const Context& context);

/// Keeps a body that was read elsewhere than from a ref where readers look for it: as the store's copy of the beacon.
/// Under the store's lock.
void note_seen_body(const Context& context, const std::optional<std::string>& body);

/// A body that says nothing yet.
std::string idle_body(const Context& context);
/// The template's text: the user's, else the built-in one.
std::string template_text(const Context& context);

/// An error in one line, for a warning: what, why, and what to do.
std::string in_one_line(const Error& error);

}  // namespace ps_sync::app
