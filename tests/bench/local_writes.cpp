#include <filesystem>
#include <memory>
#include <utility>

#include "cpu_time.hpp"
#include "metric.hpp"
#include "notes.hpp"

// What capture costs: plain SQL on a replicated table against the same on a bare one.

namespace rill::bench {
namespace {

using Rows = std::shared_ptr<const std::vector<Note>>;
using LocalWork = std::function<void(sqlite3*, const std::vector<Note>&)>;

template <typename File>
Preparation on_new_file(const Setting& setting, const Rows& rows, bool filled,
                        const LocalWork& work) {
  return [=] {
    auto file = filled ? std::make_shared<Temporary<File>>(setting.folder, *rows)
                       : std::make_shared<Temporary<File>>(setting.folder);
    return [=] { work((*file)->handle(), *rows); };
  };
}

Figures compare(const Setting& setting, bool filled, const LocalWork& work) {
  const auto rows = std::make_shared<const std::vector<Note>>(notes(setting.scale.rows));
  return compare_cpu_time(setting.scale.rounds, on_new_file<RillNotes>(setting, rows, filled, work),
                          on_new_file<BareNotes>(setting, rows, filled, work));
}

Figures insert_bulk(const Setting& setting) { return compare(setting, false, insert_all); }

/// Into a table that holds rows already, as an app's does.
Figures insert_single(const Setting& setting) {
  auto more = std::make_shared<std::vector<Note>>();
  for (std::size_t index = 0; index < setting.scale.transactions; ++index) {
    more->push_back(note(setting.scale.rows + index));
  }
  return compare(setting, true, [more](sqlite3* db, const std::vector<Note>& /*rows*/) {
    NoteInsert insert(db);
    for (const Note& row : *more) insert.run(row);
  });
}

void update_titles(sqlite3* db, const std::vector<Note>& rows, std::size_t count) {
  TitleUpdate update(db);
  for (std::size_t index = 0; index < count; ++index) {
    update.run(spread(rows, count, index), "edited " + std::to_string(index));
  }
}

Figures update_column(const Setting& setting) {
  const std::size_t count = setting.scale.keyed;
  return compare(setting, true, [count](sqlite3* db, const std::vector<Note>& rows) {
    run(db, "BEGIN");
    update_titles(db, rows, count);
    run(db, "COMMIT");
  });
}

Figures update_single(const Setting& setting) {
  const std::size_t count = setting.scale.transactions;
  return compare(setting, true, [count](sqlite3* db, const std::vector<Note>& rows) {
    update_titles(db, rows, count);
  });
}

Figures update_mass(const Setting& setting) {
  return compare(setting, true, [](sqlite3* db, const std::vector<Note>& /*rows*/) {
    run(db, "UPDATE notes SET priority = priority + 1");
  });
}

Figures delete_rows(const Setting& setting) {
  const std::size_t count = setting.scale.keyed;
  return compare(setting, true, [count](sqlite3* db, const std::vector<Note>& rows) {
    run(db, "BEGIN");
    Prepared statement(db, "DELETE FROM notes WHERE id = ?");
    for (std::size_t index = 0; index < count; ++index) {
      statement.bind(1, spread(rows, count, index).id).run();
    }
    run(db, "COMMIT");
  });
}

template <typename File>
double checkpointed_bytes(const Setting& setting, const std::vector<Note>& rows) {
  const Temporary<File> file(setting.folder, rows);
  return static_cast<double>(std::filesystem::file_size(file.path()));
}

Figures file_size(const Setting& setting) {
  const std::vector<Note> rows = notes(setting.scale.rows);
  Figures figures{checkpointed_bytes<RillNotes>(setting, rows),
                  checkpointed_bytes<BareNotes>(setting, rows), 0};
  figures.ratio = figures.value / figures.baseline;
  return figures;
}

}  // namespace

std::vector<Metric> local_write_metrics() {
  return {{"insert_bulk", "ms", 1.35, insert_bulk},    {"insert_single", "ms", 1.5, insert_single},
          {"update_column", "ms", 2.0, update_column}, {"update_single", "ms", 2.2, update_single},
          {"update_mass", "ms", 4.0, update_mass},     {"delete_rows", "ms", 2.3, delete_rows},
          {"file_size", "bytes", 1.15, file_size}};
}

}  // namespace rill::bench
