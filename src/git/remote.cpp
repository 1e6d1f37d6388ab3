#include "ps_sync/git/remote.hpp"

#include <future>

#include "git/fetch.hpp"
#include "git/libraries.hpp"
#include "git/pkt_line.hpp"
#include "git/push.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"

namespace ps_sync::git {

namespace {
constexpr std::uintmax_t large_pack = 8 << 20;

/// What fails here fails again where it is needed.
void load_quietly() {
  try {
    load_libgit2();
  } catch (const Error&) {
  }
}
}  // namespace

struct Remote::State {
  RemoteAddress address;
  RemoteOptions options;
  Conversation conversation;

  TransferMeter unwatched;  // where nobody looks

  std::unique_ptr<Connection> fetching;  // open, advertisement read, nothing asked yet
  std::optional<Advertisement> fetch_side;
  std::unique_ptr<Connection> pushing;
  std::optional<Advertisement> push_side;
  std::exception_ptr push_failure;  // what became of a pushing side that was begun early, for whoever needs it
  std::future<void> loading;        // of libgit2, while the other side is waited for
  std::future<void> early;          // open_fetching(), while this command does something else
  std::atomic<bool> abandoned{false};
  std::vector<std::unique_ptr<Connection>> ending;  // all is said; waited for when the command ends

  TransferMeter& meter() { return options.meter != nullptr ? *options.meter : unwatched; }
  void open_fetching() {
    if (!fetching) fetching = connect(address.fetch_url, Service::upload_pack, options, conversation);
    if (fetching->is_network() && !loading.valid()) loading = std::async(std::launch::async, load_quietly);
    fetch_side = read_advertisement(*fetching);
  }
  /// What was begun early is finished before anything else is asked. Throws what that threw.
  void await_early() {
    if (early.valid()) early.get();
  }
  void abandon_early() {
    if (!early.valid()) return;
    abandoned = true;
    early.wait();
  }
  /// The connection that others go through ends with what is said on it: those that were begun have to be through
  /// before that. Else they log in by themselves, and ask once more for what was just typed.
  void await_passenger() {
    if (!fetching->carries_others || !pushing || push_side) return;
    try {
      push_side = read_advertisement(*pushing);
    } catch (const Error&) {
      push_failure = std::current_exception();  // fetching can do without
    }
  }
  void open_pushing() {
    if (push_failure) std::rethrow_exception(push_failure);
    if (!pushing) pushing = connect(address.push_url, Service::receive_pack, options, conversation);
    if (pushing->speaks_first() || address.push_url != address.fetch_url) {
      push_side = read_advertisement(*pushing);
      return;
    }
    // What it can do is what every git since 1.6 can; a word that it does not know it takes no notice of.
    if (!fetch_side) open_fetching();
    push_side = Advertisement{fetch_side->refs, {"report-status", "side-band-64k", "atomic"}};
  }
  /// Git unpacks a handful of objects into single files, each compressed anew, and anew again when it is fetched: for a
  /// large one that takes ten times as long as all else. A git that we start ourselves can be told not to.
  void open_pushing_large() {
    if (options.keep_pack || !local_path_of(address.push_url)) return;
    options.keep_pack = true;
    leave(pushing);
    open_pushing();
  }
  /// A flush packet instead of a request: we want nothing. The other side ends while this command goes on.
  void leave(std::unique_ptr<Connection>& connection) {
    if (!connection) return;
    connection->write("0000");
    connection->finish_writing();
    ending.push_back(std::move(connection));
  }
  void await_ends() {
    for (const bool last : {false, true}) {
      for (const auto& connection : ending) {
        if (connection->carries_others == last) connection->close();
      }
    }
  }
};

HeadStart::HeadStart(std::string url, bool asks) : url_(std::move(url)) {
  try {
    const auto path = local_path_of(url_);
    if (path && asks) connection_ = connect_local(*path, Service::upload_pack, {});
    if (url_.rfind("http", 0) == 0) loading_ = std::async(std::launch::async, net::preload);
  } catch (const Error&) {
    // The remote gets the error when it tries itself.
  }
}
HeadStart::HeadStart(HeadStart&&) noexcept = default;
HeadStart::~HeadStart() = default;

std::unique_ptr<Connection> HeadStart::take(const std::string& url, const RemoteOptions& options) {
  if (url != url_ || !connection_) return nullptr;
  connection_->set_silence(options.silence);
  return std::move(connection_);
}

Remote::Remote(RemoteAddress address, RemoteOptions options, std::optional<HeadStart> head_start)
    : state_(std::make_unique<State>()) {
  state_->address = std::move(address);
  state_->options = options;
  state_->options.abandoned = &state_->abandoned;
  if (head_start) state_->fetching = head_start->take(state_->address.fetch_url, options);
}
Remote::Remote(Remote&&) noexcept = default;

Remote::~Remote() {
  if (!state_) return;
  state_->abandon_early();
  try {
    state_->leave(state_->fetching);
    state_->leave(state_->pushing);
    state_->await_ends();
  } catch (...) {
    // It did not end in good order; destroying the connection ends its process.
  }
}

const RemoteAddress& Remote::address() const { return state_->address; }

const RefMap& Remote::list(bool again) {
  state_->await_early();
  if (again) state_->leave(state_->fetching);
  if (again || !state_->fetch_side) state_->open_fetching();
  return state_->fetch_side->refs;
}

const RefMap& Remote::seen() {
  state_->await_early();
  if (state_->push_side) return state_->push_side->refs;
  return list();
}

void Remote::hang_up() {
  state_->await_early();
  if (state_->fetch_side) state_->leave(state_->fetching);
}

void Remote::fetch(const Store& store, const std::vector<FetchSpec>& refs) {
  state_->await_early();
  if (!state_->fetching || !state_->fetch_side) state_->open_fetching();
  const RefMap& there = state_->fetch_side->refs;
  std::vector<Oid> wanted;
  Durable durable = Durable::no;
  for (const FetchSpec& spec : refs) {
    const auto found = there.find(spec.remote_ref);
    if (found == there.end() || store.has(found->second)) continue;
    wanted.push_back(found->second);
    if (spec.durable == Durable::yes) durable = Durable::yes;
  }
  if (!wanted.empty()) {
    failpoint("fetch-before-objects");
    state_->await_passenger();
    std::unique_ptr<Connection> connection = std::move(state_->fetching);
    fetch_objects(store, *connection, *state_->fetch_side, wanted, durable, state_->meter());
    connection->finish_writing();
    state_->ending.push_back(std::move(connection));
    failpoint("fetch-after-objects");
  }
  for (const FetchSpec& spec : refs) {
    const auto found = there.find(spec.remote_ref);
    const std::optional<Oid> before = store.find_ref(spec.store_ref);
    std::optional<Oid> now = found == there.end() ? std::nullopt : std::optional(found->second);
    if (now && !store.is_commit(*now)) now = std::nullopt;  // a tag, a tree: nothing that we could go on from
    if (before != now) store.move_ref(spec.store_ref, before, now);
  }
}

void Remote::begin_push() {
  State& state = *state_;
  try {
    if (!state.pushing)
      state.pushing = connect(state.address.push_url, Service::receive_pack, state.options, state.conversation);
    if (state.pushing->speaks_first() || state.fetching || state.address.push_url != state.address.fetch_url) return;
    // The fetching side's list will do, and can come while the documents are looked at.
    state.early = std::async(std::launch::async, [&state] { state.open_fetching(); });
  } catch (const Error&) {
    // Whoever needs the connection tries again, and gets the error.
  }
}

const RefMap& Remote::list_for_push() {
  state_->await_early();
  if (!state_->push_side) state_->open_pushing();
  return state_->push_side->refs;
}

PushResult Remote::push(const Store& store, const std::vector<RefUpdate>& updates,
                        const std::optional<ReadyPack>& ready) {
  std::error_code ignored;
  if (ready && fs::file_size(ready->path, ignored) > large_pack) state_->open_pushing_large();
  const RefMap& there = list_for_push();
  const auto value_at = [&](const std::string& ref) -> std::optional<Oid> {
    const auto found = there.find(ref);
    return found == there.end() ? std::nullopt : std::optional(found->second);
  };
  PushResult result;
  for (const RefUpdate& update : updates) {
    if (value_at(update.remote_ref) != update.expected) {
      result.refs.push_back({update.remote_ref, false, true, "the remote moved"});
    }
  }
  if (!result.refs.empty()) return result;

  std::unique_ptr<Connection> connection = std::move(state_->pushing);
  const Advertisement advertisement = *std::exchange(state_->push_side, std::nullopt);
  result = send_pack(store, *connection, advertisement, updates, ready, state_->meter());
  state_->ending.push_back(std::move(connection));
  for (std::size_t i = 0; i < updates.size(); ++i) {
    // The fetching side was told before this push; from now on it would hide what we wrote ourselves.
    if (result.refs[i].accepted && state_->fetch_side) {
      state_->fetch_side->refs[updates[i].remote_ref] = updates[i].target;
    }
  }
  const bool refused =
      std::any_of(result.refs.begin(), result.refs.end(), [](const RefResult& ref) { return !ref.accepted; });
  if (refused) {
    // Words differ between servers; whether it was a race shows in what the remote has now.
    const RefMap& now = list(true);
    for (std::size_t i = 0; i < updates.size(); ++i) {
      const auto found = now.find(updates[i].remote_ref);
      const std::optional<Oid> value = found == now.end() ? std::nullopt : std::optional(found->second);
      if (!result.refs[i].accepted && value != updates[i].expected) result.refs[i].moved = true;
    }
  }
  return result;
}

}  // namespace ps_sync::git
