#include "cli/json.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

namespace ps_sync::cli::json {

namespace {

using Json = nlohmann::ordered_json;

constexpr int format_version = 1;

/// What is not UTF-8 in a message is replaced: a message is for people, and names have their own way (with_path).
std::string print(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json object() {
  Json out = Json::object();
  out["version"] = format_version;
  return out;
}

Json maybe(const std::optional<Oid>& oid) { return oid ? Json(oid->hex()) : Json(nullptr); }
Json maybe(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }
Json maybe(const std::optional<Timestamp>& time) { return time ? Json(format_utc(*time)) : Json(nullptr); }
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

/// An entry that begins with its path; percent-encoded, and marked so, where the name is not UTF-8.
Json with_path(const std::string& path) {
  const bool encoded = !is_valid_utf8(path);
  Json out = Json::object();
  out["path"] = encoded ? percent_encode(path) : path;
  if (encoded) out["encoded"] = true;
  return out;
}

template <class List, class Make>
Json list_of(const List& list, Make make) {
  Json out = Json::array();
  for (const auto& entry : list) out.push_back(make(entry));
  return out;
}

Json paths_of(const std::vector<std::string>& paths) { return list_of(paths, with_path); }

Json change_of(const sync::Change& change) {
  Json out = with_path(change.path);
  out["change"] = sync::to_text(change.change);
  return out;
}
Json changes_of(const std::vector<sync::Change>& changes) { return list_of(changes, change_of); }

Json conflict_of(const sync::Conflict& conflict) {
  Json out = with_path(conflict.path);
  out["kind"] = sync::to_text(conflict.kind);
  out["base"] = maybe(conflict.base);
  out["ours"] = maybe(conflict.ours);
  out["theirs"] = maybe(conflict.theirs);
  out["from"] = text_or_null(conflict.from);
  out["at"] = conflict.at == Timestamp{} ? Json(nullptr) : Json(format_utc(conflict.at));
  out["holder"] = text_or_null(conflict.holder);
  return out;
}
Json conflicts_of(const std::vector<sync::Conflict>& conflicts) { return list_of(conflicts, conflict_of); }

Json held_back_of(const std::vector<sync::HeldBack>& held_back) {
  return list_of(held_back, [](const sync::HeldBack& held) {
    Json out = with_path(held.path);
    out["reason"] = sync::to_text(held.reason);
    out["detail"] = held.detail;
    return out;
  });
}

Json peer_of(const app::Peer& peer) {
  return Json{{"name", peer.name},    {"label", peer.label},   {"commit", maybe(peer.commit)},
              {"at", maybe(peer.at)}, {"behind", peer.behind}, {"self", peer.self}};
}

Json error_fields(const Error& error) {
  return Json{{"message", error.message()}, {"causes", error.causes()}, {"hints", error.hints()}};
}
Json offline_of(const std::optional<Error>& offline) { return offline ? error_fields(*offline) : Json(nullptr); }

void add_problem(Json& out, const std::optional<Problem>& problem) {
  if (!problem) return;
  out["error"] = error_fields(problem->error);
  out["error"]["exit"] = static_cast<int>(problem->exit);
}

Json remote_of(const std::string& name, const std::string& url, bool reachable) {
  return Json{{"name", text_or_null(name)}, {"url", text_or_null(url)}, {"reachable", reachable}};
}

Json beacon_of(const app::BeaconView& beacon) {
  Json out{{"provider", beacon.provider},           {"ticket", maybe(beacon.ticket)},
           {"status", text_or_null(beacon.status)}, {"commit", maybe(beacon.commit)},
           {"direction", maybe(beacon.direction)},  {"last_update", maybe(beacon.last_update)},
           {"timestamp", maybe(beacon.timestamp)}};
  const bool encoded = std::any_of(beacon.files_updated.begin(), beacon.files_updated.end(),
                                   [](const std::string& path) { return !is_valid_utf8(path); });
  out["files_updated"] = list_of(beacon.files_updated,
                                 [&](const std::string& path) { return Json(encoded ? percent_encode(path) : path); });
  if (encoded) out["encoded"] = true;
  out["pending"] = beacon.pending;
  return out;
}

std::string_view state_name(app::State state) {
  switch (state) {
    case app::State::in_sync:
      return "in_sync";
    case app::State::incoming:
      return "incoming";
    case app::State::outgoing:
      return "outgoing";
    case app::State::diverged:
      return "diverged";
    case app::State::conflicts:
      return "conflicts";
  }
  return "";
}

std::string_view result_name(app::SyncResult result) {
  switch (result) {
    case app::SyncResult::done:
      return "done";
    case app::SyncResult::nothing:
      return "nothing";
    case app::SyncResult::queued:
      return "queued";
    case app::SyncResult::refused:
      return "refused";
  }
  return "";
}

void add_sync_fields(Json& out, const app::SyncReport& report) {
  out["result"] = result_name(report.result);
  out["commit"] = maybe(report.commit);
  out["pushed"] = report.pushed;
  out["published"] = report.published;
  out["sent"] = changes_of(report.sent);
  out["received"] = changes_of(report.received);
  out["conflicts"] = conflicts_of(report.conflicts);
  out["held_back"] = held_back_of(report.held_back);
  out["kept"] = list_of(report.kept, [](const app::KeptChange& kept) {
    Json entry = with_path(kept.path);
    entry["deleted_by"] = kept.deleted_by;
    entry["at"] = format_utc(kept.at);
    entry["commit"] = kept.commit.hex();
    return entry;
  });
  out["refused_deletes"] = paths_of(report.refused_deletes);
  out["warnings"] = report.warnings;
  out["offline"] = offline_of(report.offline);
}

void add_init_fields(Json& out, const app::InitReport& report) {
  out["endpoint"] = report.endpoint;
  out["session"] = report.session;
  out["branch"] = report.branch;
  out["remote"] = remote_of(report.remote_name, report.remote_url, report.reachable);
  out["remote_has_documents"] = report.remote_has_documents;
  out["remote_is_empty"] = report.remote_is_empty;
  out["already_set_up"] = report.already_set_up;
  out["made"] = paths_of(report.made);
  out["moved"] = paths_of(report.moved);
  out["tracked"] = paths_of(report.tracked);
  out["include"] = report.include;
  out["warnings"] = report.warnings;
}

std::string base64(const std::string& bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= have ? digits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

Json queued_of(const std::vector<app::QueuedCommit>& commits) {
  return list_of(commits, [](const app::QueuedCommit& queued) {
    return Json{{"commit", queued.commit.hex()},
                {"subject", queued.subject},
                {"at", format_utc(queued.at)},
                {"files", queued.files}};
  });
}

Json value_of(const config::Value& value) {
  return Json{{"key", value.key}, {"value", value.text}, {"origin", value.origin}};
}

std::string_view verdict_name(app::Verdict verdict) {
  switch (verdict) {
    case app::Verdict::good:
      return "good";
    case app::Verdict::warning:
      return "warning";
    case app::Verdict::bad:
      return "bad";
  }
  return "";
}

}  // namespace

std::string error(const Problem& problem) {
  Json out = object();
  add_problem(out, problem);
  return print(out);
}

std::string status(const app::Status& status, const std::optional<Problem>& problem) {
  Json out = object();
  out["endpoint"] = status.endpoint;
  out["session"] = status.session;
  out["branch"] = status.branch;
  out["state"] = state_name(status.state);
  out["remote"] = remote_of(status.remote_name, status.remote_url, status.reachable);
  out["base"] = maybe(status.base);
  out["local"] = maybe(status.local);
  out["tip"] = maybe(status.tip);
  out["beacon"] = beacon_of(status.beacon);
  out["incoming"] = changes_of(status.incoming);
  out["outgoing"] = changes_of(status.outgoing);
  out["queued_commits"] = status.queued_commits;
  out["conflicts"] = conflicts_of(status.conflicts);
  out["held_back"] = held_back_of(status.held_back);
  out["behind"] = list_of(status.behind, peer_of);
  out["refused_deletes"] = paths_of(status.refused_deletes);
  out["warnings"] = status.warnings;
  out["offline"] = offline_of(status.offline);
  add_problem(out, problem);
  return print(out);
}

std::string sync(const app::SyncReport& report, const std::optional<Problem>& problem) {
  Json out = object();
  add_sync_fields(out, report);
  add_problem(out, problem);
  return print(out);
}

std::string conflicts(const std::vector<sync::Conflict>& conflicts) {
  Json out = object();
  out["conflicts"] = conflicts_of(conflicts);
  return print(out);
}

std::string queue(const app::Queue& queue) {
  Json out = object();
  out["outgoing"] = queued_of(queue.outgoing);
  out["incoming"] = queued_of(queue.incoming);
  out["uncommitted"] = changes_of(queue.uncommitted);
  out["beacon_pending"] = queue.beacon_pending;
  out["last_failure"] = maybe(queue.last_failure);
  return print(out);
}

std::string peers(const std::vector<app::Peer>& peers) {
  Json out = object();
  out["peers"] = list_of(peers, peer_of);
  return print(out);
}

std::string log(const std::vector<app::LogEntry>& entries) {
  Json out = object();
  out["commits"] = list_of(entries, [](const app::LogEntry& entry) {
    return Json{
        {"commit", entry.commit.hex()}, {"subject", entry.subject},   {"endpoint", text_or_null(entry.endpoint)},
        {"author", entry.author},       {"at", format_utc(entry.at)}, {"changes", changes_of(entry.changes)}};
  });
  return print(out);
}

std::string content(const std::optional<std::string>& revision, const std::optional<std::string>& path,
                    const std::string& bytes) {
  Json out = object();
  out["revision"] = maybe(revision);
  if (path) {
    out.update(with_path(*path));
  } else {
    out["path"] = nullptr;
  }
  const bool text = is_valid_utf8(bytes);
  out["encoding"] = text ? "utf-8" : "base64";
  out["content"] = text ? bytes : base64(bytes);
  return print(out);
}

std::string restore(const app::RestoreReport& report, const std::optional<Problem>& problem) {
  Json out = object();
  out.update(with_path(report.path));
  out["from"] = report.from.hex();
  out["changed"] = report.changed;
  out["sync"] = Json::object();
  add_sync_fields(out["sync"], report.sync);
  add_problem(out, problem);
  return print(out);
}

std::string init(const app::InitReport& report) {
  Json out = object();
  add_init_fields(out, report);
  return print(out);
}

std::string clone(const app::CloneReport& report, const std::optional<Problem>& problem) {
  Json out = object();
  const std::string folder = report.folder.string();
  out["folder"] = is_valid_utf8(folder) ? folder : percent_encode(folder);
  if (!is_valid_utf8(folder)) out["encoded"] = true;
  out["init"] = Json::object();
  add_init_fields(out["init"], report.init);
  out["pull"] = Json::object();
  add_sync_fields(out["pull"], report.pull);
  add_problem(out, problem);
  return print(out);
}

std::string beacon(const std::optional<std::string>& body) {
  Json out = object();
  out["body"] = maybe(body);
  return print(out);
}

std::string config_value(const config::Value& value) {
  Json out = object();
  out.update(value_of(value));
  return print(out);
}

std::string config_list(const std::vector<config::Value>& values) {
  Json out = object();
  out["values"] = list_of(values, value_of);
  return print(out);
}

std::string doctor(const app::DoctorReport& report) {
  Json out = object();
  out["findings"] = list_of(report.findings, [](const app::Finding& finding) {
    return Json{{"subject", finding.subject},
                {"verdict", verdict_name(finding.verdict)},
                {"text", finding.text},
                {"remedy", text_or_null(finding.remedy)}};
  });
  out["values"] = list_of(report.values, value_of);
  out["untouched"] = report.untouched ? Json(*report.untouched) : Json(nullptr);
  return print(out);
}

}  // namespace ps_sync::cli::json
