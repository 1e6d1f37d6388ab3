// Decides what the beacon has to say. A pure function of the present body and of what git knows, so that endpoints that
// compose at once write the same.
//
// For each session: an endpoint is behind where the branch holds something that its acknowledged commit does not. News
// waits while somebody is behind, or while nobody but its maker has it. The manifest is the union of what those behind
// lack; in the usual case that is what changed since the oldest acknowledgement. A union needs no order among
// acknowledgements, and merges leave none.

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "beacon/news.hpp"
#include "beacon/yaml_scalar.hpp"
#include "ps_sync/base/endpoint.hpp"
#include "ps_sync/beacon/document.hpp"

namespace ps_sync::beacon {

namespace {

constexpr auto forgotten_after = std::chrono::days(30);
constexpr auto own_time_holds_for = std::chrono::days(1);
constexpr std::size_t longest_subject = 200;  // characters; git has it whole

bool has_changes(const Facts& facts, const std::optional<Oid>& since) {
  bool found = false;
  facts.visit_changes(since, [&](const ManifestEntry& /*entry*/) {
    found = true;
    return false;
  });
  return found;
}

bool is_on_branch(const Oid& commit, const Facts& facts) { return facts.tip && facts.is_on_branch(commit); }

/// Without acknowledgements that are too old. One with no time, or one from the future, has its 30 days from now on.
std::map<std::string, Ack> without_forgotten(std::map<std::string, Ack> acks, Timestamp now) {
  for (auto ack = acks.begin(); ack != acks.end();) {
    ack->second.at = std::min(ack->second.at.value_or(now), now);
    ack = now - *ack->second.at > forgotten_after ? acks.erase(ack) : std::next(ack);
  }
  return acks;
}

/// Our own acknowledgement as git has it. Its time stays for a day, so that a new time alone is no reason to publish.
std::optional<Ack> own_ack(const std::optional<Ack>& present, const Facts& facts) {
  Ack ack{facts.applied, facts.now};
  if (!facts.applied && !present) return std::nullopt;
  if (facts.applied && !is_on_branch(*facts.applied, facts)) {
    // What we have applied is not out yet: what we last said still holds, if that is on the branch.
    if (!present || !present->commit || !is_on_branch(*present->commit, facts)) return std::nullopt;
    ack.commit = present->commit;
  }
  const bool is_same = present && present->commit == ack.commit && present->at;
  if (is_same && *present->at <= facts.now && facts.now - *present->at <= own_time_holds_for) ack.at = present->at;
  return ack;
}

std::map<std::string, Ack> current_acks(std::map<std::string, Ack> acks, const Facts& facts) {
  const auto own = acks.find(facts.endpoint);
  const std::optional<Ack> present = own != acks.end() ? std::optional(own->second) : std::nullopt;
  if (own != acks.end()) acks.erase(own);
  std::erase_if(acks, [&](const auto& item) {
    const std::optional<Oid>& commit = item.second.commit;
    return commit && !is_on_branch(*commit, facts);
  });
  acks = without_forgotten(std::move(acks), facts.now);
  if (const auto ack = own_ack(present, facts)) acks[facts.endpoint] = *ack;
  return acks;
}

std::vector<std::string> behind_in(const std::map<std::string, Ack>& acks, const Facts& facts) {
  std::vector<std::string> names;
  if (!facts.tip) return names;
  for (const auto& [name, ack] : acks) {
    if (ack.commit && !is_on_branch(*ack.commit, facts)) continue;
    if (!ack.commit || has_changes(facts, ack.commit)) names.push_back(name);
  }
  return names;
}

/// What those behind lack, by path; everything where nobody is behind and still nobody else has it. The first
/// most_listed of it, and how many there are.
void list_waiting(const std::map<std::string, Ack>& acks, const std::vector<std::string>& behind_names,
                  const Facts& facts, SessionNews& news) {
  std::set<std::optional<Oid>> lacking_since;
  for (const std::string& name : behind_names) lacking_since.insert(acks.at(name).commit);
  if (behind_names.empty()) lacking_since.insert(std::nullopt);
  std::map<std::string, ManifestEntry> listed;
  std::set<std::string> all;  // only where there are several lists to join
  for (const std::optional<Oid>& since : lacking_since) {
    facts.visit_changes(since, [&](const ManifestEntry& entry) {
      if (lacking_since.size() == 1) {
        ++news.total;
      } else {
        all.insert(entry.path);
      }
      if (listed.size() == most_listed && std::prev(listed.end())->first < entry.path) return true;
      const auto [known, is_new] = listed.emplace(entry.path, entry);
      if (!is_new && entry.change == "added") known->second = entry;  // new to one of them: new
      if (listed.size() > most_listed) listed.erase(std::prev(listed.end()));
      return true;
    });
  }
  news.total = std::max(news.total, all.size());
  news.manifest.reserve(listed.size());
  for (auto& [path, entry] : listed) news.manifest.push_back(std::move(entry));
}

bool is_built_in(std::string_view endpoint) { return endpoint == "desktop" || endpoint == "code"; }

std::string label_of(const std::string& endpoint, const Facts& facts) {
  if (const auto found = facts.labels.find(endpoint); found != facts.labels.end()) return found->second;
  std::string label = endpoint.empty() ? "somebody" : endpoint;
  if (label[0] >= 'a' && label[0] <= 'z') label[0] = static_cast<char>(label[0] - 'a' + 'A');
  return label;
}

/// Where the news goes: the one other endpoint where there is just one, else "".
std::string target_of(const std::map<std::string, Ack>& acks, const Facts& facts) {
  std::set<std::string> known = facts.pushed_by;
  for (const auto& [name, ack] : acks) known.insert(name);
  if (!facts.tip_endpoint.empty()) known.insert(facts.tip_endpoint);
  if (std::all_of(known.begin(), known.end(), is_built_in)) known = {"desktop", "code"};
  if (known.size() != 2 || known.erase(facts.tip_endpoint) == 0) return {};
  return *known.begin();
}

std::string action_for(const std::string& target, const Facts& facts) {
  if (target.empty()) return "Run 'ps-sync pull' everywhere else";
  const bool is_pair = is_built_in(target) && is_built_in(facts.tip_endpoint);
  return concat("Run 'ps-sync pull' in ", is_pair ? "Claude " : "",
                is_pair ? (target == "code" ? "Code" : "Desktop") : label_of(target, facts));
}

/// A subject fit for one line: valid UTF-8, and not so long that it fills the body.
std::string shorten(std::string_view subject) {
  std::string out;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < subject.size();) {
    if (++characters > longest_subject) return out + "…";
    const CodePoint point = code_point_at(subject, i);
    out += point.length == 0 ? "\xEF\xBF\xBD" : subject.substr(i, point.length);
    i += std::max<std::size_t>(point.length, 1);
  }
  return out;
}

/// What waits in the facts' session; absent where nothing does.
std::optional<SessionNews> find_news(const std::map<std::string, Ack>& acks, const Facts& facts) {
  if (!facts.tip || !facts.has_documents) return std::nullopt;
  const std::vector<std::string> behind_names = behind_in(acks, facts);
  const bool arrived = std::any_of(acks.begin(), acks.end(), [&](const auto& item) {
    return item.first != facts.tip_endpoint;  // nobody is behind, so whoever acknowledged has it
  });
  if (behind_names.empty() && arrived) return std::nullopt;

  SessionNews news;
  news.branch = facts.branch;
  news.commit = facts.tip;
  list_waiting(acks, behind_names, facts, news);
  if (!facts.tip_subject.empty()) news.last_update = shorten(facts.tip_subject);
  if (facts.tip_time) news.timestamp = format_utc(*facts.tip_time);
  const std::string target = target_of(acks, facts);
  news.direction = concat(label_of(facts.tip_endpoint, facts), "→", target.empty() ? "All" : label_of(target, facts));
  news.action = action_for(target, facts);
  news.acks = acks;
  return news;
}

/// The front matter of another session stays as it stands there: it may have been written by hand.
void keep_front(Document& document, const Document& present) {
  document.last_update = present.last_update;
  document.timestamp = present.timestamp;
  document.direction = present.direction;
  document.files_updated = present.files_updated;
  document.files_total = present.files_total;
  document.action = present.action;
  document.update_available = present.update_available;
  document.commit = present.commit;
  document.branch = present.branch;
  if (present.sessions.count(*document.session) == 0) document.sessions.erase(*document.session);
}

/// Is the shorter list the beginning of the longer, both of `total`? Then one of them was cut.
template <class Item>
bool is_same_list(const std::vector<Item>& one, std::size_t one_total, const std::vector<Item>& other,
                  std::size_t other_total) {
  const std::size_t shorter = std::min(one.size(), other.size());
  return std::max(one_total, one.size()) == std::max(other_total, other.size()) &&
         std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(shorter), other.begin());
}

void forget_times(std::map<std::string, Ack>& acks) {
  for (auto& [name, ack] : acks) ack.at = std::nullopt;
}

/// The document without what same_news must not look at.
Document without_times_and_lists(Document document) {
  forget_times(document.acks);
  for (auto& [name, acks] : document.idle_sessions) forget_times(acks);
  for (auto& [name, news] : document.sessions) {
    forget_times(news.acks);
    news.manifest.clear();
    news.total = 0;
  }
  document.files_updated.clear();
  document.files_total = 0;
  return document;
}

}  // namespace

Document compose(const Document& present, const Facts& facts) {
  Document document = present;
  document.has_machine_part = true;
  if (!document.session || !is_endpoint_name(*document.session)) {
    document.sessions.erase(document.session.value_or(""));
    document.session = facts.session;
  }
  const std::string shown = *document.session;
  const std::map<std::string, Ack> acks = current_acks(acks_of(document, facts.session), facts);

  park_front(document);
  for (auto& [name, news] : document.sessions) news.acks = without_forgotten(std::move(news.acks), facts.now);
  for (auto& [name, idle] : document.idle_sessions) idle = without_forgotten(std::move(idle), facts.now);
  std::erase_if(document.idle_sessions, [](const auto& item) { return item.second.empty(); });
  document.sessions.erase(facts.session);
  document.idle_sessions.erase(facts.session);
  if (auto news = find_news(acks, facts)) {
    document.sessions[facts.session] = *std::move(news);
  } else if (!acks.empty()) {
    document.idle_sessions[facts.session] = acks;
  }

  // Where nothing waits, the session shown stays: else places in different sessions would correct each other for ever.
  std::string front = newest_waiting(document);
  if (front.empty()) front = shown;
  show_in_front(document, front);
  if (front != facts.session && front == shown) {
    keep_front(document, present);
  } else if (front == facts.session) {
    document.branch = facts.branch;
    document.commit = facts.tip;
  }
  return document;
}

bool same_news(const Document& present, const Document& composed) {
  if (!is_same_list(present.files_updated, present.files_total, composed.files_updated, composed.files_total))
    return false;
  for (const auto& [name, news] : present.sessions) {
    const auto other = composed.sessions.find(name);
    if (other == composed.sessions.end() ||
        !is_same_list(news.manifest, news.total, other->second.manifest, other->second.total))
      return false;
  }
  return without_times_and_lists(present) == without_times_and_lists(composed);
}

std::size_t count_changes(const Facts& facts, const std::optional<Oid>& since) {
  std::size_t count = 0;
  facts.visit_changes(since, [&](const ManifestEntry& /*entry*/) {
    ++count;
    return true;
  });
  return count;
}

std::vector<std::string> behind(const Document& document, const Facts& facts) {
  return behind_in(acks_of(document, facts.session), facts);
}

std::vector<std::string> announced_but_absent(const Document& present,
                                              const std::function<bool(std::string_view name)>& branch_has) {
  std::vector<std::string> absent;
  if (!present.update_available) return absent;
  std::set<std::string_view> ours;
  if (const auto own = present.sessions.find(present.session.value_or("")); own != present.sessions.end())
    for (const ManifestEntry& entry : own->second.manifest) ours.insert(entry.path);
  for (const std::string& name : present.files_updated)
    if (ours.count(name) == 0 && !branch_has(name)) absent.push_back(name);
  return absent;
}

bool is_called(std::string_view path, std::string_view name) {
  if (name.substr(0, 2) == "./") name.remove_prefix(2);
  if (name.find('/') == std::string_view::npos) path = path.substr(path.rfind('/') + 1);
  return !name.empty() && path == name;
}

}  // namespace ps_sync::beacon
