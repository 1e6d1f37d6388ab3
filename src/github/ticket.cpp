#include "ps_sync/github/ticket.hpp"

#include <algorithm>

#include "github/api.hpp"
#include "github/board.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync::github {

using beacon::Published;
using nlohmann::json;

namespace {

constexpr int write_tries = 3;

/// A browser saves a text with CRLF, whatever it was.
std::string with_plain_line_ends(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  return text;
}

std::string text_of(const json& issue, const char* name) {
  const auto found = issue.find(name);
  return found != issue.end() && found->is_string() ? found->get<std::string>() : "";
}

/// A label is a text or an object, as the server likes.
std::vector<std::string> labels_of(const json& issue) {
  std::vector<std::string> labels;
  if (!issue.contains("labels") || !issue.at("labels").is_array()) return labels;
  for (const json& label : issue.at("labels")) {
    if (label.is_string()) labels.push_back(label.get<std::string>());
    if (label.is_object()) labels.push_back(text_of(label, "name"));
  }
  return labels;
}

bool has_our_labels(const std::vector<std::string>& labels) {
  return std::all_of(std::begin(ticket_labels), std::end(ticket_labels), [&](const char* wanted) {
    return std::find(labels.begin(), labels.end(), wanted) != labels.end();
  });
}

std::vector<std::string> with_our_labels(std::vector<std::string> labels) {
  for (const char* wanted : ticket_labels) {
    if (std::find(labels.begin(), labels.end(), wanted) == labels.end()) labels.emplace_back(wanted);
  }
  return labels;
}

SeenTicket seen_of(const Answer& answer) {
  const json& issue = answer.body;
  if (!issue.is_object() || !issue.contains("number") || !issue.at("number").is_number_integer())
    throw Error(ErrorKind::unreachable, "cannot understand GitHub's answer").because("it is no issue");
  SeenTicket ticket;
  ticket.number = issue.at("number").get<std::int64_t>();
  ticket.address = answer.address;
  ticket.node_id = text_of(issue, "node_id");
  ticket.title = text_of(issue, "title");
  ticket.body = text_of(issue, "body");
  ticket.is_open = text_of(issue, "state") != "closed";
  ticket.is_locked = issue.value("locked", false);
  ticket.labels = labels_of(issue);
  ticket.updated_at = text_of(issue, "updated_at");
  return ticket;
}

class GithubTicket : public Ticket {
 public:
  GithubTicket(TicketSettings settings, Surroundings surroundings)
      : settings_(std::move(settings)),
        surroundings_(std::move(surroundings)),
        state_(read_state(surroundings_.state_file, settings_.api, settings_.repo)),
        api_(settings_.api, surroundings_, state_) {
    if (settings_.issue && state_.ticket && state_.ticket->number != *settings_.issue) state_.ticket.reset();
  }

  std::string name() const override { return "github"; }

  std::optional<std::string> ticket() const override {
    const std::optional<std::int64_t> number = state_.ticket ? std::optional(state_.ticket->number) : settings_.issue;
    if (!number) return std::nullopt;
    return concat(settings_.repo, "#", std::to_string(*number));
  }

  std::optional<std::string> read() override {
    just_looked_ = false;
    return kept([&]() -> std::optional<std::string> {
      if (state_.ticket && seconds_now() < state_.ask_after && seconds_now() >= state_.wait_until) return remember();
      if (!find()) return forget();
      look();
      return remember();
    });
  }

  std::optional<std::string> read_lately() override { return state_.ticket ? remember() : read(); }

  Published publish(const std::string& body) override {
    return kept([&] {
      if (!find()) {
        if (was_there_) return Published::moved;
        make(body);
        return Published::yes;
      }
      // One look before the write. Where the last publish() ended with one, that was it.
      if (!std::exchange(just_looked_, false)) look();
      if (!was_there_ || state_.ticket->body != read_) {
        remember();
        just_looked_ = true;
        return Published::moved;
      }
      write(body);
      tend();
      return Published::yes;
    });
  }

  bool needs_repair() const override {
    return state_.ticket && (!state_.ticket->is_open || state_.ticket->title != ticket_title ||
                             (!has_our_labels(state_.ticket->labels) && !state_.ticket->labels_refused));
  }

  void create(const std::string& body) override {
    kept([&] {
      state_.ticket.reset();
      settings_.issue.reset();
      if (find()) {
        look();
        warn(concat("there is a ticket already, and it is used: ", *ticket()));
        remember();
        write(body);
        tend();
      } else {
        make(body);
      }
      return true;
    });
  }

  void check() override {
    kept([&] {
      if (!find()) throw Error(ErrorKind::rejected, concat("there is no ticket in ", settings_.repo));
      look();
      tend();
      return true;
    });
  }

  std::vector<std::string> take_warnings() override { return std::exchange(warnings_, {}); }

 private:
  /// What was learnt is kept, also where it ends with an error.
  template <class Work>
  std::invoke_result_t<Work> kept(Work work) {
    try {
      auto result = work();
      write_state(surroundings_.state_file, state_);
      return result;
    } catch (const Error&) {
      write_state(surroundings_.state_file, state_);
      throw;
    }
  }

  void warn(std::string text) { warnings_.push_back(std::move(text)); }

  std::optional<std::string> remember() {
    was_there_ = true;
    read_ = state_.ticket->body;
    return read_;
  }
  std::optional<std::string> forget() {
    was_there_ = false;
    read_.clear();
    return std::nullopt;
  }

  std::string repo_address(const std::string& path) const {
    const std::size_t slash = settings_.repo.find('/');
    return api_.address_of(concat("/repos/", percent_encode(settings_.repo.substr(0, slash)), "/",
                                  percent_encode(settings_.repo.substr(slash + 1)), path));
  }

  /// Knows the ticket's number, from the settings, from before, or by its labels. False where there is none.
  bool find() {
    if (state_.ticket) return true;
    std::optional<std::int64_t> number = settings_.issue;
    if (!number) number = find_by_labels();
    if (!number) return false;
    SeenTicket ticket;
    ticket.number = *number;
    ticket.address = repo_address(concat("/issues/", std::to_string(*number)));
    state_.ticket = std::move(ticket);
    return true;
  }

  /// The lowest number wins, so that all endpoints agree where two were made.
  std::optional<std::int64_t> find_by_labels() {
    const Answer answer = api_.get(
        repo_address(concat("/issues?state=all&labels=", ticket_labels[0], ",", ticket_labels[1], "&per_page=100")));
    if (answer.status != 200) throw explain(answer, concat("look for the ticket in ", settings_.repo));
    std::vector<std::int64_t> numbers;
    if (answer.body.is_array()) {
      for (const json& issue : answer.body) {
        const bool is_issue = issue.is_object() && !issue.contains("pull_request") && issue.contains("number");
        if (is_issue && issue.at("number").is_number_integer())
          numbers.push_back(issue.at("number").get<std::int64_t>());
      }
    }
    if (numbers.empty()) return std::nullopt;
    const std::int64_t lowest = *std::min_element(numbers.begin(), numbers.end());
    if (numbers.size() > 1)
      warn(concat("there are ", std::to_string(numbers.size()), " tickets in ", settings_.repo, ": #",
                  std::to_string(lowest), " is used; take the labels off the others"));
    return lowest;
  }

  /// Asks what the ticket says now.
  void look() {
    SeenTicket& known = *state_.ticket;
    const std::string hash = api_.token_hash();
    const Answer answer = api_.get(known.address, known.token_hash == hash ? known.etag : "");
    if (answer.status == 304) return;
    if (answer.status != 200) {
      const std::string name = *ticket();
      throw explain(answer, concat("read the ticket ", name));
    }
    SeenTicket now = seen_of(answer);
    if (answer.was_redirected) check_redirected(answer);
    // A copy at GitHub that lags behind what we have seen is no news.
    if (!known.updated_at.empty() && now.updated_at < known.updated_at) return;
    now.labels_refused = known.labels_refused && now.labels == known.labels;
    now.etag = answer.head.field("etag");
    now.token_hash = hash;
    if (!now.is_open && known.is_open) warn(concat("the ticket ", *ticket(), " was closed: it is opened again"));
    known = std::move(now);
  }

  /// A renamed repository is followed; a ticket that was moved to another repository is somebody's decision.
  void check_redirected(const Answer& answer) {
    const std::string there = ticket_at(text_of(answer.body, "html_url"));
    const std::string repo_there = there.substr(0, there.find('#'));
    const Answer repo = api_.get(repo_address(""));
    if (repo.status == 200 && repo.body.is_object() && text_of(repo.body, "full_name") == repo_there) return;
    throw Error(ErrorKind::rejected, concat("the ticket ", *ticket(), " was transferred"))
        .because(concat("it is ", escape_for_display(there), " now"))
        .hint(concat("if that is right: ps-sync beacon link ", escape_for_display(there)));
  }

  /// OWNER/REPO#N of a page's address, https://github.com/OWNER/REPO/issues/N; the address itself where it is another.
  static std::string ticket_at(const std::string& page) {
    const std::size_t issues = page.rfind("/issues/");
    if (issues == std::string::npos || issues == 0) return page;
    const std::size_t repo = page.rfind('/', issues - 1);
    if (repo == std::string::npos || repo == 0) return page;
    const std::size_t owner = page.rfind('/', repo - 1);
    if (owner == std::string::npos) return page;
    return concat(page.substr(owner + 1, issues - owner - 1), "#", page.substr(issues + 8));
  }

  /// The meaning of a refusal, where a ticket knows more of it than the interface does.
  Error explain(const Answer& answer, const std::string& what) {
    const std::string words = to_lower_ascii(answer.body.is_object() ? text_of(answer.body, "message") : "");
    if (answer.status == 410) {
      Error error(ErrorKind::rejected, concat("cannot ", what));
      if (words.find("disabled") != std::string::npos) {
        return std::move(error)
            .because(concat("issues are switched off in ", settings_.repo))
            .hint("switch them on in the repository's settings, or use another one: ps-sync beacon link OWNER/REPO#N");
      }
      return std::move(error).because("it was deleted").hint("make another one: ps-sync beacon create");
    }
    if (answer.status == 403 && state_.ticket && state_.ticket->is_locked && words.find("lock") != std::string::npos) {
      return Error(ErrorKind::rejected, concat("cannot ", what))
          .because("it is locked, and the token may not write to locked ones")
          .hint("unlock it, or use a token with write access");
    }
    return api_.refusal(answer, what);
  }

  json changes_for(const std::string& body) const {
    const SeenTicket& seen = *state_.ticket;
    json changes{{"body", body}};
    if (!seen.is_open) changes["state"] = "open";
    if (seen.title != ticket_title) changes["title"] = ticket_title;
    if (!has_our_labels(seen.labels) && !seen.labels_refused) changes["labels"] = with_our_labels(seen.labels);
    return changes;
  }

  void write(const std::string& body) {
    const std::string what = concat("write the ticket ", *ticket());
    const json changes = changes_for(body);
    for (int attempt = 1;; ++attempt) {
      try {
        const Answer answer = api_.send("PATCH", state_.ticket->address, changes);
        if (answer.status == 200) return note_written(answer, body, changes.contains("labels"));
        if (answer.status < 500 || attempt == write_tries) throw explain(answer, what);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::unreachable || attempt == write_tries || seconds_now() < state_.wait_until)
          throw;
      }
      // It may have been done, and only the answer lost.
      const Answer now = api_.get(state_.ticket->address);
      if (now.status == 200 && with_plain_line_ends(text_of(now.body, "body")) == with_plain_line_ends(body))
        return note_written(now, body, false);
      pause_for(std::chrono::milliseconds(300 * attempt));
    }
  }

  void note_written(const Answer& answer, const std::string& body, bool set_labels) {
    SeenTicket now = seen_of(answer);
    now.address = state_.ticket->address;
    now.etag = answer.head.field("etag");
    now.token_hash = api_.token_hash();
    if (with_plain_line_ends(now.body) != with_plain_line_ends(body)) {
      throw Error(ErrorKind::rejected, concat("GitHub did not take the text of ", *ticket()))
          .because("it answered as if all were well, and kept the old one")
          .hint("run `ps-sync beacon repair`");
    }
    if (set_labels && !has_our_labels(now.labels)) {
      now.labels_refused = true;
      warn(concat("the labels of ", *ticket(), " could not be set: the token has no write access to the repository"));
    }
    state_.ticket = std::move(now);
    remember();
  }

  void make(const std::string& body) {
    for (const char* label : ticket_labels) {
      // 422: it is there already. Without the right to make one, GitHub leaves it out below, and that is told.
      const Answer made = api_.send("POST", repo_address("/labels"),
                                    {{"name", label}, {"color", "5319e7"}, {"description", "ps-sync's beacon"}});
      if (made.status == 401 || made.status >= 500 || made.status == 429)
        throw explain(made, "make the ticket's labels");
    }
    const Answer answer = api_.send(
        "POST", repo_address("/issues"),
        {{"title", ticket_title}, {"body", body}, {"labels", json::array({ticket_labels[0], ticket_labels[1]})}});
    if (answer.status != 201) throw explain(answer, concat("make the ticket in ", settings_.repo));
    SeenTicket mine = seen_of(answer);
    mine.address = repo_address(concat("/issues/", std::to_string(mine.number)));
    mine.etag = answer.head.field("etag");
    mine.token_hash = api_.token_hash();
    if (!has_our_labels(mine.labels)) {
      mine.labels_refused = true;
      warn(concat("the ticket ", settings_.repo, "#", std::to_string(mine.number),
                  " has no labels, since the token has no write access: name it to the others by beacon.issue"));
    }
    state_.ticket = std::move(mine);
    remember();
    converge();
    tend();
  }

  /// Another endpoint may have made one at the same moment. All take the lowest, and who made another one closes it.
  void converge() {
    if (state_.ticket->labels_refused) return;
    const SeenTicket mine = *state_.ticket;
    const std::optional<std::int64_t> lowest = find_by_labels();
    if (!lowest || *lowest >= mine.number) return;
    api_.send("PATCH", mine.address, {{"state", "closed"}, {"state_reason", "not_planned"}, {"labels", json::array()}});
    state_.ticket.reset();
    warn(concat("another ticket was made at the same time: #", std::to_string(*lowest), " is used, #",
                std::to_string(mine.number), " is closed"));
    find();
    look();
    remember();
  }

  /// The board is its own matter, and holds up nothing.
  void tend() {
    if (!settings_.project) return;
    try {
      tend_board(api_, state_, *settings_.project);
    } catch (const Error& error) {
      warn(concat("the board ", escape_for_display(*settings_.project), ": ",
                  error.causes().empty() ? error.message() : error.causes().front()));
    }
  }

  TicketSettings settings_;
  Surroundings surroundings_;
  State state_;
  Api api_;
  std::vector<std::string> warnings_;
  // What the last read() gave, over which publish() writes.
  bool was_there_ = false;
  std::string read_;
  bool just_looked_ = false;  // publish() found it changed, and nothing was asked since
};

}  // namespace

std::unique_ptr<Ticket> make_ticket(TicketSettings settings, Surroundings surroundings) {
  return std::make_unique<GithubTicket>(std::move(settings), std::move(surroundings));
}

}  // namespace ps_sync::github
