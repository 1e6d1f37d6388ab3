// A beacon's body comes from whoever can edit the ticket. Reading it gives a document or a refusal; writing it back
// keeps it readable, says the same when done again, and lets nothing of a document's own break out.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/document.hpp"

namespace {

using namespace ps_sync;

/// A commit, an hour after everything, that changed one document; whoever acknowledged anything else is behind.
beacon::Facts facts() {
  beacon::Facts facts;
  facts.endpoint = "code";
  facts.session = "main";
  facts.branch = "promptsync/main";
  facts.tip = facts.applied = Oid::from_hex("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  facts.has_documents = true;
  facts.tip_endpoint = "desktop";
  facts.tip_subject = "Desktop: update a.md";
  facts.tip_time = facts.now = *parse_utc("2026-11-23T10:45:00Z");
  facts.is_on_branch = [](const Oid&) { return true; };
  facts.visit_changes = [tip = facts.tip](const std::optional<Oid>& since, const beacon::ManifestVisit& visit) {
    if (since != tip) visit({"a.md", "added", tip, 3});
  };
  return facts;
}

void require(bool holds) {
  if (!holds) std::abort();
}

void check_rewriting(const beacon::Document& document, std::string_view template_text) {
  const std::string once = beacon::render(document, template_text);
  if (once.size() > 256 * 1024) return;  // a person's text alone can be that long
  require(beacon::render(beacon::parse(once), template_text) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string body(bytes, bytes + size);
  beacon::Document document;
  try {
    document = beacon::parse(body);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::rejected);
    return 0;
  }
  check_rewriting(document, beacon::default_template());
  check_rewriting(document, body);  // a template is a file that anybody may have written

  const beacon::Facts git = facts();
  const beacon::Document composed = beacon::compose(document, git);
  check_rewriting(composed, beacon::default_template());
  require(beacon::same_news(composed, beacon::compose(composed, git)));
  const std::string published = beacon::render(composed, beacon::default_template());
  if (published.size() <= 256 * 1024) {
    const beacon::Document read = beacon::parse(published);
    require(beacon::same_news(read, beacon::compose(read, git)));  // else places would republish without end
  }
  return 0;
}
