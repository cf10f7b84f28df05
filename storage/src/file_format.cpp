#include "file_format.hpp"

#include <array>
#include <cstring>
#include <string>

#include "byte_view.hpp"
#include "interner.hpp"
#include "rill/dot.hpp"

namespace rill::storage {
namespace {

// Each table is explained in storage/README.md.
constexpr const char* kTables = R"sql(
CREATE TABLE rill_file(
  id INTEGER PRIMARY KEY CHECK(id = 1), format INTEGER NOT NULL, file INTEGER NOT NULL,
  nonce BLOB NOT NULL, schema_version INTEGER NOT NULL);
CREATE TABLE rill_replica(id INTEGER PRIMARY KEY, replica BLOB NOT NULL UNIQUE);
CREATE TABLE rill_clock(
  space INTEGER PRIMARY KEY, replica INTEGER NOT NULL, counter INTEGER NOT NULL,
  seq INTEGER NOT NULL, time INTEGER NOT NULL, exported INTEGER NOT NULL,
  generation INTEGER NOT NULL);
CREATE TABLE rill_vector(
  space INTEGER NOT NULL, replica INTEGER NOT NULL, counter INTEGER NOT NULL,
  PRIMARY KEY(space, replica)) WITHOUT ROWID;
CREATE TABLE rill_mark(
  space INTEGER NOT NULL, seq INTEGER NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY(space, seq)) WITHOUT ROWID;
CREATE TABLE rill_table(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, space INTEGER NOT NULL,
  delete_policy INTEGER NOT NULL, row_rule TEXT, row_rule_version INTEGER);
CREATE TABLE rill_column(
  tbl INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL,
  rule TEXT NOT NULL, rule_version INTEGER NOT NULL, captured INTEGER NOT NULL,
  PRIMARY KEY(tbl, id), UNIQUE(tbl, name)) WITHOUT ROWID;
CREATE TABLE rill_shape(
  tbl INTEGER NOT NULL, shape INTEGER NOT NULL, columns BLOB NOT NULL,
  PRIMARY KEY(tbl, shape)) WITHOUT ROWID;
CREATE TABLE rill_tombstone(
  seq INTEGER PRIMARY KEY, tbl INTEGER NOT NULL, key BLOB NOT NULL, meta BLOB NOT NULL,
  image BLOB NOT NULL, UNIQUE(tbl, key));
CREATE TABLE rill_unknown(
  name TEXT NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL, columns BLOB NOT NULL,
  state BLOB NOT NULL, PRIMARY KEY(name, key)) WITHOUT ROWID;
CREATE INDEX rill_unknown_seq ON rill_unknown(seq);
CREATE TABLE rill_conflicted(
  tbl INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY(tbl, key)) WITHOUT ROWID;
CREATE TABLE rill_epoch(
  replica INTEGER NOT NULL, first INTEGER NOT NULL, value INTEGER NOT NULL,
  history INTEGER NOT NULL, PRIMARY KEY(replica, first)) WITHOUT ROWID;
CREATE TABLE rill_inbox(
  id INTEGER PRIMARY KEY, sender BLOB NOT NULL, opening BLOB NOT NULL, chunk INTEGER NOT NULL,
  position INTEGER NOT NULL, bytes INTEGER NOT NULL, delta BLOB NOT NULL,
  UNIQUE(sender, chunk));
)sql";
// Since format 2.
constexpr const char* kTextTables = R"sql(
CREATE TABLE rill_text(
  cell INTEGER PRIMARY KEY AUTOINCREMENT, tbl INTEGER NOT NULL, key BLOB NOT NULL,
  col INTEGER NOT NULL, seq INTEGER NOT NULL, begun BLOB NOT NULL, vector BLOB NOT NULL,
  checkpoint BLOB NOT NULL);
CREATE INDEX rill_text_place ON rill_text(tbl, key, col);
CREATE TABLE rill_text_op(
  cell INTEGER NOT NULL, seq INTEGER NOT NULL, replica INTEGER NOT NULL, counter INTEGER NOT NULL,
  time INTEGER NOT NULL, op BLOB NOT NULL, PRIMARY KEY(cell, seq)) WITHOUT ROWID;
)sql";

// Since format 3.
constexpr const char* kForkTables = R"sql(
CREATE TABLE rill_fork(certificate BLOB PRIMARY KEY) WITHOUT ROWID;
)sql";

template <std::size_t Size>
std::array<std::byte, Size> random_bytes(RandomSource& random) {
  std::array<std::byte, Size> bytes{};
  random.fill(bytes);
  return bytes;
}

void create_identity(sqlite::Connection& connection, RandomSource& random) {
  const auto replica = random_bytes<16>(random);
  const auto nonce = random_bytes<16>(random);
  const auto file_bytes = random_bytes<8>(random);
  std::uint64_t file = 0;
  std::memcpy(&file, file_bytes.data(), sizeof file);
  file = (file >> 2U) | 1U;  // positive, and short of the edges of INTEGER
  connection.cached("INSERT INTO rill_file VALUES(1, ?, ?, ?, 0)")
      .bind(1, kFormat)
      .bind(2, file)
      .bind_blob(3, view(nonce))
      .run();
  connection.cached("INSERT INTO rill_replica VALUES(1, ?)").bind_blob(1, view(replica)).run();
  connection.cached("INSERT INTO rill_clock VALUES(1, 1, 0, 0, 0, 0, 0)").run();
}

}  // namespace

bool has_format(sqlite::Connection& connection) {
  if (connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'rill_file'") == 0) {
    return false;
  }
  const std::int64_t format = connection.integer("SELECT format FROM rill_file");
  if (format > kFormat) {
    throw Error(ErrorCode::newer_format, "the file has format " + std::to_string(format) +
                                             " of a newer Rill; this one knows " +
                                             std::to_string(kFormat) +
                                             ": update the app (the file was left untouched)");
  }
  return true;
}

void upgrade_format(sqlite::Connection& connection) {
  const auto format = [&] { return connection.integer("SELECT format FROM main.rill_file"); };
  if (format() == kFormat) return;
  sqlite::Transaction transaction(connection, sqlite::Transaction::Kind::immediate);
  const std::int64_t before = format();
  if (before == kFormat) return;  // another process was first
  if (before < 2) connection.execute(kTextTables);
  if (before < 3) connection.execute(kForkTables);
  connection.cached("UPDATE main.rill_file SET format = ?").bind(1, kFormat).run();
  transaction.commit();
}

void create_format(sqlite::Connection& connection, RandomSource& random, const Identity& identity) {
  sqlite::Transaction transaction(connection, sqlite::Transaction::Kind::immediate);
  if (has_format(connection)) return;  // another process was first
  connection.execute(kTables);
  connection.execute(kTextTables);
  connection.execute(kForkTables);
  create_identity(connection, random);
  Interner interner(connection);
  identity.note(connection, interner);
  transaction.commit();
}

}  // namespace rill::storage
