#include "digest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "rill/bytes.hpp"
#include "row_store.hpp"
#include "text/cells.hpp"

namespace rill::storage {
namespace {

/// A 128-bit hash; sums of it do not depend on the order of rows.
struct Hash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  void add(const Hash& other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
  }
};

std::uint64_t finalised(std::uint64_t word) {
  word = (word ^ (word >> 33U)) * 0xff51afd7ed558ccdULL;
  word = (word ^ (word >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return word ^ (word >> 33U);
}

/// Two lanes of multiply-and-rotate over 8-byte words, finalised as in MurmurHash3 (Appleby 2011).
/// It finds accidents; it is no defence against an attacker.
Hash hash_of(std::string_view bytes) {
  Hash hash{0x9e3779b97f4a7c15ULL, bytes.size()};
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min<std::size_t>(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    bytes.remove_prefix(count);
    hash.low = std::rotl(hash.low ^ (word * 0x87c37b91114253d5ULL), 31) * 5 + 0x52dce729U;
    hash.high = std::rotl(hash.high ^ (word * 0x4cf5ad432745937fULL), 27) * 5 + hash.low;
  }
  return {finalised(hash.high + hash.low), finalised(hash.low ^ std::rotl(hash.high, 17))};
}

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

Hash hash_of_row(Reader& reader, const Table& table, sqlite::Statement& row) {
  const int keys = static_cast<int>(table.key_columns.size());
  const std::vector<Value> key = read_key(table, row, 2);
  const std::vector<Value> values = read_values(table, row, 2 + keys);
  const RowMeta meta = decode_meta(row.bytes(1), reader.interner);
  ByteWriter writer;
  const RowState state = expand(meta, table, values, reader.interner);
  TextCells cells(reader.connection, reader.interner);
  write_row(writer, table, encode_key(key), values, cells.readable(table, state));
  return hash_of(writer.view());
}

}  // namespace

std::string digest_of(Reader& reader) {
  Hash sum;
  for (const Table& table : reader.catalog->tables()) {
    sqlite::Using rows(reader.connection.cached(select_since(table)));
    rows->bind(1, std::int64_t{-1}).bind(2, INT64_MAX);
    while (rows->step()) sum.add(hash_of_row(reader, table, *rows));
  }
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(sum.high),
                static_cast<unsigned long long>(sum.low));
  return text.data();
}

}  // namespace rill::storage
