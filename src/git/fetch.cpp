#include "git/fetch.hpp"

#include <git2/sys/remote.h>
#include <git2/sys/transport.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "git/pkt_line.hpp"
#include "git/store_state.hpp"
#include "ps_sync/base/error.hpp"

namespace ps_sync::git {
namespace {

/// What libgit2's callbacks share. No exception may cross libgit2: it waits here until the call has returned.
struct Session {
  Connection* connection;
  std::string_view advertisement;  // not yet handed on
  TransferMeter* meter;
  std::exception_ptr failure;
};

// libgit2 frees both of these through their first member, so they are C structures in shape.
struct Stream {
  git_smart_subtransport_stream base;
  Session* session;
};
struct Subtransport {
  git_smart_subtransport base;
  Session* session;
  // One for the whole conversation, where that is one stream: libgit2 insists on getting the same again. It frees it.
  Stream* stream;
};

template <class Work>
int guarded(Session& session, Work work) {
  try {
    work();
    return 0;
  } catch (...) {
    session.failure = std::current_exception();
    git_error_set_str(GIT_ERROR_CALLBACK, "stopped by ps-sync");
    return GIT_EUSER;
  }
}

int read_stream(git_smart_subtransport_stream* raw, char* buffer, std::size_t size, std::size_t* count) {
  Session& session = *reinterpret_cast<Stream*>(raw)->session;
  return guarded(session, [&] {
    if (session.advertisement.empty()) {
      *count = session.connection->read({buffer, size});
      return;
    }
    *count = session.advertisement.copy(buffer, size);
    session.advertisement.remove_prefix(*count);
  });
}

int write_stream(git_smart_subtransport_stream* raw, const char* buffer, std::size_t size) {
  Session& session = *reinterpret_cast<Stream*>(raw)->session;
  return guarded(session, [&] { session.connection->write({buffer, size}); });
}

void free_stream(git_smart_subtransport_stream* raw) { delete reinterpret_cast<Stream*>(raw); }

int open_service(git_smart_subtransport_stream** out, git_smart_subtransport* raw, const char* /*url*/,
                 git_smart_service_t /*service*/) {
  auto* subtransport = reinterpret_cast<Subtransport*>(raw);
  if (subtransport->stream == nullptr || subtransport->session->connection->is_stateless()) {
    subtransport->stream = new Stream{{raw, read_stream, write_stream, free_stream}, subtransport->session};
  }
  *out = &subtransport->stream->base;
  return 0;
}

int close_subtransport(git_smart_subtransport* /*raw*/) { return 0; }

void free_subtransport(git_smart_subtransport* raw) { delete reinterpret_cast<Subtransport*>(raw); }

int make_subtransport(git_smart_subtransport** out, git_transport* /*owner*/, void* session) {
  auto* made =
      new Subtransport{{open_service, close_subtransport, free_subtransport}, static_cast<Session*>(session), nullptr};
  *out = &made->base;
  return 0;
}

int make_transport(git_transport** out, git_remote* owner, void* session) {
  const bool stateless = static_cast<Session*>(session)->connection->is_stateless();
  git_smart_subtransport_definition definition{make_subtransport, stateless ? 1U : 0U, session};
  return git_transport_smart(out, owner, &definition);
}

/// libgit2 asks for a thin pack wherever one is offered, and has no setting for that: so the offer is made unreadable.
/// The word keeps its length, since the line's length stands before it.
std::string without_thin_packs(std::string advertisement) {
  constexpr std::string_view offer = " thin-pack";
  const std::size_t first_line_end = advertisement.find('\n');
  const std::size_t at = advertisement.find(offer);
  if (at < first_line_end) advertisement.replace(at, offer.size(), " full-pack");
  return advertisement;
}

int note_progress(const git_indexer_progress* progress, void* session) {
  TransferMeter& meter = *static_cast<Session*>(session)->meter;
  meter.objects = progress->received_objects;
  meter.total = progress->total_objects;
  meter.bytes = progress->received_bytes;
  return 0;
}

}  // namespace

void fetch_objects(Store::Repository& store, Connection& connection, const std::string& advertisement,
                   const std::vector<std::string>& remote_refs, Durable durable, TransferMeter& meter) {
  std::string shown = connection.is_network() ? advertisement : without_thin_packs(advertisement);
  // libgit2 expects http's own first line, which the connection took off.
  if (connection.is_stateless()) shown.insert(0, pkt_line("# service=git-upload-pack\n") + "0000");
  Session session{&connection, shown, &meter, nullptr};
  git_remote_create_options create = GIT_REMOTE_CREATE_OPTIONS_INIT;
  create.repository = store.raw();
  // The address was already rewritten by insteadOf, and the connection stands: this one is only a name.
  create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  const RemoteHandle remote =
      acquire<RemoteHandle, git_remote_create_with_opts>("fetch into", store.path.string(), "ps-sync", &create);

  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.callbacks.transport = make_transport;
  options.callbacks.payload = &session;
  options.callbacks.transfer_progress = note_progress;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.update_fetchhead = 0;

  std::vector<std::string> specs;
  for (const std::string& ref : remote_refs) specs.push_back(concat(ref, ":", ref));
  std::vector<char*> pointers;
  for (std::string& spec : specs) pointers.push_back(spec.data());
  const git_strarray wanted{pointers.data(), pointers.size()};

  meter.begin(Transferring::receiving, 0);
  const PrivateFiles guard;
  std::optional<WithoutSync> hint;
  if (durable == Durable::no) hint.emplace();
  int code = git_remote_connect(remote.get(), GIT_DIRECTION_FETCH, &options.callbacks, nullptr, nullptr);
  if (code == 0) code = git_remote_download(remote.get(), &wanted, &options);
  git_remote_disconnect(remote.get());
  if (session.failure) std::rethrow_exception(session.failure);
  if (code < 0) {
    const std::string words(trim(connection.errors()));
    const git_error* last = git_error_last();
    Error error(ErrorKind::unreachable, "cannot fetch from the remote");
    std::move(error).because(last != nullptr ? escape_for_display(last->message) : "no reason given");
    if (!words.empty()) std::move(error).because(escape_for_display(words));
    throw error;
  }
  store.refresh();
}

}  // namespace ps_sync::git
