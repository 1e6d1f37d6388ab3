#include "cli/commands/commands.hpp"
#include "cli/progress.hpp"

namespace ps_sync::cli {

namespace {

std::string verdict_text(const View& view, app::Verdict verdict) {
  switch (verdict) {
    case app::Verdict::good:
      return concat(mark(view, "✅"), paint(view, Tone::good, "good"));
    case app::Verdict::warning:
      return concat(mark(view, "⚠"), paint(view, Tone::warning, "warning"));
    case app::Verdict::bad:
      return concat(mark(view, "✖"), paint(view, Tone::bad, "bad"));
  }
  return "";
}

std::string doctor_text(const View& view, const app::DoctorReport& report) {
  std::string out;
  for (const app::Finding& finding : report.findings) {
    out += concat(verdict_text(view, finding.verdict), ": ", escape_for_display(finding.subject), ": ",
                  escape_for_display(finding.text), "\n");
    if (!finding.remedy.empty()) out += concat("    remedy: ", escape_for_display(finding.remedy), "\n");
  }
  if (report.untouched) {
    out += concat(verdict_text(view, *report.untouched ? app::Verdict::good : app::Verdict::bad),
                  *report.untouched ? ": proof: your git is the same before and after a trial sync\n"
                                    : ": proof: your git was changed by a trial sync; please report this\n");
  }
  if (!report.values.empty()) out += "settings in force:\n";
  for (const config::Value& value : report.values)
    out +=
        concat("  ", value.key, " = ", escape_for_display(value.text), " (", escape_for_display(value.origin), ")\n");
  return out;
}

bool is_bad(const app::DoctorReport& report) {
  if (report.untouched && !*report.untouched) return true;
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [](const app::Finding& finding) { return finding.verdict == app::Verdict::bad; });
}

}  // namespace

Action add_doctor(CLI::App& command) {
  auto prove = std::make_shared<bool>(false);
  command.add_flag("--prove", *prove, "Show that a trial sync does not touch your git");
  return [prove](Context& context) {
    app::DoctorReport report;
    {
      const Progress progress(context, "checking");
      report = app::doctor(context.options, *prove);
    }
    return deliver(
        context, [&] { return json::doctor(report); },
        [&] {
          return Texts{doctor_text(context.out, report), ""};
        },
        std::nullopt, is_bad(report) ? ExitCode::failed : ExitCode::done);
  };
}

}  // namespace ps_sync::cli
