#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/provider.hpp"

namespace ps_sync::beacon {
namespace {

constexpr const char* file_name = "BEACON.md";
constexpr std::uint64_t largest_body = 256 * 1024;

std::optional<Oid> find_published(const git::RefMap& refs) {
  const auto found = refs.find(git_beacon_ref);
  return found == refs.end() ? std::nullopt : std::optional(found->second);
}

/// Not a folder, a link or a gitlink; which permissions, some old gits wrote as they liked.
bool is_regular_file(std::uint32_t mode) { return (mode & 0170000) == 0100000; }

class GitRefProvider : public Provider {
 public:
  GitRefProvider(const git::Store& store, git::Remote& remote, git::Signature author)
      : store_(store), remote_(remote), author_(std::move(author)) {}

  std::string name() const override { return "git"; }

  std::optional<std::string> read() override {
    published_ = find_published(remote_.seen());
    seen_ = store_.find_ref(seen_beacon_ref);
    if (published_ != seen_) {
      // The pushing side may have been asked later than the fetching side: what is read must be what is replaced.
      if (find_published(remote_.list()) != published_) remote_.list(true);
      remote_.fetch(store_, {{git_beacon_ref, seen_beacon_ref, Durable::no}});
      seen_ = store_.find_ref(seen_beacon_ref);
    }
    if (!published_) return std::nullopt;
    // Something that is no beacon stands there: it reads as an empty body, and the next version is its child.
    return seen_ ? read_beacon_commit(store_, *seen_).value_or("") : "";
  }

  Published publish(const std::string& body) override {
    const git::RefUpdate update = *as_ref_update(body);
    const git::PushResult result = remote_.push(store_, {update});
    const git::RefResult& ref = result.refs.front();
    if (ref.accepted) {
      ref_update_accepted(update);
      return Published::yes;
    }
    if (ref.moved) return Published::moved;
    throw Error(ErrorKind::rejected, "cannot publish the beacon")
        .because(escape_for_display(ref.reason))
        .because(escape_for_display(trim(result.server_words)))
        .hint(concat("let the server accept ", git_beacon_ref,
                     ", or choose another beacon: ps-sync config set beacon.provider none"));
  }

  std::optional<git::RefUpdate> as_ref_update(const std::string& body) override {
    std::vector<Oid> parents;
    if (seen_) parents.push_back(*seen_);
    return git::RefUpdate{git_beacon_ref, published_, make_beacon_commit(store_, body, parents, author_)};
  }

  void ref_update_accepted(const git::RefUpdate& update) override {
    store_.move_ref(seen_beacon_ref, store_.find_ref(seen_beacon_ref), update.target);
    seen_ = published_ = update.target;
  }

 private:
  const git::Store& store_;
  git::Remote& remote_;
  git::Signature author_;
  std::optional<Oid> published_;  // what the ref names there
  std::optional<Oid> seen_;       // the same, if it is a commit
};

}  // namespace

Oid make_beacon_commit(const git::Store& store, const std::string& body, const std::vector<Oid>& parents,
                       const git::Signature& author) {
  git::Batch batch = store.begin_batch();
  git::Commit commit;
  commit.tree = batch.add_tree({{git::mode_file, file_name, batch.add(git::ObjectType::blob, body)}});
  commit.parents = parents;
  commit.author = commit.committer = author;
  commit.message = "Update the beacon\n\nPromptsync-Format: 1\n";
  const Oid made = batch.add_commit(commit);
  batch.finish(Durable::no);
  return made;
}

std::optional<std::string> read_beacon_commit(const git::Store& store, const Oid& commit) {
  try {
    for (const git::TreeEntry& entry : store.read_tree(store.read_commit(commit).tree)) {
      if (entry.name != file_name || !is_regular_file(entry.mode)) continue;
      if (store.size_of(entry.oid) > largest_body) return std::nullopt;
      return store.read(git::ObjectType::blob, entry.oid);
    }
  } catch (const Error&) {
    // Objects that are missing, malformed or of another type than they are called: no beacon, and no reason to stop.
  }
  return std::nullopt;
}

std::unique_ptr<Provider> make_git_provider(const git::Store& store, git::Remote& remote,
                                            const git::Signature& author) {
  return std::make_unique<GitRefProvider>(store, remote, author);
}

}  // namespace ps_sync::beacon
