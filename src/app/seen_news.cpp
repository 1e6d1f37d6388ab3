#include "app/seen_news.hpp"

#include <nlohmann/json.hpp>

#include "app/publisher.hpp"
#include "ps_sync/base/error.hpp"

namespace ps_sync::app {

using nlohmann::json;

namespace {

fs::path file_of(const Context& context) { return context.place.own_folder() / "seen.json"; }

std::string hex_of(const std::optional<Oid>& oid) { return oid ? oid->hex() : "none"; }

/// Settings that the news depends on are part of what it was read from.
std::string to_text(const Context& context, const NewsSource& source) {
  return concat("1 ", hex_of(source.beacon), " ", hex_of(source.tip), " ", hex_of(source.applied), " ",
                context.settings().beacon.provider, " ", context.endpoint, " ", context.remote_ref());
}

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json(nullptr);
}
json or_null(const std::optional<Oid>& oid) { return oid ? json(oid->hex()) : json(nullptr); }

std::optional<std::string> find_text(const json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
}
std::optional<Oid> find_oid(const json& value) {
  return value.is_null() ? std::nullopt : Oid::from_hex(value.get<std::string>());
}

std::optional<SeenNews> recall_news(const Context& context, const NewsSource& source) {
  const auto text = read_file(file_of(context));
  if (!text) return std::nullopt;
  try {
    const json value = json::parse(*text);
    if (value.at("source") != to_text(context, source)) return std::nullopt;
    SeenNews news;
    const json& beacon = value.at("beacon");
    news.beacon.provider = context.settings().beacon.provider;
    news.beacon.status = beacon.at("status").get<std::string>();
    news.beacon.commit = find_oid(beacon.at("commit"));
    news.beacon.direction = find_text(beacon.at("direction"));
    news.beacon.last_update = find_text(beacon.at("last_update"));
    news.beacon.timestamp = find_text(beacon.at("timestamp"));
    news.beacon.files_updated = beacon.at("files_updated").get<std::vector<std::string>>();
    for (const json& item : value.at("behind")) {
      Peer peer;
      peer.name = item.at("name").get<std::string>();
      peer.label = config::label_of(context.settings(), peer.name);
      peer.commit = find_oid(item.at("commit"));
      if (const auto at = find_text(item.at("at"))) peer.at = parse_utc(*at);
      peer.behind = item.at("behind").get<std::size_t>();
      news.behind.push_back(std::move(peer));
    }
    return news;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

void remember_news(const Context& context, const NewsSource& source, const SeenNews& news) {
  json behind = json::array();
  for (const Peer& peer : news.behind) {
    behind.push_back({{"name", peer.name},
                      {"commit", or_null(peer.commit)},
                      {"at", peer.at ? json(format_utc(*peer.at)) : json(nullptr)},
                      {"behind", peer.behind}});
  }
  const json value{{"source", to_text(context, source)},
                   {"beacon",
                    {{"status", news.beacon.status},
                     {"commit", or_null(news.beacon.commit)},
                     {"direction", or_null(news.beacon.direction)},
                     {"last_update", or_null(news.beacon.last_update)},
                     {"timestamp", or_null(news.beacon.timestamp)},
                     {"files_updated", news.beacon.files_updated}}},
                   {"behind", std::move(behind)}};
  try {
    make_private_folders(context.place.own_folder());
    write_file(file_of(context), value.dump(1) + "\n");
  } catch (const json::exception&) {
    // Bytes that are no UTF-8 would come back as others.
  } catch (const Error&) {
  }
}

/// A beacon that cannot be read is a hint that says nothing.
std::optional<beacon::Document> read_beacon(const Context& context, const std::optional<Oid>& commit) {
  if (!commit) return std::nullopt;
  try {
    const auto body = beacon::read_beacon_commit(context.store, *commit);
    if (body) return beacon::parse(*body);
  } catch (const Error&) {
    // Broken or hostile.
  }
  return std::nullopt;
}

BeaconView view_of(const Context& context, const std::optional<beacon::Document>& document) {
  BeaconView view;
  view.provider = context.settings().beacon.provider;
  view.status = document && document->update_available ? "UPDATE_AVAILABLE" : "IDLE";
  if (!document) return view;
  view.commit = document->commit;
  if (!document->update_available) return view;
  view.direction = document->direction;
  view.last_update = document->last_update;
  view.timestamp = document->timestamp;
  view.files_updated = document->files_updated;
  return view;
}

std::vector<Peer> peers_of(const Context& context, const NewsSource& source,
                           const std::optional<beacon::Document>& document) {
  std::vector<Peer> peers;
  const beacon::Facts facts = gather_facts(context, source.tip, source.applied);
  std::map<std::string, beacon::Ack> acks;
  if (document) acks = document->acks;
  for (const std::string& name : facts.pushed_by) acks.emplace(name, beacon::Ack{});
  beacon::Ack& own = acks[context.endpoint];
  if (source.applied) own.commit = source.applied;
  for (const auto& [name, ack] : acks) {
    Peer peer;
    peer.name = name;
    peer.label = config::label_of(context.settings(), name);
    peer.commit = ack.commit;
    peer.at = ack.at;
    peer.self = name == context.endpoint;
    const bool on_branch = ack.commit && facts.is_on_branch(*ack.commit);
    if (source.tip) peer.behind = beacon::count_changes(facts, on_branch ? ack.commit : std::nullopt);
    peers.push_back(std::move(peer));
  }
  return peers;
}

}  // namespace

SeenNews read_news(const Context& context, const NewsSource& source) {
  if (auto known = recall_news(context, source)) return *std::move(known);
  const auto document = read_beacon(context, source.beacon);
  SeenNews news{view_of(context, document), {}};
  if (source.tip || source.applied) news.behind = peers_of(context, source, document);
  std::erase_if(news.behind, [](const Peer& peer) { return peer.self || peer.behind == 0; });
  remember_news(context, source, news);
  return news;
}

std::vector<Peer> list_peers(const Context& context, const NewsSource& source) {
  return peers_of(context, source, read_beacon(context, source.beacon));
}

}  // namespace ps_sync::app
