#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "leaf_index.hpp"
#include "origin_table.hpp"
#include "pool.hpp"
#include "rill/text_document.hpp"
#include "run.hpp"
#include "text_store.hpp"

namespace rill::fugue {

/// Between two characters of a text, erased ones included: behind `offset` characters of a run.
/// The beginning is {0, 0, 0}; everywhere else `offset` is at least 1. Any change of the tree ends
/// a place's validity.
struct Place {
  std::uint32_t leaf = 0;
  std::uint32_t index = 0;
  std::uint32_t offset = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// All characters of a text in their order, erased ones included: a B+tree of runs that sums up,
/// for each subtree, the extent of what is shown and the smallest serial.
///
/// Invariants: leaf 0 is the first; no leaf is empty unless the text is; runs that could be one are
/// one within a leaf (`joins`), so what stands in the middle of a run has the character before it
/// as its left origin.
class RunTree {
 public:
  static constexpr std::uint32_t kUnknown = 0xFFFF'FFFFU;

  /// Where characters and origins are kept; both outlive the tree.
  RunTree(const TextStore& store, const OriginTable& origins);

  /// What is shown.
  [[nodiscard]] const Extent& total() const noexcept { return total_; }
  /// Characters, erased ones included.
  [[nodiscard]] Serial end() const noexcept { return end_; }

  // Finding places.

  /// Behind the shown character before `position`, which is at most `total().chars`.
  Place place_at(std::uint32_t position);
  /// Behind the character; the beginning for `kNoSerial`.
  Place place_behind(Serial serial);
  /// The extent of what is shown before a place.
  [[nodiscard]] Extent extent_before(const Place& place) const;
  /// The extent of what is shown before a position of any unit; `invalid_argument` where that is
  /// inside a code point.
  [[nodiscard]] Extent extent_at(std::size_t position, TextUnit unit) const;

  // Walking.

  /// The character before a place.
  [[nodiscard]] Serial before(const Place& place) const noexcept;
  /// The character behind a place.
  [[nodiscard]] Serial behind(const Place& place) const noexcept;
  /// The character behind a place that is not sealed.
  [[nodiscard]] Serial unsealed_behind(Place place) const noexcept;
  /// Moves a place behind the rest of its run, or behind the next run if there is no rest. False at
  /// the end.
  bool advance(Place& place) const noexcept;
  /// The run whose last characters lie before a place; not for the beginning.
  [[nodiscard]] const Run& run(const Place& place) const noexcept {
    return leaves_[place.leaf].runs[place.index];
  }
  /// Whether one place comes before another.
  [[nodiscard]] bool precedes(const Place& left, const Place& right) const noexcept;
  /// The origins that the order does not tell.
  [[nodiscard]] const OriginTable& origin_table() const noexcept { return origins_; }
  /// The origins of the character.
  [[nodiscard]] Origins origins(Serial serial);
  /// The same with the left origin that the order goes by.
  [[nodiscard]] Origins settled_origins(Serial serial);
  /// Calls `visit(run)` for each run in order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t id = 0; id != kUnknown; id = leaves_[id].next) {
      const Leaf& leaf = leaves_[id];
      for (std::uint32_t index = 0; index < leaf.count; ++index) visit(leaf.runs[index]);
    }
  }

  // Changing.

  /// Puts the newest characters at a place: `count` of them, from `end()` on, which stand in the
  /// store at `offset`. `position` is where they are shown, if that is known. Returns the place
  /// behind them.
  Place insert(Place place, std::uint32_t count, std::uint32_t offset, std::uint32_t flags = 0,
               std::uint32_t position = kUnknown);
  /// Where the newest characters end, as long as nothing else was changed since they came; unknown
  /// also where their position is.
  [[nodiscard]] std::uint32_t newest_position() const noexcept { return newest_.position; }
  /// Whether characters may follow the newest ones by `extend`.
  [[nodiscard]] bool extensible() const noexcept { return newest_.leaf != kUnknown; }
  /// Puts characters right behind the newest ones, in the text and in the store.
  void extend(const Extent& extent);
  /// Erases the last ones of `count` characters that are shown from a position on, as many as stand
  /// together. Returns them, with their offset.
  Run erase_shown(std::uint32_t position, std::uint32_t count);
  /// Gives flags to the characters from `serial` on, at most `count`, as many as stand in one run.
  /// Returns how many.
  std::uint32_t mark(Serial serial, std::uint32_t count, std::uint32_t flags);
  /// Takes over runs in order, in place of what there is.
  void build(const std::vector<Run>& runs);

  /// Compares sums and index with the runs; `internal` where they disagree.
  void check() const;

 private:
  static constexpr std::uint32_t kLeafRuns = 32;
  static constexpr std::uint32_t kChildren = 24;
  struct Leaf {
    std::array<Run, kLeafRuns> runs;
    std::uint32_t count = 0;
    std::uint32_t parent = 0;
    std::uint32_t next = kUnknown;
    std::uint32_t previous = kUnknown;
  };
  struct Node {
    std::array<std::uint32_t, kChildren> children;
    std::array<std::uint32_t, kChildren> chars;
    std::array<std::uint32_t, kChildren> units;
    std::array<std::uint32_t, kChildren> bytes;
    std::array<Serial, kChildren> smallest;
    std::uint32_t count = 0;
    std::uint32_t parent = kUnknown;
    bool above_leaves = true;
  };
  // The leaf that was edited or sought last, and how many characters are shown before it; one of
  // its runs, and the same for that.
  struct Cursor {
    std::uint32_t leaf = kUnknown;
    std::uint32_t start = 0;
    std::uint32_t index = 0;
    std::uint32_t run_start = 0;
  };
  // The run that ends with the newest character, and the position behind it.
  struct Newest {
    std::uint32_t leaf = kUnknown;
    std::uint32_t index = 0;
    std::uint32_t position = kUnknown;
  };
  struct Sums {
    Extent extent;
    Serial smallest = kNoSerial;
  };

  [[nodiscard]] Extent extent(const Run& run) const noexcept {
    return run.erased() ? Extent{} : store_.extent(run.offset, run.count());
  }
  [[nodiscard]] static std::uint32_t slot_of(const Node& node, std::uint32_t child,
                                             std::uint32_t guess = 0) noexcept;
  [[nodiscard]] Sums sums_of_leaf(const Leaf& leaf) const noexcept;
  [[nodiscard]] static Sums sums_of_node(const Node& node) noexcept;
  static void set_sums(Node& node, std::uint32_t slot, const Sums& sums) noexcept;
  void add(std::uint32_t leaf, const Extent& extent) noexcept;
  void subtract(std::uint32_t leaf, const Extent& extent) noexcept;
  // What every change of the runs of a leaf begins with.
  void touch(std::uint32_t leaf) noexcept;
  bool place_in_cursor(std::uint32_t position, Place& place) const noexcept;
  void seek(std::uint32_t position) noexcept;
  // Where the next edit is probably.
  void remember(const Place& place, std::uint32_t run_start) noexcept;
  // Splits the leaf if it has no room for two runs more; the place follows.
  void ensure_room(Place& place);
  std::uint32_t split_leaf(std::uint32_t leaf, std::uint32_t half);
  void add_child(std::uint32_t node, std::uint32_t slot, std::uint32_t child, const Sums& sums);
  std::uint32_t split_node(std::uint32_t node);
  void set_parent(const Node& node, std::uint32_t child, std::uint32_t parent) noexcept;
  static void insert_run(Leaf& leaf, std::uint32_t index, const Run& run) noexcept;
  static void remove_run(Leaf& leaf, std::uint32_t index) noexcept;
  [[nodiscard]] bool joins(const Run& left, const Run& right) const noexcept;
  // Returns where the run stood before, in the leaf as it is now.
  Place mark_part(const Place& first, std::uint32_t count, std::uint32_t flags);
  void mark_whole(Leaf& leaf, std::uint32_t index, std::uint32_t flags) const noexcept;
  void build_nodes(std::vector<std::uint32_t> level, std::vector<Sums> sums);
  void build_index();
  // The run of a character, and how many of its characters stand before that one.
  [[nodiscard]] Place find(Serial serial);
  [[nodiscard]] Serial smaller_left(const Place& run, Serial serial) const noexcept;
  [[nodiscard]] Serial smaller_right(const Place& run, Serial serial) const noexcept;
  [[nodiscard]] Serial check_node(std::uint32_t id, std::vector<std::uint32_t>& leaves) const;

  const TextStore& store_;
  const OriginTable& origins_;
  Pool<Leaf> leaves_;
  Pool<Node> nodes_;
  std::uint32_t root_ = 0;
  Extent total_;
  Serial end_ = 0;
  Cursor cursor_;
  // Where the leaf stood in its parent that was changed last, the parent in its parent, and so on.
  std::array<std::uint32_t, 8> slots_{};
  Newest newest_;
  // Made when a character is first looked for by its serial.
  LeafIndex index_;
  bool indexed_ = false;
};

}  // namespace rill::fugue
