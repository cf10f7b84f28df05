#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "oracle/history.hpp"
#include "oracle/naive_text.hpp"

namespace oracle {

/// What becomes of an editor that asks for what stands in the database.
enum class CatchUp : std::uint8_t {
  done,
  no_row,
  no_text,  ///< The column holds a value that cannot be edited.
  another,  ///< The text that there are edits of has been replaced.
};

/// An editor open on one text: the text as it stood when the editor last looked, and edits on top
/// of it that are known to nobody else. They are by characters; the numbers of those that they
/// insert are only settled when they are written, since others may take them until then.
class NaiveEditor {
 public:
  NaiveEditor(std::size_t table, std::size_t key, std::size_t column,
              const std::array<std::uint8_t, 16>& replica);

  std::size_t table;
  std::size_t key;
  std::size_t column;

  /// In UTF-8, edits included.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::size_t length() const { return text_.text().size(); }
  void insert(std::size_t position, std::string_view inserted);
  void erase(std::size_t position, std::size_t length);
  [[nodiscard]] bool has_edits() const;
  [[nodiscard]] const NaiveOp& edits() const { return edits_; }

  /// Makes the edits again in the text that `row` shows. If it cannot, nothing has changed.
  CatchUp catch_up(const History& history, const RowView& row);
  /// The edits, which have been written; `author` is that of the event.
  NaiveOp take(const rill::ReplicaId& author);
  /// They were not written after all. `catch_up` must follow.
  void give_back(NaiveOp edits) { edits_ = std::move(edits); }
  /// They are another replica's from now on. `catch_up` must follow.
  void write_as(const std::array<std::uint8_t, 16>& replica);

 private:
  /// Which text it is. The event that began it names it; until that is committed, it may begin
  /// another one instead.
  struct Identity {
    std::array<std::uint8_t, 16> replica{};
    std::uint64_t counter = 0;
    std::string typed;
    bool edited = false;

    [[nodiscard]] bool is_same(const Identity& other) const {
      return replica == other.replica && counter == other.counter &&
             (edited || other.edited || typed == other.typed);
    }
  };

  void note_edits();

  std::array<std::uint8_t, 16> replica_;
  Identity identity_;
  NaiveText text_;
  NaiveOp edits_;
};

}  // namespace oracle
