#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rill/dot.hpp"
#include "rill/version_vector.hpp"

namespace rill {

class Epochs;
class Renaming;

/// Characters ever inserted into one text, at most: about half a billion.
inline constexpr std::uint32_t kMaxTextCharacters = 1U << 29U;
/// Replicas that ever edited one text, at most.
inline constexpr std::uint32_t kMaxTextAuthors = 1U << 16U;
/// Bytes of one operation's content, at most.
inline constexpr std::size_t kMaxTextOpBytes = std::size_t{64} << 20U;

/// What positions and lengths in a text count. A position inside a code point (between the two
/// units of a surrogate pair, or the bytes of a UTF-8 sequence) is an `invalid_argument`.
enum class TextUnit : std::uint8_t {
  code_points,  ///< Unicode code points: Rill's own unit.
  utf16,        ///< UTF-16 code units: Qt, Cocoa, JavaScript, Windows.
  bytes,        ///< Bytes of UTF-8.
};

/// The name of a character: it never changes, wherever the character moves. Thread safety: a value.
struct TextId {
  /// Who inserted it.
  ReplicaId replica;
  /// Which of the characters that this replica inserted into this text, counted from 1.
  std::uint32_t number = 0;

  friend auto operator<=>(const TextId&, const TextId&) = default;
};

/// One transaction's edits of a text, as other replicas apply them. Thread safety: a value.
struct TextOp {
  /// The transaction.
  Dot dot;
  /// What it inserted and erased: bytes as described in engine/README.md.
  std::string content;

  friend bool operator==(const TextOp&, const TextOp&) = default;
};

/// A change of what is shown, for an editor that shows it: at `position`, `erased` code points go
/// and `inserted` comes in their place. Several changes apply one after the other. Thread safety: a
/// value.
struct TextChange {
  /// In code points, in the text as the changes before have left it.
  std::size_t position = 0;
  /// In code points.
  std::size_t erased = 0;
  /// UTF-8.
  std::string inserted;

  friend bool operator==(const TextChange&, const TextChange&) = default;
};

/// A place in a text that stays between the same characters while the text changes: a cursor, or
/// one end of a comment. Thread safety: a value.
struct TextAnchor {
  /// The character that the place follows; empty for the very beginning.
  std::optional<TextId> after;

  friend bool operator==(const TextAnchor&, const TextAnchor&) = default;
};

/// A text that several replicas edit at once, each in its own copy.
///
/// A sequence CRDT: copies that have applied the same operations show the same text, in whatever
/// order the operations came, as long as each came after those that its author had seen. Words
/// typed at the same spot on two devices are never interleaved, forwards or backwards.
///
///     TextDocument a(A), b(B);
///     a.insert(0, "Milk");
///     a.commit();
///     for (const TextOp& op : a.ops_since(b.version())) b.apply(op);
///     b.insert(4, " and bread");               // in code points
///     b.commit();
///     for (const TextOp& op : b.ops_since(a.version())) a.apply(op);
///     a.text() == "Milk and bread";
///
/// Edits show at once and belong to no operation until `commit` makes one of all edits since the
/// last one. A `Database` commits with its transaction, and its operations carry the dot of that.
///
/// Errors: `bad_value` for what is not UTF-8, `invalid_argument` for a position that is none,
/// `too_large` beyond `kMaxTextCharacters`, `malformed` for an operation or a checkpoint that does
/// not decode or contradicts what is known, `limit_exceeded` for one beyond `kMaxTextOpBytes` or
/// `kMaxTextAuthors`, `causality_gap` for one that names characters not known here. Whatever throws
/// has changed nothing.
///
/// While there are edits that no operation holds yet, `ops_since`, `op`, `save`, `merge`, `seal`
/// and `compact` are an `invalid_argument`; other replicas' operations can be applied.
///
/// Complexity: an edit beside the last one takes constant time; any other, and any conversion of a
/// position, is logarithmic in the number of runs (stretches typed in one go). Memory follows the
/// number of runs, and the characters ever inserted with one byte each.
///
/// Thread safety: distinct documents are independent; one document has one user at a time.
/// Source: FugueMax, of Weidner, Gentle and Kleppmann, "The Art of the Fugue: Minimizing
/// Interleaving in Collaborative Text Editing", 2023, in the form of a search between origins; the
/// run-length representation follows ideas of Yjs (Jahns) and diamond-types (Gentle).
class TextDocument {
 public:
  /// An empty text, edited as `author`.
  explicit TextDocument(const ReplicaId& author);
  /// The text of a checkpoint that `save` made, edited as `author`. `ops_since` then reaches back
  /// to the checkpoint only.
  TextDocument(const ReplicaId& author, std::string_view checkpoint);
  ~TextDocument();
  /// Takes over another document's text; that one may only be assigned to or destroyed then.
  TextDocument(TextDocument&& other) noexcept;
  /// The same, in place of this document's own text.
  TextDocument& operator=(TextDocument&& other) noexcept;
  TextDocument(const TextDocument&) = delete;
  TextDocument& operator=(const TextDocument&) = delete;

  // What it shows.

  /// All of it, as UTF-8.
  [[nodiscard]] std::string text() const;
  /// `length` code points from `position` on.
  [[nodiscard]] std::string text(std::size_t position, std::size_t length) const;
  /// How long it is.
  [[nodiscard]] std::size_t length(TextUnit unit = TextUnit::code_points) const noexcept;
  /// The same place in another unit.
  [[nodiscard]] std::size_t convert(std::size_t position, TextUnit from, TextUnit to) const;

  // Editing.

  /// Inserts UTF-8 at a position.
  void insert(std::size_t position, std::string_view text, TextUnit unit = TextUnit::code_points);
  /// Erases `length` units from `position` on.
  void erase(std::size_t position, std::size_t length, TextUnit unit = TextUnit::code_points);
  /// Makes the text equal to `text` by few edits: the common beginning and end stay, and between
  /// them what a line and character comparison of bounded effort finds. Returns the edits.
  std::vector<TextChange> assign(std::string_view text);
  /// Makes one operation of all edits since the last one, under the author's next counter. Without
  /// edits it returns the last dot and makes none.
  Dot commit();
  /// The same under a counter of the caller's, at least the last one (`invalid_argument`). Under
  /// the last one again it extends that operation, which nobody else may have got yet; nothing may
  /// have been applied since.
  Dot commit(std::uint64_t counter);
  /// Whether there are edits that no operation holds yet.
  [[nodiscard]] bool has_edits() const noexcept;

  /// Makes edits of what an operation did in another copy of this text, whose author had not seen
  /// all that stands here and gave its characters names that may be taken: their names are new, and
  /// what was erased here meanwhile stays erased. Returns the changes. Throws as `apply` does.
  std::vector<TextChange> rebase(const TextOp& op);

  // Undo.

  /// Edits from here on are undone by a step of their own. Keeping steps costs memory, so none are
  /// kept before the first call.
  void begin_undo_step();
  /// Takes back what the last step did, of its own insertions and erasures only: what others wrote
  /// meanwhile stays. That is an edit like any other, and `redo` takes it back. Returns the
  /// changes; none if there is nothing to undo.
  std::vector<TextChange> undo();
  /// Takes back the last `undo`, unless something was edited since.
  std::vector<TextChange> redo();

  // Other replicas.

  /// Who edits here.
  [[nodiscard]] const ReplicaId& author() const noexcept;
  /// The operations that have been applied or committed here.
  [[nodiscard]] VersionVector version() const;
  /// The operations that `known` does not cover, each after those it depends on. Characters that
  /// have been erased come without what they were. Throws `causality_gap` if `known` does not cover
  /// `history_begin()`: such a replica needs a checkpoint.
  [[nodiscard]] std::vector<TextOp> ops_since(const VersionVector& known) const;
  /// One operation that `ops_since(history_begin())` would list; `not_found` otherwise.
  [[nodiscard]] TextOp op(const Dot& dot) const;
  /// What the checkpoints held that this document was made of, or that were merged into it.
  [[nodiscard]] const VersionVector& history_begin() const noexcept;
  /// Applies another replica's operation; one that is known already changes nothing. Appends to
  /// `changes`, if given, what an editor has to do.
  void apply(const TextOp& op, std::vector<TextChange>* changes = nullptr);
  /// The same for content that is held elsewhere.
  void apply(const Dot& dot, std::string_view content, std::vector<TextChange>* changes = nullptr);

  // Storing.

  /// All of the committed state: text, names, order and erasures.
  [[nodiscard]] std::string save() const;
  /// Takes over what a checkpoint of another replica knows more than this document.
  void merge(std::string_view checkpoint, std::vector<TextChange>* changes = nullptr);
  /// Promises that this replica will build nothing upon characters that were erased within
  /// `stable`. Every member promises it when it acknowledges that vector, having no event of its
  /// own outside it.
  void seal(const VersionVector& stable);
  /// Forgets the characters that were erased within `stable`, which all members have sealed. Copies
  /// that have and that have not go on to show the same. Throws `causality_gap` if `version()` does
  /// not cover `stable`; does nothing if `stable` does not cover `history_begin()`.
  void compact(const VersionVector& stable);

  // Forks.

  /// Notes which characters are of which epoch, of those whose operations `ops_since` would still
  /// list. It is kept in checkpoints and merged with them, and `rename` needs it: who makes
  /// checkpoints of texts that may fork is to call this before each.
  void note_epochs(const Epochs& epochs);
  /// Renames operations and characters. The text stays as it is, and so does the order in which
  /// other copies place what they receive.
  void rename(const Renaming& renaming);

  // Places that move along.

  /// The place at `position`, in code points.
  [[nodiscard]] TextAnchor anchor(std::size_t position) const;
  /// Where the place is now, in code points: behind its character or, where that is erased, where
  /// it was. `not_found` if this document does not know the character.
  [[nodiscard]] std::size_t position_of(const TextAnchor& anchor) const;

  /// Compares the parts of the document with each other, and throws `internal` where they disagree.
  /// For tests and fuzzers: linear in the number of runs.
  void check() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rill
