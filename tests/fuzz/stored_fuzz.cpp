#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/input.hpp"
#include "interner.hpp"
#include "rill/delta.hpp"
#include "rill/delta_reader.hpp"
#include "rill/error.hpp"
#include "rill/table_rules.hpp"
#include "row_meta.hpp"
#include "row_store.hpp"
#include "support/events.hpp"

// Any bytes as what a file keeps (a row's meta, a tombstone's image, rows of unknown tables, chunks
// of the inbox, keys, vectors): refused with a typed error, or read as something with one form in
// bytes.

namespace {

using rill::Error;
using rill::Value;
using rill::fuzz::Input;
using rill::fuzz::require;
using rill::storage::RowMeta;

constexpr std::uint32_t kReplicas = 4;

/// A file that knows some replicas and one table, with columns of all shapes of entries.
struct Knowledge {
  Knowledge() {
    connection.execute(
        "CREATE TABLE rill_replica(id INTEGER PRIMARY KEY, replica BLOB NOT NULL UNIQUE)");
    for (std::uint32_t number = 1; number <= kReplicas; ++number) {
      interner.number(rill::test::replica(static_cast<int>(number)));
    }
    table.rules.name = "t";
    table.rules.columns = {{"register", rill::last_writer(), {}, true},
                           {"count", rill::counter(), {}, true},
                           {"tags", rill::set(), {}, true},
                           {"fields", rill::map(), {}, true},
                           {"words", rill::text(), {}, true},
                           {"newer", rill::last_writer(), {}, false}};
    table.columns = {0, 1, 2, 3, 4};
    table.shapes = {{0, 1}, {0, 1, 2, 3, 4}};
  }

  rill::sqlite::Connection connection{":memory:", {true, false, true, {}, 0}};
  rill::storage::Interner interner{connection};
  rill::storage::Table table;
  const std::vector<Value> values{Value("shown"),     Value(7),       Value("[1,2]"),
                                  Value("{\"a\":1}"), Value("words"), Value()};
};

/// Decodes; false if the bytes are refused, by one of the errors that they may be.
template <typename Decode>
bool accepts(const Decode& decode) {
  try {
    decode();
    return true;
  } catch (const Error& error) {
    require(error.code() == rill::ErrorCode::malformed ||
                error.code() == rill::ErrorCode::limit_exceeded ||
                error.code() == rill::ErrorCode::corrupt,
            error.what());
    return false;
  }
}

/// What has just one form in bytes.
template <typename Decode>
void attempt(std::string_view bytes, const Decode& decode) {
  accepts([&] { require(encode(decode(bytes)) == bytes, "two forms in bytes"); });
}

bool any_beyond(const std::string& meta, const RowMeta& decoded,
                const std::vector<std::uint64_t>& known) {
  bool found = false;
  const auto look = [&](const rill::storage::Event& event) {
    found |= event.replica >= known.size() || event.counter > known[event.replica];
  };
  for (const auto& birth : decoded.births) look(birth);
  for (const auto& mark : decoded.existence) look(mark.event);
  if (decoded.base) look(*decoded.base);
  for (const auto& column : decoded.exceptions) {
    if (column.whole) look(*column.whole);
    for (const rill::Entry& entry : column.entries) {
      look({static_cast<std::uint32_t>(entry.id.dot.replica.bytes[0]), entry.id.dot.counter, 0});
    }
  }
  require(rill::storage::has_news(meta, known) == found, "has_news() is wrong");
  return found;
}

/// A meta need not be the shortest, but its shortest form must say the same.
void attempt_meta(std::string_view bytes, Knowledge& file) {
  const auto& table = file.table;
  std::string shortest;
  if (!accepts([&] {
        shortest = encode(rill::storage::decode_meta(bytes, file.interner), file.interner);
      })) {
    return;
  }
  constexpr std::string_view kNoEvents("\x02\x00", 2);
  if (shortest.starts_with(kNoEvents)) return;  // no row's: nothing in it is of any event
  const RowMeta meta = rill::storage::decode_meta(shortest, file.interner);
  require(encode(meta, file.interner) == shortest, "a meta has two shortest forms");
  any_beyond(shortest, meta, std::vector<std::uint64_t>(kReplicas + 1, 3));
  const auto inserted = rill::storage::decode_inserted(shortest);
  require(!inserted || encode_inserted(inserted->event, inserted->shape) == shortest,
          "decode_inserted() reads something else");

  const rill::storage::Event event{1, 99, 99};
  const std::string fast = rill::storage::encode_overwritten(shortest, event, {0, 2});
  if (!fast.empty()) {
    RowMeta slow = meta;
    for (const rill::ColumnId column : {0U, 2U}) slow.set_whole(column, event);
    slow.touch(event);
    require(encode(slow, file.interner) == fast, "encode_overwritten() writes something else");
  }
  accepts([&] {
    const rill::RowState state = expand(meta, table, file.values, file.interner);
    // Entries of any bytes need not be those of what the row shows.
    const std::vector<Value> values = show(table.rules, state).values;
    const RowMeta again = collapse(state, table, values, file.interner);
    require(expand(again, table, values, file.interner) == state, "collapse() loses entries");
  });
}

/// Row by row and all at once, a chunk holds the same.
void attempt_chunk(std::string_view bytes) {
  attempt(bytes, rill::decode_delta);
  rill::Delta read;
  const bool whole = accepts([&] { rill::decode_delta(bytes); });
  const bool by_rows = accepts([&] {
    rill::DeltaReader reader(bytes);
    read = reader.header();
    while (reader.next()) {
      const rill::InsertedRow* row = reader.inserted();
      read.rows.push_back(row != nullptr ? row->fragment() : reader.take());
    }
  });
  require(whole == by_rows, "a chunk is refused by one reader only");
  require(!whole || encode(read) == bytes, "a chunk's rows are read as others");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Knowledge file;
  Input input(data, size);
  const std::uint8_t kind = input.byte();
  const std::string_view bytes = input.rest();
  switch (kind % 8) {
    case 0:
      attempt(bytes, rill::decode_row_state);
      break;
    case 1:
      attempt(bytes, rill::decode_version_vector);
      break;
    case 2:
      accepts([&] {
        require(rill::encode_key(rill::decode_key(bytes)) == bytes, "a key has two forms");
      });
      break;
    case 3:
      accepts([&] {
        const auto values = rill::storage::decode_image(file.table, bytes);
        require(bytes.front() == 0 || encode_image(file.table, values) == bytes,
                "an image has two forms");
      });
      break;
    case 4:
    case 5:
      attempt_chunk(bytes);
      break;
    default:
      attempt_meta(bytes, file);
  }
  return 0;
}
