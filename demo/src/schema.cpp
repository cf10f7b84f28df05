#include "schema.hpp"

#include <string>

#include "failure.hpp"
#include "rill/database.hpp"
#include "rill/rule.hpp"
#include "rill/schema.hpp"
#include "status_rule.hpp"

namespace notes {
namespace {

/// A plain table: nothing in it is of Rill's making.
constexpr const char* kNotes = R"sql(
  CREATE TABLE notes(
    id      TEXT PRIMARY KEY NOT NULL,
    title   TEXT,
    body    TEXT,
    tags    TEXT    NOT NULL DEFAULT '[]',
    views   INTEGER NOT NULL DEFAULT 0,
    status  TEXT    NOT NULL DEFAULT 'open',
    created INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0
  );
)sql";

/// The search index is this device's own: it is not replicated, and follows the notes by triggers,
/// which fire for merged rows, too. It keeps no text (`content`), so each trigger hands it the old
/// text to forget and the new text to learn.
constexpr const char* kSearch = R"sql(
  CREATE VIRTUAL TABLE note_search USING fts5(
    title, body, content = 'notes', content_rowid = 'rowid',
    tokenize = 'unicode61 remove_diacritics 2');

  CREATE TRIGGER note_search_insert AFTER INSERT ON notes BEGIN
    INSERT INTO note_search(rowid, title, body) VALUES (new.rowid, new.title, new.body);
  END;
  CREATE TRIGGER note_search_delete AFTER DELETE ON notes BEGIN
    INSERT INTO note_search(note_search, rowid, title, body)
      VALUES ('delete', old.rowid, old.title, old.body);
  END;
  CREATE TRIGGER note_search_update AFTER UPDATE OF title, body ON notes BEGIN
    INSERT INTO note_search(note_search, rowid, title, body)
      VALUES ('delete', old.rowid, old.title, old.body);
    INSERT INTO note_search(rowid, title, body) VALUES (new.rowid, new.title, new.body);
  END;
)sql";

/// Which files became which notes here; this device's own, like the search index.
constexpr const char* kImports = R"sql(
  CREATE TABLE imported_file(
    path         TEXT PRIMARY KEY NOT NULL,
    content_hash INTEGER NOT NULL,
    note         TEXT NOT NULL
  );
)sql";

void create_tables(rill::Schema& schema) {
  schema.execute(kNotes);
  schema.replicate("notes", {{"title", rill::last_writer()},
                             {"body", rill::text()},
                             {"tags", rill::set()},
                             {"views", rill::counter()},
                             {"status", status_rule()},
                             {"created", rill::minimum()},
                             {"updated", rill::maximum()}});
  schema.execute(kSearch);
  schema.execute(kImports);
}

}  // namespace

void migrate_schema(rill::Database& database) {
  const std::uint32_t found = database.schema_version();
  if (found > kSchemaVersion) {
    throw Failure("'" + database.path().string() +
                  "' was written by a newer version of notes (schema " + std::to_string(found) +
                  ", this one knows " + std::to_string(kSchemaVersion) + "): update this program");
  }
  database.register_rule(status_rule());
  database.migrate(1, create_tables);
}

}  // namespace notes
