#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rill/text_document.hpp"

namespace oracle {

using rill::TextId;

/// On which side of its parent a character hangs.
enum class Side : std::uint8_t { left, right };

/// A character as its author tells others of it.
struct NaiveCharacter {
  TextId id;
  char32_t value = 0;
  /// Empty for the root, which is no character and stands before all.
  std::optional<TextId> parent;
  Side side = Side::right;
  /// For right children: what followed the parent when the author wrote; empty for the end.
  std::optional<TextId> right_origin;
};

/// What a commit tells others.
struct NaiveOp {
  std::vector<NaiveCharacter> inserted;
  std::vector<TextId> erased;
};

/// Mistakes that a naive text can be told to make, to see that comparisons find them.
enum class NaiveFault : std::uint8_t {
  none,
  ids_reversed,
  right_origins_ignored,  ///< Fugue, not FugueMax.
  never_left,             ///< All are right children: what is typed backwards interleaves.
};

/// A text as FugueMax defines it: a tree of characters, read in order. One object per character,
/// and every question is answered by walking through all of them.
///
/// A new character between its left origin (the visible character before it) and its right origin
/// (what follows that one, erased or not) becomes a right child of its left origin, if that has
/// none, else a left child of its right origin. Left siblings stand by id; right siblings by their
/// right origins, the later the earlier, and then by id. Erased characters stay.
///
/// Source: Weidner, Gentle, Kleppmann, "The Art of the Fugue", 2023: the definition of FugueMax.
class NaiveText {
 public:
  /// Who a character's author is, by its id. Siblings stand in the order of these, and numbers go
  /// on among those of one.
  using Names = std::function<rill::ReplicaId(const rill::ReplicaId&)>;

  /// Without `names`, authors are whom ids name.
  explicit NaiveText(const rill::ReplicaId& author, NaiveFault fault = NaiveFault::none,
                     Names names = {})
      : author_(author), fault_(fault), names_(std::move(names)) {}
  ~NaiveText() = default;
  // Nodes point to each other; a map that is moved keeps them where they are.
  NaiveText(NaiveText&&) = default;
  NaiveText& operator=(NaiveText&&) = default;
  NaiveText(const NaiveText&) = delete;
  NaiveText& operator=(const NaiveText&) = delete;

  /// Numbers go on from the author's last character, whichever copy it was typed in.
  void insert(std::size_t position, std::u32string_view text);
  void erase(std::size_t position, std::size_t length);
  /// What was done since the last commit.
  NaiveOp commit();
  /// Everything that the operation builds upon must have been applied.
  void apply(const NaiveOp& op);

  [[nodiscard]] std::u32string text() const;
  /// The names of the characters that `text` shows.
  [[nodiscard]] std::vector<TextId> names() const;
  /// Whether there is or was such a character.
  [[nodiscard]] bool knows(const TextId& id) const { return nodes_.contains(id); }
  /// The number of the author's last character.
  [[nodiscard]] std::uint32_t written() const { return written_; }
  /// How many visible characters stand before the place behind `after`; empty for the beginning.
  [[nodiscard]] std::size_t position_of(const std::optional<TextId>& after) const;

 private:
  struct Node {
    NaiveCharacter character;
    /// Its id, with the author's name.
    TextId name;
    bool erased = false;
    std::vector<Node*> left_children;
    std::vector<Node*> right_children;
  };

  /// All characters in the order of the text, erased ones too.
  [[nodiscard]] std::vector<Node*> in_order() const;
  [[nodiscard]] std::vector<Node*> visible() const;
  [[nodiscard]] Node* node(const std::optional<TextId>& id);
  void place(const NaiveCharacter& character);

  [[nodiscard]] rill::ReplicaId name_of(const rill::ReplicaId& author) const {
    return names_ ? names_(author) : author;
  }

  rill::ReplicaId author_;
  NaiveFault fault_;
  Names names_;
  std::uint32_t written_ = 0;
  NaiveOp pending_;
  Node root_;
  std::map<TextId, Node> nodes_;
};

}  // namespace oracle
