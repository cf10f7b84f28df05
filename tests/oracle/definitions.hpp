#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "oracle/history.hpp"

namespace oracle {

/// One operation on a row, and where in the history it stands.
struct Act {
  std::size_t event_index = 0;
  /// Its place among the operations of its event.
  std::size_t place = 0;
  const Operation* operation = nullptr;
  const Event* event = nullptr;
};

/// Whether the author of `later` had seen `earlier`.
[[nodiscard]] inline bool sees(const Act& later, const Act& earlier) {
  if (later.event_index == earlier.event_index) return earlier.place < later.place;
  return later.event->past[earlier.event_index];
}

/// What the act did to the text in a column; null if it began one, or did nothing there.
[[nodiscard]] const Edit* edit_of(const Act& act, std::size_t index);

using Stamp = std::tuple<std::uint64_t, std::array<std::uint8_t, 16>, std::uint64_t, std::size_t>;

/// By what concurrent acts are told earlier from later: time, then dot. Acts of one event in order.
[[nodiscard]] inline Stamp stamp_of(const Act& act) {
  return {act.event->time, act.event->replica, act.event->counter, act.place};
}

/// Everything that happened to one row.
struct RowActs {
  std::vector<Act> acts;
  std::vector<Act> inserts;
  /// The inserts that no other insert has seen.
  std::vector<Act> births;
  std::optional<Act> latest_birth;
};

/// The merge rules, each by its definition.
class Definitions {
 public:
  Definitions(const RowActs& row, Fault fault, TextReader& texts)
      : row_(row), fault_(fault), texts_(texts) {}

  /// What the column numbered `index` shows.
  [[nodiscard]] ColumnView column(const Column& column, std::size_t index) const;
  /// Replaces what the columns of a table with a row rule show by what the rule makes of its
  /// versions. Texts are no part of those.
  void settle_row(const Table& table, RowView& view) const;

 private:
  /// The acts that wrote the column, and inserts by authors who did not know it: those only
  /// overwrite.
  [[nodiscard]] std::vector<Act> acts_on(std::size_t index) const;
  [[nodiscard]] std::vector<Act> siblings(std::size_t index) const;
  /// Whether `later` overwrites what `earlier` wrote into the column.
  [[nodiscard]] bool overwrites(const Act& later, const Act& earlier, std::size_t index) const;
  /// The latest of the siblings that saw the latest birth.
  [[nodiscard]] std::optional<Act> last_writer(const std::vector<Act>& siblings) const;
  /// The sibling that a register column shows, if it shows one.
  [[nodiscard]] std::optional<Act> pick(const Column& column, std::size_t index,
                                        const std::vector<Act>& siblings) const;
  void settle(const Column& column, std::size_t index, const std::vector<Act>& siblings,
              ColumnView& view) const;
  [[nodiscard]] Content count(const Column& column, std::size_t index) const;
  [[nodiscard]] Content unite(const Column& column, std::size_t index) const;
  [[nodiscard]] Content merge_leaves(const Column& column, std::size_t index) const;
  /// The text that an act began, with what was done to it since.
  [[nodiscard]] SharedText text_begun_by(const Act& act, std::size_t index) const;
  void show_text(const Column& column, std::size_t index, ColumnView& view) const;
  [[nodiscard]] bool overwritten_by_insert(const Act& act) const;
  /// Whether no write of the column stands, so that its default shows.
  [[nodiscard]] bool untouched(std::size_t index) const;

  const RowActs& row_;
  Fault fault_;
  TextReader& texts_;
};

/// The test app's custom rule, for an INTEGER column: depends on every part of what a rule is
/// given, and fails for some values. Empty where it fails.
struct WovenSibling {
  Cell value;
  std::uint8_t last_byte_of_replica = 0;
  std::uint64_t time_ms = 0;
};
std::optional<Cell> weave(const std::vector<WovenSibling>& siblings);

/// The test app's row rule: the version with the widest span from first to last column gives all
/// but the last column, which becomes the sum of all versions'. Empty where it fails.
std::optional<std::vector<Cell>> widest(const std::vector<std::vector<Cell>>& versions);

}  // namespace oracle
