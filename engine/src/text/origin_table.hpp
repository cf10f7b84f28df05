#pragma once

#include <vector>

#include "run.hpp"

namespace rill::fugue {

/// The neighbours that a character had when its author inserted it, erased ones included.
struct Origins {
  Serial left = kNoSerial;
  Serial right = kNoSerial;

  friend bool operator==(const Origins&, const Origins&) = default;
};

/// Characters that other characters came between and their origins before they arrived here.
///
/// All others need no record: when they arrived, they were placed right between their origins, and
/// whatever came between later has a greater serial. So their origins are the nearest characters on
/// either side with smaller serials (`RunTree::origins`), and only true concurrency costs memory.
class OriginTable {
 public:
  /// Characters from `first` on: the first has these origins, and each other one has the character
  /// before it on the left, and the same on the right.
  struct Item {
    Serial first;
    std::uint32_t count;
    Origins origins;
    /// The left origin that the order goes by: see `TextDocument::State::settled`.
    Serial settled;
  };

  /// Notes that the character, the newest of all, has these origins.
  void add(Serial serial, std::uint32_t count, const Origins& origins, Serial settled) {
    if (!items_.empty()) {
      Item& last = items_.back();
      if (last.first + last.count == serial && origins.left == serial - 1 &&
          origins.right == last.origins.right) {
        last.count += count;
        return;
      }
    }
    items_.push_back({serial, count, origins, settled});
  }
  /// The item that the character belongs to, if any.
  [[nodiscard]] const Item* find(Serial serial) const noexcept {
    std::size_t low = 0;
    std::size_t high = items_.size();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      (items_[middle].first <= serial ? low : high) =
          items_[middle].first <= serial ? middle + 1 : middle;
    }
    if (low == 0 || serial - items_[low - 1].first >= items_[low - 1].count) return nullptr;
    return &items_[low - 1];
  }
  /// Up to where characters from `serial` on, of one run that ends at `end`, have origins like
  /// those of an item's: a run may go on behind an item that it begins with, where other origins
  /// hold.
  [[nodiscard]] Serial end_of_alike(Serial serial, Serial end) const noexcept {
    const Item* item = find(serial);
    return item == nullptr || item->first + item->count > end ? end : item->first + item->count;
  }
  /// Whether an item begins with the character.
  [[nodiscard]] bool begins_at(Serial serial) const noexcept {
    if (items_.empty()) return false;
    const Item* item = find(serial);
    return item != nullptr && item->first == serial;
  }
  /// All of them, ascending.
  [[nodiscard]] const std::vector<Item>& items() const noexcept { return items_; }

 private:
  std::vector<Item> items_;
};

}  // namespace rill::fugue
