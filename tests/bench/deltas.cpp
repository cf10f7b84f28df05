#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cpu_time.hpp"
#include "metric.hpp"
#include "notes.hpp"
#include "rill/bytes.hpp"
#include "rill/delta.hpp"

// What it costs to hand changes out and to merge them, beside the plain SQL that moves the same
// values.

namespace rill::bench {
namespace {

/// A chunk of the size that a session asks for.
constexpr std::size_t kChunkBytes = std::size_t{64} << 10U;

using Chunks = std::vector<std::string>;
using Rows = std::shared_ptr<const std::vector<Note>>;

Rows all_rows(const Setting& setting) {
  return std::make_shared<const std::vector<Note>>(notes(setting.scale.rows));
}

Chunks changes_since(Database& database, const VersionVector& known) {
  Chunks chunks;
  const auto stream = database.changes_since(known);
  while (auto chunk = stream->next(kChunkBytes)) chunks.push_back(std::move(*chunk));
  return chunks;
}

void receive(Database& database, const Chunks& chunks) {
  for (const std::string& chunk : chunks) database.receive(chunk);
}

std::string title(std::size_t index) { return "edited " + std::to_string(index); }

void update_titles(sqlite3* db, const std::vector<Note>& rows, std::size_t count) {
  run(db, "BEGIN");
  TitleUpdate update(db);
  for (std::size_t index = 0; index < count; ++index) {
    update.run(spread(rows, count, index), title(index));
  }
  run(db, "COMMIT");
}

/// All rows by SELECT, as the values of a delta are encoded.
void encode_by_select(sqlite3* db) {
  Prepared select(db, "SELECT id, title, body, priority, edited FROM notes");
  ByteWriter writer;
  const auto text = [&](int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(select.raw(), column));
    const int size = sqlite3_column_bytes(select.raw(), column);
    return Value(std::string_view(bytes, static_cast<std::size_t>(size)));
  };
  while (select.step()) {
    for (const int column : {0, 1, 2}) writer.value(text(column));
    for (const int column : {3, 4}) writer.value(sqlite3_column_int64(select.raw(), column));
    if (writer.size() > kChunkBytes) writer = ByteWriter();
  }
}

Figures full_extract(const Setting& setting) {
  const Rows rows = all_rows(setting);
  const auto rill = std::make_shared<Temporary<RillNotes>>(setting.folder, *rows);
  const auto bare = std::make_shared<Temporary<BareNotes>>(setting.folder, *rows);
  return compare_cpu_time(
      setting.scale.rounds, [=] { return [=] { changes_since((*rill)->database(), {}); }; },
      [=] { return [=] { encode_by_select((*bare)->handle()); }; });
}

Figures full_apply(const Setting& setting) {
  const Rows rows = all_rows(setting);
  Temporary<RillNotes> sender(setting.folder, *rows);
  const Chunks chunks = changes_since(sender->database(), {});
  return compare_cpu_time(
      setting.scale.rounds,
      [&] {
        auto receiver = std::make_shared<Temporary<RillNotes>>(setting.folder);
        return [&, receiver] { receive((*receiver)->database(), chunks); };
      },
      [&] {
        auto bare = std::make_shared<Temporary<BareNotes>>(setting.folder);
        return [=] { insert_all((*bare)->handle(), *rows); };
      });
}

Figures delta_apply(const Setting& setting) {
  const Rows rows = all_rows(setting);
  const std::size_t count = setting.scale.changes;
  Temporary<RillNotes> sender(setting.folder, *rows);
  const Chunks full = changes_since(sender->database(), {});
  const VersionVector known = sender->database().vector();
  update_titles(sender->handle(), *rows, count);
  const Chunks delta = changes_since(sender->database(), known);
  return compare_cpu_time(
      setting.scale.rounds,
      [&] {
        auto receiver = std::make_shared<Temporary<RillNotes>>(setting.folder);
        receive((*receiver)->database(), full);
        (*receiver)->checkpoint();
        return [&, receiver] { receive((*receiver)->database(), delta); };
      },
      [&] {
        auto bare = std::make_shared<Temporary<BareNotes>>(setting.folder, *rows);
        return [=] { update_titles((*bare)->handle(), *rows, count); };
      });
}

/// Each cell changed in a transaction of its own, as a person edits. The baseline is what nobody
/// can do without: the bytes of key and value.
Figures delta_overhead(const Setting& setting) {
  const Rows rows = all_rows(setting);
  const std::size_t count = setting.scale.changes;
  Temporary<RillNotes> sender(setting.folder, *rows);
  static_cast<void>(sender->database().summary());
  const VersionVector known = sender->database().vector();
  TitleUpdate update(sender->handle());
  ByteWriter least;
  for (std::size_t index = 0; index < count; ++index) {
    const Note& row = spread(*rows, count, index);
    update.run(row, title(index));
    least.value(row.id);
    least.value(title(index));
  }
  std::size_t bytes = 0;
  for (const std::string& chunk : changes_since(sender->database(), known)) bytes += chunk.size();
  const auto per_cell = [&](std::size_t total) {
    return static_cast<double>(total) / static_cast<double>(count);
  };
  return {per_cell(bytes), per_cell(least.size()), per_cell(bytes - least.size())};
}

}  // namespace

std::vector<Metric> delta_metrics() {
  return {{"full_extract", "ms", 1.5, full_extract},
          {"full_apply", "ms", 1.8, full_apply},
          {"delta_apply", "ms", 2.2, delta_apply},
          {"delta_overhead", "bytes per cell", 8, delta_overhead}};
}

}  // namespace rill::bench
