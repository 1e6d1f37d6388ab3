#include "beacon/news.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "ps_sync/base/endpoint.hpp"

namespace ps_sync::beacon {

std::map<std::string, Ack> acks_of(const Document& document, std::string_view session) {
  if (!document.session || *document.session == session) return document.acks;
  const std::string name(session);
  if (const auto found = document.sessions.find(name); found != document.sessions.end()) return found->second.acks;
  if (const auto found = document.idle_sessions.find(name); found != document.idle_sessions.end()) return found->second;
  return {};
}

void park_front(Document& document) {
  const std::string session = document.session.value_or("");
  SessionNews news;
  if (const auto found = document.sessions.find(session); found != document.sessions.end()) {
    news = std::move(found->second);
    document.sessions.erase(found);
  }
  if (is_endpoint_name(session) && document.update_available) {
    news.branch = document.branch.value_or("");
    news.commit = document.commit;
    news.total = std::max(news.total, news.manifest.size());
    news.last_update = document.last_update;
    news.timestamp = document.timestamp;
    news.direction = document.direction;
    news.action = document.action;
    news.acks = document.acks;
    document.sessions[session] = std::move(news);
  } else if (is_endpoint_name(session) && !document.acks.empty()) {
    document.idle_sessions[session] = document.acks;
  }
  document.last_update = document.timestamp = document.direction = document.action = std::nullopt;
  document.files_updated.clear();
  document.files_total = 0;
  document.update_available = false;
  document.commit = std::nullopt;
  document.branch = document.session = std::nullopt;
  document.acks.clear();
}

void show_in_front(Document& document, const std::string& session) {
  document.session = session;
  if (const auto idle = document.idle_sessions.find(session); idle != document.idle_sessions.end()) {
    document.acks = std::move(idle->second);
    document.idle_sessions.erase(idle);
  }
  const auto found = document.sessions.find(session);
  if (found == document.sessions.end()) return;
  SessionNews& news = found->second;
  document.last_update = std::exchange(news.last_update, std::nullopt);
  document.timestamp = std::exchange(news.timestamp, std::nullopt);
  document.direction = std::exchange(news.direction, std::nullopt);
  document.action = std::exchange(news.action, std::nullopt);
  document.acks = std::exchange(news.acks, {});
  document.branch = news.branch;
  document.commit = news.commit;
  document.update_available = true;
  for (const ManifestEntry& entry : news.manifest) document.files_updated.push_back(entry.path);
  document.files_total = std::max(news.total, news.manifest.size());
}

std::string newest_waiting(const Document& document) {
  std::string newest;
  std::optional<Timestamp> newest_time;
  for (const auto& [name, news] : document.sessions) {
    const auto time = parse_utc(news.timestamp.value_or(""));
    if (newest.empty() || time > newest_time) {
      newest = name;
      newest_time = time;
    }
  }
  return newest;
}

Document without_session(Document document, std::string_view session) {
  const std::string name(session);
  if (document.session != name) {
    document.sessions.erase(name);
    document.idle_sessions.erase(name);
    return document;
  }
  park_front(document);
  document.sessions.erase(name);
  document.idle_sessions.erase(name);
  if (const std::string next = newest_waiting(document); !next.empty()) show_in_front(document, next);
  return document;
}

}  // namespace ps_sync::beacon
