#pragma once

#include <cstdint>
#include <vector>

#include "author_table.hpp"
#include "run.hpp"

namespace rill::fugue {

/// What operations did, in the order in which they were applied here. Operations of one author that
/// each typed or erased one character beside the last share one item.
class TextLog {
 public:
  /// What an item says of its characters.
  enum class Kind : std::uint8_t {
    inserted,         ///< One operation inserted them all.
    erased,           ///< One operation erased them all.
    typed,            ///< Each was inserted by an operation of its own, counters rising.
    erased_forward,   ///< Each was erased by an operation of its own, counters rising.
    erased_backward,  ///< The same, from the last to the first.
  };
  /// Part of an operation, or a series of operations.
  struct Item {
    std::uint64_t counter;  ///< Of the first operation.
    Serial first;           ///< The smallest serial.
    std::uint32_t count : 29;
    Kind kind : 3;
  };
  /// One operation's share of an item.
  struct Part {
    bool inserts;
    Serial first;
    std::uint32_t count;
  };

  /// Adds what an operation did, after all that was added before.
  void add(Author author, std::uint64_t counter, bool inserts, Serial first, std::uint32_t count);
  /// Whether this operation is the last one.
  [[nodiscard]] bool ends_with(Author author, std::uint64_t counter) const noexcept;
  /// What one operation did; nothing if it is not known.
  [[nodiscard]] std::vector<Part> find(Author author, std::uint64_t counter) const;
  /// Calls `visit(author, counter, parts)` for each operation that `wanted(author)`, the counter up
  /// to which none is wanted, does not exclude, in order.
  template <typename Wanted, typename Visit>
  void for_each(Wanted wanted, Visit visit) const;

 private:
  // Items from `item` on are this author's.
  struct Stretch {
    std::uint32_t item;
    Author author;
  };

  [[nodiscard]] static std::uint64_t operations(const Item& item) noexcept {
    return item.kind < Kind::typed ? 1 : item.count;
  }
  [[nodiscard]] static Part part(const Item& item, std::uint64_t operation) noexcept;
  // Whether the last item, of one operation with one part, took up another one.
  bool joins_series(std::uint64_t counter, bool inserts, Serial serial);

  std::vector<Item> items_;
  std::vector<Stretch> stretches_;
};

template <typename Wanted, typename Visit>
void TextLog::for_each(Wanted wanted, Visit visit) const {
  std::vector<Part> parts;
  for (std::size_t stretch = 0; stretch < stretches_.size(); ++stretch) {
    const Author author = stretches_[stretch].author;
    const std::uint64_t known = wanted(author);
    const std::size_t end =
        stretch + 1 < stretches_.size() ? stretches_[stretch + 1].item : items_.size();
    for (std::size_t index = stretches_[stretch].item; index < end; ++index) {
      const Item& item = items_[index];
      const std::uint64_t last = item.counter + operations(item) - 1;
      if (last <= known) continue;
      const std::uint64_t skipped = known >= item.counter ? known - item.counter + 1 : 0;
      for (std::uint64_t operation = skipped; operation < operations(item); ++operation) {
        parts.push_back(part(item, operation));
        const bool more = index + 1 < end && items_[index + 1].counter == last;
        if (more && operation + 1 == operations(item)) break;
        visit(author, item.counter + operation, parts);
        parts.clear();
      }
    }
  }
}

}  // namespace rill::fugue
