#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "rill/database.hpp"

namespace rill::bench {

/// A row of the table that all metrics use.
struct Note {
  std::string id;     // 36 characters, random
  std::string title;  // about 20
  std::string body;   // 200
  std::int64_t priority = 0;
  std::int64_t edited = 0;
};

/// The same note for the same number, in every run; keys are in no order.
Note note(std::size_t number);
/// Notes 0 to `count` - 1.
std::vector<Note> notes(std::size_t count);

/// A SQLite file with a table of notes, in WAL mode, and with the pragmas that both sides share.
class NotesFile {
 public:
  virtual ~NotesFile() = default;
  /// The connection that the app writes with.
  [[nodiscard]] virtual sqlite3* handle() = 0;
  /// Folds the log into the file.
  void checkpoint();
};

/// The baseline: SQLite and nothing else.
class BareNotes final : public NotesFile {
 public:
  explicit BareNotes(const std::filesystem::path& path);
  [[nodiscard]] sqlite3* handle() override { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
};

/// The same table, replicated.
class RillNotes final : public NotesFile {
 public:
  explicit RillNotes(const std::filesystem::path& path);
  [[nodiscard]] sqlite3* handle() override { return database_.handle(); }
  [[nodiscard]] Database& database() noexcept { return database_; }

 private:
  Database database_;
};

/// Runs SQL without parameters or results. Throws `std::runtime_error`.
void run(sqlite3* db, const char* sql);

/// A prepared statement used the plain way: bind, step, reset.
class Prepared {
 public:
  Prepared(sqlite3* db, const std::string& sql);
  Prepared& bind(int index, const std::string& text);
  Prepared& bind(int index, std::int64_t integer);
  /// Whether there is a row.
  bool step();
  /// Steps once, to the end, and resets.
  void run();
  [[nodiscard]] sqlite3_stmt* raw() const noexcept { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Inserts notes, one at a time.
class NoteInsert {
 public:
  explicit NoteInsert(sqlite3* db);
  void run(const Note& row);

 private:
  Prepared statement_;
};

/// Inserts in one transaction.
void insert_all(sqlite3* db, const std::vector<Note>& rows);

/// Overwrites titles by key, one at a time.
class TitleUpdate {
 public:
  explicit TitleUpdate(sqlite3* db);
  void run(const Note& row, const std::string& title);

 private:
  Prepared statement_;
};

/// Of `count` rows, spread evenly over all, the one with number `index`.
const Note& spread(const std::vector<Note>& rows, std::size_t count, std::size_t index);

/// A path below `folder` that no file has.
std::filesystem::path fresh_path(const std::filesystem::path& folder);

/// A file of notes that goes, with its log, when it is no longer used.
template <typename File>
class Temporary {
 public:
  explicit Temporary(const std::filesystem::path& folder)
      : path_(fresh_path(folder)), file_(std::make_unique<File>(path_)) {}
  /// Filled, and checkpointed.
  Temporary(const std::filesystem::path& folder, const std::vector<Note>& rows)
      : Temporary(folder) {
    insert_all(file_->handle(), rows);
    file_->checkpoint();
  }
  ~Temporary() {
    file_.reset();
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(path_.string() + suffix, ignored);
    }
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  File* operator->() noexcept { return file_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<File> file_;
};

}  // namespace rill::bench
