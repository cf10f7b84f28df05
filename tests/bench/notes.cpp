#include "notes.hpp"

#include <array>
#include <stdexcept>

namespace rill::bench {
namespace {

constexpr const char* kTable =
    "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT, priority INTEGER, "
    "edited INTEGER)";
constexpr const char* kPragmas =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; "
    "PRAGMA cache_size = -65536";

/// SplitMix64: Steele, Lea, Flood 2014.
std::uint64_t mix(std::uint64_t& state) {
  state += 0x9E37'79B9'7F4A'7C15ULL;
  std::uint64_t bits = state;
  bits = (bits ^ (bits >> 30U)) * 0xBF58'476D'1CE4'E5B9ULL;
  bits = (bits ^ (bits >> 27U)) * 0x94D0'49BB'1331'11EBULL;
  return bits ^ (bits >> 31U);
}

std::string random_text(std::uint64_t& state, std::size_t length, std::string_view alphabet) {
  std::string text;
  text.reserve(length);
  while (text.size() < length) {
    std::uint64_t bits = mix(state);
    for (int digit = 0; digit < 12 && text.size() < length; ++digit, bits >>= 5U) {
      text += alphabet[bits % alphabet.size()];
    }
  }
  return text;
}

[[noreturn]] void fail(sqlite3* db, const std::string& what) {
  throw std::runtime_error(what + ": " + sqlite3_errmsg(db));
}

}  // namespace

Note note(std::size_t number) {
  std::uint64_t state = number;
  mix(state);
  Note result;
  result.id = random_text(state, 36, "0123456789abcdef");
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) result.id[dash] = '-';
  result.title = random_text(state, 12 + number % 17, "abcdefghijklmnopqrstuvwxyz      ");
  result.body = random_text(state, 200, "abcdefghijklmnopqrstuvwxyz      ");
  result.priority = static_cast<std::int64_t>(mix(state) % 10);
  result.edited = static_cast<std::int64_t>(1'700'000'000'000 + mix(state) % 10'000'000'000);
  return result;
}

std::vector<Note> notes(std::size_t count) {
  std::vector<Note> rows;
  rows.reserve(count);
  for (std::size_t number = 0; number < count; ++number) rows.push_back(note(number));
  return rows;
}

void NotesFile::checkpoint() { bench::run(handle(), "PRAGMA wal_checkpoint(TRUNCATE)"); }

BareNotes::BareNotes(const std::filesystem::path& path) {
  sqlite3* db = nullptr;
  // As Rill opens its own: safe to use from many threads.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  db_.reset(db);
  if (code != SQLITE_OK) fail(db, "opening " + path.string());
  bench::run(db, kPragmas);
  bench::run(db, kTable);
}

RillNotes::RillNotes(const std::filesystem::path& path) : database_(path) {
  bench::run(database_.handle(), kPragmas);
  database_.migrate(1, [](Schema& schema) {
    schema.execute(kTable);
    schema.replicate("notes", {});
  });
}

void run(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(db, sql);
}

Prepared::Prepared(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db, sql.c_str(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  if (code != SQLITE_OK) fail(db, sql);
}

Prepared& Prepared::bind(int index, const std::string& text) {
  sqlite3_bind_text(raw(), index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

Prepared& Prepared::bind(int index, std::int64_t integer) {
  sqlite3_bind_int64(raw(), index, integer);
  return *this;
}

bool Prepared::step() {
  const int code = sqlite3_step(raw());
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail(sqlite3_db_handle(raw()), sqlite3_sql(raw()));
  return code == SQLITE_ROW;
}

void Prepared::run() {
  step();
  sqlite3_reset(raw());
}

NoteInsert::NoteInsert(sqlite3* db)
    : statement_(db, "INSERT INTO notes(id, title, body, priority, edited) VALUES(?, ?, ?, ?, ?)") {
}

void NoteInsert::run(const Note& row) {
  statement_.bind(1, row.id).bind(2, row.title).bind(3, row.body);
  statement_.bind(4, row.priority).bind(5, row.edited).run();
}

void insert_all(sqlite3* db, const std::vector<Note>& rows) {
  bench::run(db, "BEGIN");
  NoteInsert insert(db);
  for (const Note& row : rows) insert.run(row);
  bench::run(db, "COMMIT");
}

TitleUpdate::TitleUpdate(sqlite3* db) : statement_(db, "UPDATE notes SET title = ? WHERE id = ?") {}

void TitleUpdate::run(const Note& row, const std::string& title) {
  statement_.bind(1, title).bind(2, row.id).run();
}

const Note& spread(const std::vector<Note>& rows, std::size_t count, std::size_t index) {
  return rows.at(index * (rows.size() / count));
}

std::filesystem::path fresh_path(const std::filesystem::path& folder) {
  for (std::size_t number = 0;; ++number) {
    std::filesystem::path path = folder / (std::to_string(number) + ".db");
    if (!std::filesystem::exists(path)) return path;
  }
}

}  // namespace rill::bench
