// add, show, edit, tag, untag, delete

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "commands.hpp"
#include "editor.hpp"
#include "failure.hpp"
#include "files.hpp"
#include "local_time.hpp"
#include "text.hpp"

namespace notes {
namespace {

std::string read_body(const std::string& body) {
  if (body == "-") return read_text(std::cin, "standard input");
  return with_valid_utf8(body);
}

std::string joined(const std::vector<std::string>& tags) {
  std::string result;
  for (const std::string& tag : tags)
    result.append(result.empty() ? "" : ", ").append(one_line(tag));
  return result;
}

NewNote complete(NewNote note) {
  if (note.title.empty()) note.title = title_of(note.body);
  if (note.title.empty() && note.body.empty()) throw Failure("an empty note is not kept");
  return note;
}

/// Runs `save`; the user has the text that did not get into the database.
void save_or_keep(EditedDraft& draft, const std::function<void()>& save) {
  try {
    save();
  } catch (const std::exception& error) {
    throw Failure(error.what() + draft.kept());
  }
}

void print_field(Application& application, std::string_view name, std::string_view value) {
  constexpr std::size_t kNameWidth = 10;
  std::string label(name);
  label.resize(std::max(kNameWidth, label.size() + 1), ' ');
  application.out() << application.terminal().styled(label, Style::dim) << value << '\n';
}

void print_note(Application& application, const Note& note) {
  const Terminal& terminal = application.terminal();
  application.out() << terminal.styled(application.shown_title(note.title), Style::bold) << '\n';
  print_field(application, "id", note.id);
  print_field(application, "status", one_line(note.status));
  if (!note.tags.empty()) print_field(application, "tags", joined(note.tags));
  print_field(application, "views", std::to_string(note.views));
  print_field(application, "created", local_date_time(note.created_ms));
  print_field(application, "updated", local_date_time(note.updated_ms));
  for (const rill::ConflictRecord& conflict : application.store().conflicts()) {
    if (conflict.key.front() != rill::Value(note.id)) continue;
    const std::string text = conflict.column + ": " +
                             counted(conflict.others.size(), "other value", "other values") +
                             " kept, see 'notes conflicts'";
    print_field(application, "conflict", terminal.styled(text, Style::attention));
  }
  if (note.body.empty()) return;
  application.out() << '\n' << many_lines(note.body);
  if (note.body.back() != '\n') application.out() << '\n';
}

void report(Application& application, std::string_view what, const std::string& id,
            std::string_view remark = {}) {
  const Note note = application.store().get(id);
  application.out() << what << ' ' << application.short_id(id) << "  "
                    << application.shown_title(note.title) << remark << '\n';
}

void report(Application& application, EditResult result, const std::string& id) {
  report(application, result == EditResult::unchanged ? "unchanged" : "changed", id,
         result == EditResult::merged ? "  (together with what was written meanwhile)" : "");
}

void add_in_editor(Application& application, const std::vector<std::string>& tags) {
  NotesStore& store = application.store();  // else a text could be written that nothing can keep
  EditedDraft edited({});
  const NewNote note =
      complete({.title = edited.draft().title, .body = edited.draft().body, .tags = tags});
  std::string id;
  save_or_keep(edited, [&] { id = store.add(note); });
  report(application, "added", id);
}

[[noreturn]] void throw_deleted(EditedDraft& edited) {
  throw Failure("the note was deleted while you edited it" + edited.kept() +
                "; 'notes add --body - <FILE' makes a new note of it");
}

[[noreturn]] void throw_title_changed(const std::string& now, const std::string& wanted,
                                      const std::string& short_id) {
  throw Failure("the title was changed to “" + one_line(now) +
                "” while you edited the note, so yours, “" + wanted +
                "”, was not written; 'notes edit " + short_id + " --title TEXT' does so");
}

void edit_in_editor(Application& application, const std::string& id) {
  NotesStore& store = application.store();
  const std::string title = store.get(id).title;
  rill::TextEdit body = store.open_body(id);
  const Draft shown{title, body.text()};
  EditedDraft edited(shown);
  NoteEdit edit = changes(shown, edited.draft());
  std::optional<EditResult> result;
  std::optional<std::string> other_title;
  save_or_keep(edited, [&] {
    store.database().transaction([&] {
      const auto now = store.find(id);
      if (!now) return;
      // Of two titles one has to go, and this one the user has not seen.
      if (edit.title && now->title != title && now->title != *edit.title) {
        other_title = now->title;
        edit.title.reset();
      }
      result = store.edit(id, edit, body);
    });
  });
  if (!result) throw_deleted(edited);
  report(application, *result, id);
  if (other_title) {
    throw_title_changed(*other_title, edited.draft().title, application.short_id(id));
  }
}

}  // namespace

void add_note(Application& application, const AddOptions& options) {
  if (!options.title && !options.body) {
    if (::isatty(STDIN_FILENO) == 1) return add_in_editor(application, options.tags);
    throw Failure("a note needs a TITLE, or --body TEXT ('-' reads standard input)", exit_usage);
  }
  NewNote note{.title = one_line(options.title.value_or("")), .body = {}, .tags = options.tags};
  if (options.body) note.body = read_body(*options.body);
  report(application, "added", application.store().add(complete(std::move(note))));
}

void show_note(Application& application, const ShowOptions& options) {
  NotesStore& store = application.store();
  const std::string id = store.find_id(options.id);
  store.count_view(id);
  print_note(application, store.get(id));
}

void edit_note(Application& application, const EditOptions& options) {
  NotesStore& store = application.store();
  const std::string id = store.find_id(options.id);
  NoteEdit edit = options.edit;
  if (edit.empty()) {
    if (::isatty(STDIN_FILENO) == 1 || editor_is_named()) return edit_in_editor(application, id);
    throw Failure(
        "nothing to change: give --title, --body or --status, or name an editor in EDITOR",
        exit_usage);
  }
  if (edit.title) edit.title = one_line(*edit.title);
  if (!edit.body) return report(application, store.edit(id, edit), id);
  // Opened first: what arrives while standard input takes its time stays.
  rill::TextEdit body = store.open_body(id);
  edit.body = read_body(*edit.body);
  report(application, store.edit(id, edit, body), id);
}

void tag_note(Application& application, const TagOptions& options) {
  NotesStore& store = application.store();
  const std::string id = store.find_id(options.id);
  const bool changed = store.change_tags(id, options.tags, {});
  report(application, changed ? "tagged" : "unchanged", id);
}

void untag_note(Application& application, const TagOptions& options) {
  NotesStore& store = application.store();
  const std::string id = store.find_id(options.id);
  const bool changed = store.change_tags(id, {}, options.tags);
  report(application, changed ? "untagged" : "unchanged", id);
}

void delete_note(Application& application, const DeleteOptions& options) {
  NotesStore& store = application.store();
  const std::string id = store.find_id(options.id);
  const Note note = store.get(id);
  const std::string short_id = application.short_id(id);
  store.erase(id);
  application.out() << "deleted " << short_id << "  " << application.shown_title(note.title)
                    << '\n';
}

}  // namespace notes
