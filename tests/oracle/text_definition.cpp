#include <map>
#include <utility>

#include "oracle/definitions.hpp"

// What a text column means.

namespace oracle {

const Edit* edit_of(const Act& act, std::size_t index) {
  const auto write = act.operation->writes.find(index);
  if (write == act.operation->writes.end() || !write->second.edit) return nullptr;
  return &*write->second.edit;
}

bool Definitions::overwrites(const Act& later, const Act& earlier, std::size_t index) const {
  if (!sees(later, earlier)) return false;
  const Edit* edit = edit_of(later, index);
  if (edit == nullptr || fault_ == Fault::edits_overwrite_all) return true;
  // Of the texts that its author sees, an edit leaves the one that it is of.
  return edit->target != earlier.event_index && fault_ != Fault::edits_overwrite_nothing;
}

SharedText Definitions::text_begun_by(const Act& act, std::size_t index) const {
  SharedText text{author_of_event(act.event_index), {}, {}};
  const Cell& typed = act.operation->writes.at(index).value.scalar;
  if (is_text(typed)) text.typed = text_of(typed);
  std::map<std::size_t, std::shared_ptr<const NaiveOp>> last_of_event;
  for (const Act& other : row_.acts) {
    const Edit* edit = edit_of(other, index);
    if (edit != nullptr && edit->target == act.event_index) {
      last_of_event[other.event_index] = edit->operation;
    }
  }
  for (auto& [event, operation] : last_of_event) text.operations.push_back(std::move(operation));
  return text;
}

void Definitions::show_text(const Column& column, std::size_t index, ColumnView& view) const {
  const std::vector<Act> acts = siblings(index);
  for (const Act& act : acts) {
    SiblingView sibling{act.operation->writes.at(index).value, act.event_index,
                        text_begun_by(act, index)};
    if (!sibling.text.operations.empty()) sibling.content.scalar = texts_.characters(sibling.text);
    view.siblings.push_back(std::move(sibling));
  }
  view.shown = column.default_content;
  const auto picked = last_writer(acts);
  if (!picked) return;
  view.picked = picked->event_index;
  for (const SiblingView& sibling : view.siblings) {
    if (sibling.event == picked->event_index) view.shown = sibling.content;
  }
}

}  // namespace oracle
