#include "oracle/run.hpp"

// Editors, which may be behind their database, and of which several may be open on one text.

namespace oracle {

void Run::open_editor(const Step& step) {
  Site& site = *sites_[step.replica];
  auto& editor = editors_[step.replica].at(step.slot);
  editor.reset();
  editor = OpenEditor::open(site, site.id(), history_, seen_[step.replica], step, keys_);
}

void Run::type(const Step& step) {
  auto& editor = editors_[step.replica].at(step.slot);
  if (editor) editor->type(step.typed);
}

bool Run::save(std::size_t replica, std::size_t slot, Author& author) {
  auto& editor = editors_[replica].at(slot);
  if (!editor) return false;
  CatchUp caught_up{};
  const bool saved = editor->save(author, caught_up);
  editor->check();
  if (saved) ++statistics_.saves;
  if (caught_up != CatchUp::done) ++statistics_.lost_saves;
  return saved;
}

void Run::save(const Step& step) {
  if (!editors_[step.replica].at(step.slot)) return;
  Author author = begin(step.replica);
  const bool saved = save(step.replica, step.slot, author);
  commit(step.replica, author, !saved);
  check_tables(step.replica);
}

void Run::refresh(std::size_t replica, std::size_t slot) {
  auto& editor = editors_[replica].at(slot);
  if (editor) editor->refresh(history_, seen_[replica]);
}

void Run::refresh_saved(const Step& step) {
  for (const std::size_t slot : step.saved_slots()) refresh(step.replica, slot);
}

}  // namespace oracle
