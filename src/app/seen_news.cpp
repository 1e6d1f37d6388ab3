#include "app/seen_news.hpp"

#include <nlohmann/json.hpp>

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

}  // namespace

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

}  // namespace ps_sync::app
