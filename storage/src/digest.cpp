#include "digest.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "apply.hpp"
#include "rill/bytes.hpp"
#include "row_store.hpp"
#include "text/cells.hpp"

namespace rill::storage {
namespace {

/// What a row costs beside its bytes, in bytes.
constexpr std::size_t kRowCost = 200;

/// The column ids of a table by name: devices number columns in the order in which they meet them.
std::vector<ColumnId> by_name(const Table& table) {
  std::vector<ColumnId> ids(table.rules.columns.size());
  std::iota(ids.begin(), ids.end(), ColumnId{0});
  std::sort(ids.begin(), ids.end(), [&](ColumnId left, ColumnId right) {
    return table.rules.columns[left].name < table.rules.columns[right].name;
  });
  return ids;
}

void write_entries(ByteWriter& writer, const Entries& entries) {
  for (const Entry& entry : entries) {
    writer.replica(entry.id.dot.replica);
    writer.varint(entry.id.dot.counter);
    writer.varint(entry.id.ordinal);
    writer.string(entry.sub_key);
    writer.value(entry.value);
  }
}

void write_row(ByteWriter& writer, const Table& table, std::string_view key,
               const std::vector<Value>& values, const RowState& state) {
  writer.string(table.name());
  writer.string(key);
  for (const ColumnId id : by_name(table)) {
    const Entries* entries = state.find(id);
    const ColumnRules& column = table.rules.columns[id];
    if (!column.known && entries == nullptr) continue;
    writer.string(column.name);
    if (column.known) writer.value(values[id]);
    if (entries != nullptr) write_entries(writer, *entries);
  }
}

}  // namespace

DigestExtraction::DigestExtraction(ReaderLease reader, const std::vector<std::uint32_t>& listed)
    : reader_(std::move(reader)),
      vector_(read_vector(reader_->connection, reader_->interner)),
      digests_(listed) {}

DigestExtraction::~DigestExtraction() { rows_.reset(); }

sqlite::Statement* DigestExtraction::next_row() {
  const std::vector<Table>& tables = reader_->catalog->tables();
  for (; table_ < tables.size(); ++table_) {
    if (!rows_) {
      rows_.emplace(reader_->connection.cached(select_since(tables[table_])));
      (*rows_)->bind(1, std::int64_t{-1}).bind(2, INT64_MAX);
    }
    if ((*rows_)->step()) return &**rows_;
    rows_.reset();
  }
  return nullptr;
}

std::size_t DigestExtraction::add_row(sqlite::Statement& row) {
  const Table& table = reader_->catalog->tables()[table_];
  const int keys = static_cast<int>(table.key_columns.size());
  const std::vector<Value> values = read_values(table, row, 2 + keys);
  const RowMeta meta = decode_meta(row.bytes(1), reader_->interner);
  const RowState state = expand(meta, table, values, reader_->interner);
  const std::string key = encode_key(read_key(table, row, 2));
  TextCells cells(reader_->connection, reader_->interner);
  ByteWriter writer;
  write_row(writer, table, key, values, cells.readable(table, state));
  digests_.add(table.name(), key, writer.view());
  return writer.size();
}

bool DigestExtraction::advance(std::size_t target_bytes) {
  for (std::size_t bytes = 0; bytes < target_bytes;) {
    sqlite::Statement* row = next_row();
    if (row == nullptr) return false;
    bytes += kRowCost + add_row(*row);
  }
  return true;
}

}  // namespace rill::storage
