// conflicts, resolve

#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "local_time.hpp"
#include "status_rule.hpp"
#include "text.hpp"
#include "value_text.hpp"

namespace notes {
namespace {

std::string writer(const rill::ConflictRecord::Loser& loser) {
  return short_name(loser.replica) + ", " + local_date_time(loser.time_ms);
}

std::string title_of_note(Application& application, const std::string& id) {
  const auto note = application.store().find(id);
  return note ? application.shown_title(note->title) : std::string();
}

const rill::ConflictRecord& find_conflict(const std::vector<rill::ConflictRecord>& conflicts,
                                          const std::string& id, const std::string& column) {
  for (const rill::ConflictRecord& conflict : conflicts) {
    if (conflict.key.front() == rill::Value(id) && conflict.column == column) return conflict;
  }
  throw Failure("note " + id + " has no conflict in '" + column +
                "'; 'notes conflicts' lists them");
}

/// The value to write, or nothing if the shown one stays.
std::optional<std::string> chosen_value(const rill::ConflictRecord& conflict,
                                        const ResolveOptions& options) {
  if (options.value) {
    const bool known =
        *options.value == kOpen || *options.value == kDone || *options.value == kReopened;
    if (options.column == "status" && !known) {
      throw Failure("a status is open, done or reopened", exit_usage);
    }
    return with_valid_utf8(*options.value);
  }
  if (!options.take) return std::nullopt;
  if (*options.take < 1 || *options.take > conflict.others.size()) {
    throw Failure("--take " + std::to_string(*options.take) + ": there " +
                  (conflict.others.size() == 1 ? "is " : "are ") +
                  counted(conflict.others.size(), "other value", "other values") +
                  ", see 'notes conflicts'");
  }
  const rill::Value& value = conflict.others[*options.take - 1].value;
  return value.type() == rill::Value::Type::text ? value.text() : rill::to_display(value);
}

NoteEdit edit_of(const std::string& column, const std::string& value) {
  NoteEdit edit;
  if (column == "title") edit.title = value;
  if (column == "status") edit.status = value;
  return edit;
}

}  // namespace

void list_conflicts(Application& application) {
  const auto conflicts = application.store().conflicts();
  if (conflicts.empty()) {
    std::cerr << "no conflicts\n";
    return;
  }
  const Terminal& terminal = application.terminal();
  for (const rill::ConflictRecord& conflict : conflicts) {
    const std::string& id = conflict.key.front().text();
    application.out() << application.short_id(id) << "  "
                      << terminal.styled(conflict.column, Style::bold) << "  of "
                      << title_of_note(application, id) << '\n'
                      << "    shown  " << quoted_value(conflict.shown) << '\n';
    for (std::size_t index = 0; index < conflict.others.size(); ++index) {
      const auto& other = conflict.others[index];
      std::string number = std::to_string(index + 1);
      number.resize(7, ' ');
      application.out() << "    " << number << quoted_value(other.value) << "  "
                        << terminal.styled("(" + writer(other) + ")", Style::dim) << '\n';
    }
  }
}

void resolve_conflict(Application& application, const ResolveOptions& options) {
  NotesStore& store = application.store();
  const std::string id = store.find_id(options.id);
  std::string shown;
  store.database().transaction([&] {
    const auto conflicts = store.conflicts();
    const rill::ConflictRecord& conflict = find_conflict(conflicts, id, options.column);
    const auto value = chosen_value(conflict, options);
    // A write of another value has seen the others and so replaces them; the same value would be no
    // write.
    if (!value || rill::Value(*value) == conflict.shown) {
      store.database().resolve("notes", id, options.column);
      shown = quoted_value(conflict.shown);
    } else {
      store.edit(id, edit_of(options.column, *value));
      shown = quoted_value(*value);
    }
  });
  application.out() << "resolved " << options.column << " of " << application.short_id(id) << ": "
                    << shown << '\n';
}

}  // namespace notes
