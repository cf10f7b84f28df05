// import

#include <iostream>
#include <numeric>

#include "commands.hpp"
#include "importer.hpp"
#include "text.hpp"

namespace notes {
namespace {

std::string skip_summary(const ImportSummary& summary) {
  const std::size_t all =
      std::accumulate(summary.skipped.begin(), summary.skipped.end(), std::size_t{0},
                      [](std::size_t sum, const auto& entry) { return sum + entry.second; });
  std::string result = "skipped " + counted(all, "file", "files");
  std::string separator = ": ";
  for (const auto& [reason, count] : summary.skipped) {
    result.append(separator).append(grouped(count)).append(" ").append(to_string(reason));
    separator = ", ";
  }
  return result;
}

}  // namespace

void import_files(Application& application, const ImportOptions& options) {
  NotesStore& store = application.store();
  Progress progress(application.options().progress);
  const auto on_progress = [&](std::size_t done, std::size_t total) {
    progress.show("importing: " + grouped(done) + " of " + counted(total, "file", "files"));
  };
  const auto on_skip = [&](const SkippedPath& skipped) {
    if (!options.verbose) return;
    progress.clear();
    std::cerr << to_string(skipped.reason) << ": " << one_line(skipped.path.string()) << '\n';
  };
  const ImportSummary summary =
      Importer(store, options.tags, on_progress, on_skip).run(options.root);
  progress.clear();

  application.out() << "imported " << counted(summary.added, "note", "notes") << " from '"
                    << one_line(options.root.string()) << "'\n";
  if (summary.updated > 0) {
    application.out() << "updated " << counted(summary.updated, "note", "notes")
                      << " whose files have changed\n";
  }
  if (!summary.skipped.empty()) application.out() << skip_summary(summary) << '\n';
}

}  // namespace notes
