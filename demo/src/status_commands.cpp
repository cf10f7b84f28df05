// status, digest, check, reindex

#include <iostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "failure.hpp"
#include "text.hpp"
#include "value_text.hpp"

namespace notes {

void show_status(Application& application) {
  NotesStore& store = application.store();
  rill::Database& database = store.database();
  const std::size_t conflicts = store.conflicts().size();
  const auto field = [&](std::string name, const std::string& value) {
    name.resize(11, ' ');
    application.out() << application.terminal().styled(name, Style::dim) << value << '\n';
  };
  field("database", one_line(database.path().string()));
  field("replica", database.id().to_string());
  field("seen", database.vector().to_string());
  field("notes", grouped(store.count()) + " (" +
                     grouped(store.count({.tag = {}, .status = "done"})) + " done)");
  field("conflicts", conflicts == 0
                         ? "none"
                         : application.terminal().styled(grouped(conflicts), Style::attention) +
                               ", see 'notes conflicts'");
  field("digest", database.digest());
}

void show_digest(Application& application) {
  application.out() << application.store().database().digest() << '\n';
}

void check_database(Application& application) {
  const std::vector<rill::Finding> findings = application.store().database().check();
  for (const rill::Finding& finding : findings) {
    std::string place = finding.table.empty() ? "the file" : finding.table;
    for (const rill::Value& part : finding.key) place += ' ' + quoted_value(part);
    application.out() << one_line(place) << ": " << one_line(finding.what) << '\n';
    if (!finding.advice.empty()) application.out() << "    " << one_line(finding.advice) << '\n';
  }
  if (!findings.empty()) {
    throw Failure("the database has " + counted(findings.size(), "fault", "faults"));
  }
  application.out() << "no faults\n";
}

void rebuild_search(Application& application) {
  application.store().rebuild_search();
  application.out() << "search index built from "
                    << counted(application.store().count(), "note", "notes") << '\n';
}

}  // namespace notes
