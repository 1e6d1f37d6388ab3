#include "git/fetch.hpp"

#include <optional>

#include "git/store_state.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync::git {
namespace {

// Of each ref so many commits are named as known. The other side knows one of the first unless it was rewound far, and
// then it sends more than it need have.
constexpr std::size_t named_commits = 32;

std::vector<Oid> known_commits(const Store& store) {
  std::vector<Oid> tips;
  for (const std::string& name : store.list_refs("refs/")) {
    const auto oid = store.find_ref(name);
    if (oid && store.is_commit(*oid)) tips.push_back(*oid);
  }
  std::vector<Oid> known = tips;
  if (tips.empty()) return known;
  store.walk(tips, {}, [&](const Commit& commit) {
    known.push_back(commit.oid);
    return known.size() < tips.size() + named_commits;
  });
  return known;
}

std::string make_request(const Connection& connection, const Advertisement& advertisement,
                         const std::vector<Oid>& wants, const std::vector<Oid>& haves) {
  std::string capabilities = " side-band-64k";
  for (const char* name : {"ofs-delta", "no-progress"}) {
    if (advertisement.capabilities.contains(name)) capabilities += concat(" ", name);
  }
  if (connection.is_network() && advertisement.capabilities.contains("thin-pack")) capabilities += " thin-pack";
  capabilities += " agent=ps-sync";
  std::string request;
  for (const Oid& want : wants) {
    request += pkt_line(concat("want ", want.hex(), request.empty() ? capabilities : "", "\n"));
  }
  request += "0000";
  for (const Oid& have : haves) request += pkt_line(concat("have ", have.hex(), "\n"));
  return request + pkt_line("done\n");
}

/// A pack on its way into the store, checked and indexed as it comes. Gone with this object unless it was committed.
class PackWriter {
 public:
  PackWriter(const Store& store, TransferMeter& meter) : store_(store), meter_(meter) {
    check(git_odb_write_pack(&writer_, store.repository().odb(), note_progress, &meter_), "write",
          store.path().string());
  }
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;
  ~PackWriter() { writer_->free(writer_); }

  void append(std::string_view bytes) {
    meter_.bytes += bytes.size();  // libgit2 counts them in its own transports alone
    if (writer_->append(writer_, bytes.data(), bytes.size(), &progress_) < 0) fail();
  }
  void commit() {
    if (writer_->commit(writer_, &progress_) < 0) fail();
    store_.repository().refresh();
  }

 private:
  static int note_progress(const git_indexer_progress* progress, void* payload) {
    TransferMeter& meter = *static_cast<TransferMeter*>(payload);
    meter.objects = progress->received_objects;
    meter.total = progress->total_objects;
    return 0;
  }

  [[noreturn]] static void fail() {
    const git_error* last = git_error_last();
    const bool is_disk = last != nullptr && last->klass == GIT_ERROR_OS;
    throw Error(is_disk ? ErrorKind::failed : ErrorKind::unreachable, "cannot fetch from the remote")
        .because(last != nullptr ? escape_for_display(last->message) : "no reason given");
  }

  const Store& store_;
  TransferMeter& meter_;
  git_odb_writepack* writer_ = nullptr;
  git_indexer_progress progress_{};
};

/// Reads the answer: lines that tell of known commits, or one that there is none, then the pack in bands. Of known ones
/// there may be several lines where one was expected, since git names the first again until it has seen another.
void take_answer(PktReader& reader, PackWriter& pack) {
  std::size_t words = 0;
  while (const auto payload = reader.next()) {
    throw_if_interrupted();
    const char band = payload->empty() ? '\0' : (*payload)[0];
    const std::string_view rest = std::string_view(*payload).substr(payload->empty() ? 0 : 1);
    if (band == 1) {
      pack.append(rest);
      continue;
    }
    if (band == 3)
      throw Error(ErrorKind::unreachable, "the remote could not send").because(escape_for_display(trim(rest)));
    // Band 2 tells of progress. None of this goes on for ever.
    const bool is_known = band == 2 || payload->rfind("ACK ", 0) == 0 || payload->rfind("NAK", 0) == 0;
    words += payload->size();
    if (is_known && words <= longest_good_bye) continue;
    throw Error(ErrorKind::rejected, "the remote does not speak git's protocol")
        .because(concat("it sent: ", escape_for_display(payload->substr(0, 60))));
  }
}

}  // namespace

void fetch_objects(const Store& store, Connection& connection, const Advertisement& advertisement,
                   const std::vector<Oid>& wants, Durable durable, TransferMeter& meter) {
  if (!advertisement.capabilities.contains("side-band-64k")) {
    throw Error(ErrorKind::rejected, "cannot fetch from this remote").because("its git is older than version 1.5");
  }
  connection.write(make_request(connection, advertisement, wants, known_commits(store)));
  meter.begin(Transferring::receiving, 0);
  const PrivateFiles guard;
  std::optional<WithoutSync> hint;
  if (durable == Durable::no) hint.emplace();
  PackWriter pack(store, meter);
  PktReader reader(connection);
  take_answer(reader, pack);
  pack.commit();
}

}  // namespace ps_sync::git
