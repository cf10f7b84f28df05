// add, show, edit, tag, untag, delete

#include <unistd.h>

#include <algorithm>
#include <iostream>
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

/// Editors end the last line, whether or not the note did.
bool same_but_for_the_end(std::string_view left, std::string_view right) {
  const auto without_end = [](std::string_view text) {
    return text.substr(0, text.find_last_not_of('\n') + 1);
  };
  return without_end(left) == without_end(right);
}

NewNote note_to_add(const AddOptions& options) {
  NewNote note;
  note.tags = options.tags;
  if (options.title || options.body) {
    note.title = one_line(options.title.value_or(""));
    if (options.body) note.body = read_body(*options.body);
  } else if (::isatty(STDIN_FILENO) == 1) {
    const EditedDraft edited({});
    note.title = edited.draft().title;
    note.body = edited.draft().body;
  } else {
    throw Failure("a note needs a TITLE, or --body TEXT ('-' reads standard input)", exit_usage);
  }
  if (note.title.empty()) note.title = title_of(note.body);
  if (note.title.empty() && note.body.empty()) throw Failure("an empty note is not kept");
  return note;
}

/// Lets the user edit what `id` holds and returns what they changed.
NoteEdit edit_in_editor(NotesStore& store, const std::string& id) {
  const Note before = store.get(id);
  EditedDraft edited({before.title, before.body});
  NoteEdit edit;
  if (edited.draft().title != one_line(before.title)) edit.title = edited.draft().title;
  if (!same_but_for_the_end(edited.draft().body, before.body)) edit.body = edited.draft().body;
  if (edit.empty()) return edit;
  // A write settles what it can see. What came in while the editor was open the user has not seen.
  const auto now = store.find(id);
  if (!now || now->title != before.title || now->body != before.body) {
    throw Failure("the note was " + std::string(now ? "changed" : "deleted") +
                  " while you edited it; your text is kept in '" + edited.keep().string() +
                  "': look at the note and edit it again");
  }
  return edit;
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

void report(Application& application, std::string_view what, const std::string& id) {
  const Note note = application.store().get(id);
  application.out() << what << ' ' << application.short_id(id) << "  "
                    << application.shown_title(note.title) << '\n';
}

}  // namespace

void add_note(Application& application, const AddOptions& options) {
  const NewNote note = note_to_add(options);
  report(application, "added", application.store().add(note));
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
    if (::isatty(STDIN_FILENO) == 0) {
      throw Failure(
          "nothing to change: give --title, --body or --status (the editor needs a terminal)",
          exit_usage);
    }
    edit = edit_in_editor(store, id);
  } else {
    if (edit.title) edit.title = one_line(*edit.title);
    if (edit.body) edit.body = read_body(*edit.body);
  }
  report(application, store.edit(id, edit) ? "changed" : "unchanged", id);
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
