#include "notes_store.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "failure.hpp"
#include "schema.hpp"
#include "text.hpp"

namespace notes {
namespace {

constexpr std::string_view kMatches =
    " WHERE (?1 = '' OR EXISTS (SELECT 1 FROM json_each(notes.tags) WHERE value = ?1))"
    "   AND (?2 = '' OR status = ?2)";
constexpr std::size_t kCandidatesNamed = 5;

rill::DatabaseOptions options(std::shared_ptr<rill::WallClock> clock) {
  rill::DatabaseOptions result;
  result.clock = std::move(clock);
  return result;
}

std::string optional_text(const rill::Row& row, std::string_view column) {
  return row.get<std::optional<std::string>>(column).value_or("");
}

std::vector<std::string> tags_from(const std::string& json) {
  std::vector<std::string> tags;
  const auto array = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!array.is_array()) return tags;
  for (const auto& tag : array) {
    tags.push_back(tag.is_string() ? tag.get<std::string>() : tag.dump());
  }
  return tags;
}

std::string to_json(const std::vector<std::string>& tags) {
  return nlohmann::json(tags).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Note note_from(const rill::Row& row) {
  return {.id = row.get<std::string>("id"),
          .title = optional_text(row, "title"),
          .body = optional_text(row, "body"),
          .tags = tags_from(row.get<std::string>("tags")),
          .views = row.get<std::int64_t>("views"),
          .status = row.get<std::string>("status"),
          .created_ms = row.get<std::uint64_t>("created"),
          .updated_ms = row.get<std::uint64_t>("updated")};
}

/// An expression of FTS5's that asks for every word, none of them being read as syntax.
std::string match_expression(const std::vector<std::string>& words) {
  std::string expression;
  for (std::string word : words) {
    const bool prefix = word.size() > 1 && word.back() == '*';
    if (prefix) word.pop_back();
    for (std::size_t at = 0; (at = word.find('"', at)) != std::string::npos; at += 2) {
      word.insert(at, 1, '"');
    }
    expression.append("\"").append(word).append(prefix ? "\"* " : "\" ");
  }
  return expression;
}

[[noreturn]] void throw_ambiguous(std::string_view prefix, const rill::Rows& rows) {
  std::string message = "several notes have an id that begins with '" + one_line(prefix) + "': ";
  for (std::size_t index = 0; index < std::min(rows.size(), kCandidatesNamed); ++index) {
    message.append(index == 0 ? "" : ", ").append(rows[index].get<std::string>("id"));
  }
  if (rows.size() > kCandidatesNamed) message += ", …";
  throw Failure(message.append("; give more of it"));
}

[[noreturn]] void throw_no_note(std::string_view id) {
  throw Failure("no note has an id that begins with '" + one_line(id) +
                "'; 'notes list' and 'notes search' show the ids");
}

}  // namespace

NotesStore::NotesStore(const std::filesystem::path& path, std::shared_ptr<rill::WallClock> clock)
    : clock_(std::move(clock)), random_(rill::system_random()), database_(path, options(clock_)) {
  migrate_schema(database_);
}

std::string NotesStore::find_id(std::string_view prefix) {
  std::string wanted(prefix);
  std::transform(wanted.begin(), wanted.end(), wanted.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  if (wanted.empty()) throw_no_note(prefix);
  const rill::Rows rows =
      database_.query("SELECT id FROM notes WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT ?2",
                      wanted, kCandidatesNamed + 1);
  if (rows.empty()) throw_no_note(prefix);
  const bool exact = rows.front().get<std::string>("id") == wanted;
  if (rows.size() > 1 && !exact) throw_ambiguous(prefix, rows);
  return rows.front().get<std::string>("id");
}

std::size_t NotesStore::short_id_length() {
  for (std::size_t length = kShortIdLength; length < kIdLength; ++length) {
    const rill::Rows rows = database_.query(
        "SELECT count(*) = count(DISTINCT substr(id, 1, ?)) AS enough FROM notes", length);
    if (rows.front().get<bool>("enough")) return length;
  }
  return kIdLength;
}

std::optional<Note> NotesStore::find(const std::string& id) {
  const rill::Rows rows = database_.query(
      "SELECT id, title, body, tags, views, status, created, updated FROM notes WHERE id = ?", id);
  if (rows.empty()) return std::nullopt;
  return note_from(rows.front());
}

Note NotesStore::get(const std::string& id) {
  auto note = find(id);
  if (!note) throw_no_note(id);
  return *std::move(note);
}

std::vector<Note> NotesStore::list(const NoteFilter& filter, std::size_t limit) {
  const std::string sql =
      std::string("SELECT id, title, '' AS body, tags, views, status, created, updated FROM notes")
          .append(kMatches)
          .append(" ORDER BY updated DESC, id LIMIT ?3");
  const std::int64_t rows_wanted = limit == 0 ? -1 : static_cast<std::int64_t>(limit);
  std::vector<Note> result;
  for (const rill::Row& row : database_.query(sql, filter.tag, filter.status, rows_wanted)) {
    result.push_back(note_from(row));
  }
  return result;
}

std::size_t NotesStore::count(const NoteFilter& filter) {
  const std::string sql = std::string("SELECT count(*) AS notes FROM notes").append(kMatches);
  return database_.query(sql, filter.tag, filter.status).front().get<std::size_t>("notes");
}

std::vector<SearchHit> NotesStore::search(const std::vector<std::string>& words,
                                          std::size_t limit) {
  const std::int64_t rows_wanted = limit == 0 ? -1 : static_cast<std::int64_t>(limit);
  // A word in the title counts as much as ten in the body.
  const rill::Rows rows = database_.query(
      "SELECT notes.id, notes.title, snippet(note_search, 1, ?2, ?3, '…', 16) AS snippet"
      "  FROM note_search JOIN notes ON notes.rowid = note_search.rowid"
      " WHERE note_search MATCH ?1 ORDER BY bm25(note_search, 10.0, 1.0), notes.id LIMIT ?4",
      match_expression(words), kHitBegin, kHitEnd, rows_wanted);
  std::vector<SearchHit> hits;
  for (const rill::Row& row : rows) {
    hits.push_back(
        {row.get<std::string>("id"), optional_text(row, "title"), optional_text(row, "snippet")});
  }
  return hits;
}

std::vector<rill::ConflictRecord> NotesStore::conflicts() {
  // Which of two times a note was last changed at is nothing to decide.
  std::vector<rill::ConflictRecord> records = database_.conflicts();
  std::erase_if(records, [](const rill::ConflictRecord& record) {
    return record.table != "notes" || (record.column != "title" && record.column != "status");
  });
  return records;
}

std::string NotesStore::add(const NewNote& note) {
  const std::string id = new_id();
  const std::uint64_t now = now_ms();
  database_.execute(
      "INSERT INTO notes(id, title, body, tags, created, updated) VALUES(?1, ?2, ?3, ?4, ?5, ?5)",
      id, note.title, note.body, to_json(note.tags), now);
  return id;
}

EditResult NotesStore::edit(const std::string& id, const NoteEdit& edit) {
  bool changed = false;
  database_.transaction([&] {
    const Note before = get(id);
    changed = (edit.title && edit.title != before.title) ||
              (edit.body && edit.body != before.body) ||
              (edit.status && edit.status != before.status);
    if (!changed) return;
    // A column that is set to what it holds makes no event: only what differs is merged.
    database_.execute(
        "UPDATE notes SET title = coalesce(?1, title), body = coalesce(?2, body),"
        "                 status = coalesce(?3, status), updated = ?4 WHERE id = ?5",
        edit.title, edit.body, edit.status, now_ms(), id);
  });
  return changed ? EditResult::changed : EditResult::unchanged;
}

rill::TextEdit NotesStore::open_body(const std::string& id) {
  return database_.edit_text("notes", id, "body");
}

EditResult NotesStore::edit(const std::string& id, const NoteEdit& edit, rill::TextEdit& body) {
  // An UPDATE would be compared with what stands there now, and what others wrote since be taken
  // for erased.
  if (edit.body) body.assign(*edit.body);
  EditResult result = EditResult::unchanged;
  database_.transaction([&] {
    result = this->edit(id, {.title = edit.title, .body = {}, .status = edit.status});
    if (!body.has_edits()) return;
    result = body.commit().empty() ? EditResult::changed : EditResult::merged;
    database_.execute("UPDATE notes SET updated = ? WHERE id = ?", now_ms(), id);
  });
  return result;
}

void NotesStore::count_view(const std::string& id) {
  // What the counter rule makes of it is "+1", whatever the value.
  database_.execute("UPDATE notes SET views = views + 1 WHERE id = ?", id);
}

bool NotesStore::change_tags(const std::string& id, const std::vector<std::string>& added,
                             const std::vector<std::string>& removed) {
  bool changed = false;
  database_.transaction([&] {
    const Note before = get(id);
    std::set<std::string> tags(before.tags.begin(), before.tags.end());
    tags.insert(added.begin(), added.end());
    for (const std::string& tag : removed) tags.erase(tag);
    const std::vector<std::string> after(tags.begin(), tags.end());
    changed = after != before.tags;
    if (changed) {
      database_.execute("UPDATE notes SET tags = ?, updated = ? WHERE id = ?", to_json(after),
                        now_ms(), id);
    }
  });
  return changed;
}

void NotesStore::erase(const std::string& id) {
  if (database_.execute("DELETE FROM notes WHERE id = ?", id) == 0) throw_no_note(id);
}

void NotesStore::rebuild_search() {
  database_.execute("INSERT INTO note_search(note_search) VALUES('rebuild')");
}

std::optional<ImportedFile> NotesStore::imported_file(const std::string& path) {
  const rill::Rows rows =
      database_.query("SELECT path, content_hash, note FROM imported_file WHERE path = ?", path);
  if (rows.empty()) return std::nullopt;
  const rill::Row& row = rows.front();
  return ImportedFile{row.get<std::string>("path"), row.get<std::int64_t>("content_hash"),
                      row.get<std::string>("note")};
}

void NotesStore::remember_import(const ImportedFile& file) {
  database_.execute(
      "INSERT INTO imported_file(path, content_hash, note) VALUES(?, ?, ?)"
      " ON CONFLICT(path) DO UPDATE SET content_hash = excluded.content_hash, note = excluded.note",
      file.path, file.content_hash, file.note);
}

std::string NotesStore::new_id() {
  // People type ids: no digit or letter that looks like another (Crockford's base 32), and random
  // from the first character on, so that a few tell a note from the others.
  constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  std::array<std::byte, kIdLength> random{};
  random_->fill(random);
  std::string id;
  std::transform(random.begin(), random.end(), std::back_inserter(id), [&](std::byte byte) {
    return kDigits[std::to_integer<std::size_t>(byte) % kDigits.size()];
  });
  return id;
}

}  // namespace notes
