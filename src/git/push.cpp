#include "git/push.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <unordered_set>

#include "git/pack.hpp"
#include "git/sha1.hpp"
#include "git/thin_pack.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync::git {
namespace {

constexpr std::string_view zero_id = "0000000000000000000000000000000000000000";

struct NeededObject {
  ObjectType type;
  Oid oid;
};

/// Gathers the objects that commits need and a repository with others has not; parents before children.
class NeedCollector {
 public:
  explicit NeedCollector(const Store& store) : store_(store) {}

  void add_commit(const Commit& commit) {
    // What a parent's tree has at the same place is there already, on the remote or in this pack.
    std::vector<Oid> parents;
    for (const Oid& parent : commit.parents) parents.push_back(store_.read_commit(parent).tree);
    needed.push_back({ObjectType::commit, commit.oid});
    add_tree(commit.tree, parents);
  }

  std::vector<NeededObject> needed;
  bool has_large_changes = false;  ///< a large file among them takes another's place

 private:
  void add_tree(const Oid& tree, const std::vector<Oid>& others) {
    for (const Oid& other : others) {
      if (other == tree) return;
    }
    if (!seen_.insert(tree).second) return;
    needed.push_back({ObjectType::tree, tree});
    std::vector<std::vector<TreeEntry>> other_entries;
    for (const Oid& other : others) other_entries.push_back(store_.read_tree(other));
    for (const TreeEntry& entry : store_.read_tree(tree)) add_entry(entry, other_entries);
  }

  void add_entry(const TreeEntry& entry, const std::vector<std::vector<TreeEntry>>& others) {
    std::vector<Oid> same_name;
    for (const std::vector<TreeEntry>& entries : others) {
      const auto at = std::lower_bound(entries.begin(), entries.end(), entry, comes_before);
      if (at == entries.end() || at->name != entry.name || at->mode != entry.mode) continue;
      if (at->oid == entry.oid) return;
      same_name.push_back(at->oid);
    }
    if (entry.mode == mode_tree) {
      add_tree(entry.oid, same_name);
    } else if (entry.mode != 0160000 && seen_.insert(entry.oid).second) {  // a gitlink's commit is elsewhere
      needed.push_back({ObjectType::blob, entry.oid});
      if (!same_name.empty() && store_.size_of(entry.oid) >= worth_a_difference) has_large_changes = true;
    }
  }

  const Store& store_;
  std::unordered_set<Oid> seen_;
};

NeedCollector collect(const Store& store, const std::vector<Oid>& targets, const std::vector<Oid>& known) {
  NeedCollector collector(store);
  store.walk(targets, known, [&](const Commit& commit) {
    collector.add_commit(commit);
    return true;
  });
  return collector;
}

/// Streams the pack: what was found to be needed, then the objects of the ready pack, copied as they are.
void send_objects(const Store& store, Connection& connection, const std::vector<NeededObject>& needed,
                  const std::optional<ReadyPack>& ready, TransferMeter& meter) {
  constexpr std::size_t pack_header = 12;
  constexpr std::size_t pack_trailer = 20;
  std::uint32_t count = 0;
  std::uint64_t ready_size = 0;
  Fd ready_file;
  if (ready) {
    ready_file = Fd(::open(ready->path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!ready_file || ::fstat(ready_file.get(), &status) != 0) throw_system_error("read", ready->path);
    ready_size = static_cast<std::uint64_t>(status.st_size);
    if (ready_size < pack_header + pack_trailer) {
      throw Error(ErrorKind::failed, concat("cannot read ", ready->path.string())).because("the pack is cut off");
    }
    visit_bytes(ready_file.get(), pack_header - sizeof count, pack_header, ready->path, [&](std::string_view bytes) {
      for (const char byte : bytes) count = count << 8 | static_cast<std::uint8_t>(byte);
    });
  }
  Sha1 sha;
  std::string pending;
  const auto flush = [&] {
    sha.add(pending);
    connection.write(pending);
    meter.bytes += pending.size();
    pending.clear();
  };
  PackEncoder encoder([&](std::string_view bytes) {
    pending += bytes;
    if (pending.size() >= 65536) flush();
  });
  const std::uint32_t total = count + static_cast<std::uint32_t>(needed.size());
  meter.begin(Transferring::sending, total);
  pending = PackEncoder::header(total);
  for (const NeededObject& object : needed) {
    throw_if_interrupted();
    encoder.add(object.type, store.read(object.type, object.oid));
    ++meter.objects;
  }
  flush();
  if (ready) {
    visit_bytes(ready_file.get(), pack_header, ready_size - pack_trailer, ready->path, [&](std::string_view bytes) {
      throw_if_interrupted();
      sha.add(bytes);
      connection.write(bytes);
      meter.bytes += bytes.size();
      // Which object these bytes belong to is not known without looking: about as many as their share.
      meter.objects = needed.size() + count * meter.bytes / (ready_size + needed.size());
    });
  }
  const Oid checksum = sha.finish();
  connection.write({reinterpret_cast<const char*>(checksum.bytes.data()), checksum.bytes.size()});
}

/// Takes the report apart: "unpack ok", then "ok REF" or "ng REF REASON" for each.
class ReportReader {
 public:
  explicit ReportReader(bool sideband) : sideband_(sideband) {}

  void take(const std::string& payload) {
    if (!sideband_) return take_line(payload);
    if (payload.empty()) return;
    const std::string_view rest = std::string_view(payload).substr(1);
    if (payload[0] == 1) {
      inner_ += rest;
      take_inner();
    } else {
      words += rest;  // band 2: progress and the words of hooks; band 3: a fatal error
    }
  }

  std::optional<std::string> unpack;                           ///< "ok", or why not
  std::map<std::string, std::optional<std::string>> verdicts;  ///< by ref: absent is ok, else the reason
  std::string words;
  bool complete = false;  ///< all verdicts are in; what follows are hooks that run afterwards, and housekeeping

 private:
  void take_inner() {
    while (inner_.size() >= 4) {
      const unsigned long length = std::strtoul(inner_.substr(0, 4).c_str(), nullptr, 16);
      if (length == 0) {
        inner_.erase(0, 4);
        complete = true;
        continue;
      }
      if (length < 4 || inner_.size() < length) return;
      take_line(inner_.substr(4, length - 4));
      inner_.erase(0, length);
    }
  }

  void take_line(const std::string& raw) {
    const std::string line(trim(raw));
    if (line.rfind("unpack ", 0) == 0) {
      unpack = line.substr(7);
    } else if (line.rfind("ok ", 0) == 0) {
      verdicts[line.substr(3)] = std::nullopt;
    } else if (line.rfind("ng ", 0) == 0) {
      const std::size_t space = line.find(' ', 3);
      verdicts[line.substr(3, space - 3)] = space == std::string::npos ? "no reason given" : line.substr(space + 1);
    }
  }

  bool sideband_;
  std::string inner_;
};

void send_commands(Connection& connection, const Advertisement& advertisement, const std::vector<RefUpdate>& updates) {
  std::string capabilities = " report-status";
  if (advertisement.capabilities.contains("side-band-64k")) capabilities += " side-band-64k";
  if (updates.size() > 1 && advertisement.capabilities.contains("atomic")) capabilities += " atomic";
  capabilities += " agent=ps-sync";
  std::string request;
  for (const RefUpdate& update : updates) {
    const std::string old_id = update.expected ? update.expected->hex() : std::string(zero_id);
    std::string line = concat(old_id, " ", update.target.hex(), " ", update.remote_ref);
    if (request.empty()) {
      line += '\0';
      line += capabilities;
    }
    request += pkt_line(line);
  }
  connection.write(request + "0000");
}

}  // namespace

PushResult send_pack(const Store& store, Connection& connection, const Advertisement& advertisement,
                     const std::vector<RefUpdate>& updates, const std::optional<ReadyPack>& ready,
                     TransferMeter& meter) {
  if (!advertisement.capabilities.contains("report-status")) {
    throw Error(ErrorKind::rejected, "cannot push to this remote")
        .because("it does not report what it did with a push");
  }
  failpoint("push-before-send");
  std::vector<Oid> targets;
  std::vector<Oid> known;
  for (const RefUpdate& update : updates) targets.push_back(update.target);
  for (const auto& [name, oid] : advertisement.refs) {
    if (store.has(oid)) known.push_back(oid);
  }
  send_commands(connection, advertisement, updates);
  if (connection.is_network() && collect(store, targets, known).has_large_changes) {
    meter.begin(Transferring::sending, 0);
    write_thin_pack(store.path(), targets, known, [&](std::string_view bytes) {
      connection.write(bytes);
      meter.bytes += bytes.size();
    });
  } else {
    for (Oid& target : targets) {
      if (ready && target == ready->target) target = ready->from;
    }
    send_objects(store, connection, collect(store, targets, known).needed, ready, meter);
  }
  connection.finish_writing();
  failpoint("push-after-send");

  ReportReader report(advertisement.capabilities.contains("side-band-64k"));
  PktReader reader(connection);
  while (!report.complete) {
    const auto payload = reader.next();
    if (!payload) break;
    report.take(*payload);
  }
  const bool all_accepted = report.unpack == "ok" && std::all_of(report.verdicts.begin(), report.verdicts.end(),
                                                                 [](const auto& verdict) { return !verdict.second; });
  if (!all_accepted) connection.close();  // with the server's last words
  failpoint("push-after-report");

  PushResult result;
  result.server_words = concat(report.words, connection.errors());
  for (const RefUpdate& update : updates) {
    RefResult ref{update.remote_ref, false, false, ""};
    const auto verdict = report.verdicts.find(update.remote_ref);
    if (report.unpack != "ok") {
      ref.reason = report.unpack.value_or("the remote did not say what it did");
    } else if (verdict == report.verdicts.end()) {
      ref.reason = "the remote did not say what it did with this ref";
    } else if (verdict->second) {
      ref.reason = *verdict->second;
    } else {
      ref.accepted = true;
    }
    result.refs.push_back(std::move(ref));
  }
  return result;
}

}  // namespace ps_sync::git
