#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cpu_time.hpp"
#include "metric.hpp"
#include "notes.hpp"

// Whether a delta costs by the number of changes, and not by the size of the table.

namespace rill::bench {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10U;

/// A replicated table of `size` rows, of which `common` are the same in every such table and stand
/// evenly among the others.
std::shared_ptr<Temporary<RillNotes>> table_of(const Setting& setting, std::size_t size,
                                               std::size_t common) {
  auto file = std::make_shared<Temporary<RillNotes>>(setting.folder);
  sqlite3* db = (*file)->handle();
  const std::size_t step = size / common;
  run(db, "BEGIN");
  NoteInsert insert(db);
  for (std::size_t number = 0; number < size; ++number) {
    insert.run(number % step == 0 ? note(number / step) : note(common + number));
  }
  run(db, "COMMIT");
  (*file)->checkpoint();
  return file;
}

/// Changes the same cells of the rows that all tables share, and then hands them out, timed.
Preparation extraction(std::shared_ptr<Temporary<RillNotes>> file,
                       std::shared_ptr<const std::vector<Note>> changed) {
  return [file = std::move(file), changed = std::move(changed), run_number = 0]() mutable {
    Database& database = (*file)->database();
    static_cast<void>(database.summary());  // all until now is out, as after a sync
    const VersionVector known = database.vector();
    run((*file)->handle(), "BEGIN");
    TitleUpdate update((*file)->handle());
    for (const Note& row : *changed) update.run(row, "run " + std::to_string(run_number));
    run((*file)->handle(), "COMMIT");
    ++run_number;
    return [file, known] {
      const auto stream = (*file)->database().changes_since(known);
      while (stream->next(kChunkBytes)) {
      }
    };
  };
}

Figures delta_scaling(const Setting& setting) {
  const Scale& scale = setting.scale;
  auto changed = std::make_shared<std::vector<Note>>();
  for (std::size_t index = 0; index < scale.changes; ++index) {
    changed->push_back(note(index * (scale.small_table / scale.changes)));
  }
  const auto large = table_of(setting, scale.large_table, scale.small_table);
  const auto small = table_of(setting, scale.small_table, scale.small_table);
  // A few milliseconds each: more runs than elsewhere cost little.
  return compare_cpu_time(scale.rounds * 3, extraction(large, changed), extraction(small, changed));
}

}  // namespace

std::vector<Metric> delta_scaling_metrics() {
  return {{"delta_scaling", "ms", 1.3, delta_scaling}};
}

}  // namespace rill::bench
