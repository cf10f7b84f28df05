#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "oracle/cell.hpp"
#include "oracle/generator.hpp"
#include "oracle/script.hpp"
#include "rill/database.hpp"
#include "rill/environment.hpp"

namespace oracle {

using ReplicaBytes = std::array<std::uint8_t, 16>;
/// A version vector, naively.
using Vector = std::map<ReplicaBytes, std::uint64_t>;

Vector vector_of(const rill::VersionVector& vector);
/// Whether `right` covers all that `left` does.
bool covered(const Vector& left, const Vector& right);
void merge_into(Vector& left, const Vector& right);
/// The pointwise minimum.
Vector common(const Vector& left, const Vector& right);

Cell cell_of(const rill::Value& value);
rill::Value value_of(const Cell& cell);

/// A hybrid logical clock, naively: what times a device's events must carry.
class NaiveClock {
 public:
  /// The reading that an event gets now.
  [[nodiscard]] std::uint64_t peek(std::uint64_t wall_ms) const {
    const std::uint64_t wall = wall_ms << 16U;
    return wall > last_ ? wall : last_ + 1;
  }
  /// An event took the reading `time`, or one from elsewhere became known.
  void take(std::uint64_t time) { last_ = time > last_ ? time : last_; }
  void observe(std::uint64_t time, std::uint64_t wall_ms) {
    constexpr std::uint64_t kFiveMinutesMs = 300'000;
    if ((time >> 16U) <= wall_ms + kFiveMinutesMs) take(time);
  }

 private:
  std::uint64_t last_ = 0;
};

/// A wall clock that stands where it is put.
class PuppetClock : public rill::WallClock {
 public:
  std::uint64_t now_ms() override { return now_ms_; }
  void set(std::uint64_t now_ms) { now_ms_ = now_ms; }

 private:
  std::uint64_t now_ms_ = 0;
};

/// What became of one statement.
struct Outcome {
  bool done = false;
  /// The error's message.
  std::string error;
  /// Whether the error is one that bad SQL or values may give.
  bool expected = true;
};

/// One device: a database file, its clock, and the app that writes to it.
class Site {
 public:
  /// Nothing is opened yet. The clock of `options` is the site's own; its callbacks run at once.
  Site(const Plan& plan, std::size_t number, std::filesystem::path path,
       rill::DatabaseOptions options);

  /// Opens the file, creates it where there is none, and migrates it to the device's schema. After
  /// an error it is to be closed.
  void open();
  void close() { database_.reset(); }
  [[nodiscard]] bool is_open() const { return database_ != nullptr; }

  [[nodiscard]] rill::Database& database() { return *database_; }
  /// As whom the file was first opened.
  [[nodiscard]] const ReplicaBytes& id() const { return id_; }
  [[nodiscard]] bool current_schema() const { return current_schema_; }
  /// The file comes from a device that has adopted it.
  void expect_current_schema() { current_schema_ = true; }
  [[nodiscard]] NaiveClock& clock() { return clock_; }
  [[nodiscard]] std::uint64_t wall_ms() const { return wall_ms_; }
  /// The world's time; this device's clock differs from it by its offset.
  void set_time(std::uint64_t world_ms);
  void set_wall(std::uint64_t wall_ms);

  /// Closes and opens the file. Throws if it has another identity then.
  void restart();
  void adopt();

  /// Throws `rill::Error` where neither the statement nor its values are to blame.
  Outcome execute(const Sql& sql);
  /// Calls `run` for each block of a step, inside the transaction and the savepoints that it asks
  /// for.
  void transaction(const Step& step, const std::function<void(const Block&)>& run);

  /// The rows of one history as the table shows them, by key.
  std::map<std::size_t, std::vector<Cell>> rows(const Table& table, const KeySpace& keys);
  /// How many edited texts the file holds for one column of one row.
  std::int64_t kept_texts(const Table& table, const Column& column, const std::vector<Cell>& key);

 private:
  void raw(const std::string& sql);
  void transaction_by_handle(const Step& step, const std::function<void(const Block&)>& run);

  const Plan& plan_;
  Device device_;
  std::filesystem::path path_;
  std::shared_ptr<PuppetClock> wall_clock_;
  rill::DatabaseOptions options_;
  std::unique_ptr<rill::Database> database_;
  ReplicaBytes id_{};
  bool current_schema_;
  NaiveClock clock_;
  std::uint64_t wall_ms_ = 0;
};

/// Creates the tables and replicates them; `before` is whether the older schema stands already.
void create_schema(rill::Schema& schema, const Shape& shape, bool current_schema, bool before);
void register_rules(rill::Database& database);

}  // namespace oracle
