#include "cli/run.hpp"

#include <csignal>
#include <new>

#include "cli/command_line.hpp"
#include "cli/json.hpp"
#include "cli/terminal.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync::cli {

namespace {

/// `status --short` as prompts ask for it, answered before anything is built or loaded.
struct ShortQuestion {
  std::string_view folder = ".";
  bool ascii = false, exit_code = false;
};

/// Absent where the words ask for anything else, or for more.
std::optional<ShortQuestion> short_question(int argc, char** argv) {
  ShortQuestion question;
  bool status = false, short_form = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-C" && i + 1 < argc) {
      question.folder = argv[++i];
    } else if (word == "status" && !status) {
      status = true;
    } else if (word == "--short") {
      short_form = true;
    } else if (word == "--ascii") {
      question.ascii = true;
    } else if (word == "--exit-code") {
      question.exit_code = true;
    } else if (word != "--no-color" && word != "--no-progress" && word != "--offline") {
      return std::nullopt;
    }
  }
  return status && short_form ? std::optional(question) : std::nullopt;
}

ExitCode answer(const ShortQuestion& question) {
  const std::optional<app::ShortStatus> status = app::short_status(fs::path(question.folder));
  if (!status) return ExitCode::done;
  write_out(concat(short_status_text(*status, question.ascii), "\n"));
  return question.exit_code ? exit_of(*status) : ExitCode::done;
}

ExitCode report(const Context& context, const Problem& problem) {
  if (context.json) write_out(json::error(problem) + "\n");
  write_err(error_text(context.err, problem.error));
  return problem.exit;
}

/// All is taken down. Ctrl-C has an exit status of its own; other signals end the program as they would have.
ExitCode end_interrupted() {
  const int signal = interrupting_signal();
  if (signal != SIGINT) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  write_err("interrupted: what was done so far is safe, and the next run goes on from there\n");
  return ExitCode::interrupted;
}

ExitCode answer(int argc, char** argv) {
  Context context;
  try {
    if (argc == 2 && std::string_view(argv[1]) == "--version") {
      write_out(version_text());
      return ExitCode::done;
    }
    if (const auto question = short_question(argc, argv)) return answer(*question);
    const std::vector<std::string> words(argv + 1, argv + argc);
    context.json = asks_for_json(words);  // until they are parsed: an error in them is told in the form asked for
    return run_words(words, context);
  } catch (const Interrupted&) {
    return end_interrupted();
  } catch (const Error& error) {
    return report(context, {error, exit_code_of(error.kind())});
  } catch (const std::bad_alloc&) {
    return report(context, {Error(ErrorKind::failed, "out of memory"), ExitCode::failed});
  } catch (const std::exception& error) {
    return report(context, {Error(ErrorKind::bug, error.what()), ExitCode::failed});
  }
}

}  // namespace

ExitCode deliver(const Context& context, const std::function<std::string()>& json, const std::function<Texts()>& text,
                 const std::optional<Problem>& problem, ExitCode otherwise) {
  if (context.json) {
    write_out(json() + "\n");
  } else if (!context.quiet) {
    const Texts texts = text();
    write_err(texts.notes);
    write_out(texts.out);
  }
  if (!problem) return otherwise;
  write_err(error_text(context.err, problem->error));
  return problem->exit;
}

void learn_labels(Context& context) {
  if (context.json) return;
  try {
    context.out.settings = app::read_config(context.options).settings;
    context.err.settings = context.out.settings;
  } catch (const Error&) {
    // The command has done its work: names without their labels are no reason to fail now.
  }
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not end us in the middle of a sync
  open_missing_streams();
  catch_interrupts();
  const ExitCode exit = answer(argc, argv);
  if (flush_out() || exit != ExitCode::done) return static_cast<int>(exit);
  write_err("error: cannot write standard output\n");
  return static_cast<int>(ExitCode::failed);
}

}  // namespace ps_sync::cli
