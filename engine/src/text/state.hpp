#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "author_table.hpp"
#include "op_reader.hpp"
#include "origin_table.hpp"
#include "rill/epoch.hpp"
#include "rill/fork.hpp"
#include "rill/text_document.hpp"
#include "run_tree.hpp"
#include "serial_set.hpp"
#include "text_log.hpp"
#include "text_store.hpp"
#include "undo_steps.hpp"

namespace rill {

/// What a `TextDocument` is made of.
///
/// The store keeps the characters, the tree their order and which of them are shown, the authors
/// their names, the origins what the tree does not tell, and the log which operation did what.
class TextDocument::State {
 public:
  explicit State(const ReplicaId& author);

  // Reading (state.cpp).
  [[nodiscard]] std::string text(std::uint32_t position, std::uint32_t length) const;
  [[nodiscard]] std::uint32_t position(std::size_t given, TextUnit unit) const;
  /// A range in code points: where it begins, and how many it has.
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> range(std::size_t position,
                                                              std::size_t length,
                                                              TextUnit unit) const;
  [[nodiscard]] VersionVector version() const;
  [[nodiscard]] TextAnchor anchor(std::size_t position);
  [[nodiscard]] std::size_t position_of(const TextAnchor& anchor);

  // Editing (state.cpp).
  void insert(std::uint32_t position, std::string_view text);
  void erase(std::uint32_t position, std::uint32_t length);
  std::vector<TextChange> assign(std::string_view wanted);
  Dot commit(std::uint64_t counter);

  // Undoing (undo.cpp).
  std::vector<TextChange> undo();
  std::vector<TextChange> redo();

  // Operations (apply.cpp, encode.cpp).
  void apply(const Dot& dot, std::string_view content, std::vector<TextChange>* changes);
  std::vector<TextChange> rebase(const TextOp& op);
  [[nodiscard]] std::vector<TextOp> ops_since(const VersionVector& known);
  [[nodiscard]] TextOp op(const Dot& dot);

  // Epochs and forks (rename.cpp).
  void note_epochs(const Epochs& epochs);
  void rename_authors(const Renaming& renaming);

  // Checkpoints (save.cpp, load.cpp).
  [[nodiscard]] std::string save() const;
  void load(std::string_view checkpoint);
  void merge(std::string_view checkpoint, std::vector<TextChange>* changes);
  void seal(const VersionVector& stable);
  void compact(const VersionVector& stable);

  fugue::TextStore store;
  fugue::OriginTable origins;
  fugue::RunTree tree{store, origins};
  fugue::AuthorTable authors;
  fugue::TextLog log;
  fugue::Author self = 0;
  /// What the edits did that no operation holds yet.
  std::vector<fugue::TextLog::Part> pending;
  fugue::UndoSteps steps;
  /// What `log` does not reach back to.
  VersionVector history_begin;
  /// Characters that merged checkpoints held as erased.
  std::vector<fugue::TextLog::Part> absorbed;
  /// Characters below this may have been sealed around, so that their origins are not the same
  /// everywhere any more.
  fugue::Serial frozen = 0;

 private:
  struct Destination {
    fugue::Place place;
    bool between_origins;
    fugue::Serial settled;
  };

  void require_committed(const char* what) const;
  void require_room(std::uint32_t chars, std::size_t bytes) const;
  void note(bool inserts, fugue::Serial first, std::uint32_t count);
  // Characters that follow the newest one, whose right origin is not behind it, have that one, too.
  void note_origins_of_typed(fugue::Serial serial, std::uint32_t count);
  void read(const fugue::OpContext& context, std::string_view content);
  bool apply_typed(fugue::Author author, std::uint64_t counter, std::string_view content);
  fugue::Place place_around_sealed(const fugue::Origins& wanted, std::uint32_t count);
  [[nodiscard]] fugue::Serial settled(const fugue::Origins& wanted);
  [[nodiscard]] Destination destination(fugue::Author author, std::uint32_t number,
                                        const fugue::Origins& given);
  void insert_step(fugue::Author author, const fugue::OpStep& step,
                   std::vector<TextChange>* changes);
  void erase_step(const fugue::OpStep& step, std::vector<TextChange>* changes);
  template <typename Here>
  void merge_insertions(State& other, const std::vector<fugue::Author>& mapped,
                        const std::vector<std::uint32_t>& known, Here here,
                        std::vector<TextChange>* changes);
  void seal_range(const fugue::Run& range);
  template <typename Here>
  void merge_erasures(const State& other, Here here, std::vector<TextChange>* changes);
  [[nodiscard]] fugue::SerialSet erased_within(const VersionVector& stable) const;
  template <typename Fresh>
  void forget_names(const Fresh& fresh);
  template <typename Fresh>
  void forget_operations(const Fresh& fresh, const VersionVector& stable);
  [[nodiscard]] TextOp encode(fugue::Author author, std::uint64_t counter,
                              const std::vector<fugue::TextLog::Part>& parts);
  [[nodiscard]] fugue::Serial serial_of(const TextId& id) const;
  std::vector<TextChange> revert(std::vector<fugue::UndoSteps::Step>& from);
  void revert_insert(const fugue::UndoSteps::Edit& edit, std::vector<TextChange>& changes);
  TextChange revert_erase(const fugue::UndoSteps::Edit& edit);
  void record_insert(fugue::Serial first, std::uint32_t count);
  void record_erase(const fugue::Run& run);

  // Kept for its memory.
  std::vector<fugue::OpStep> scratch_;
};

}  // namespace rill
