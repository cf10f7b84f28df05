#include <algorithm>
#include <utility>

#include "state.hpp"

namespace rill {

using fugue::Run;
using fugue::Serial;
using fugue::UndoSteps;

namespace {

UndoSteps::Step& open_step(UndoSteps& steps) {
  if (steps.done.empty()) steps.done.emplace_back();
  steps.undone.clear();
  return steps.done.back();
}

// What was erased has come back as other characters: steps that inserted the old ones, and would
// erase them, mean these from now on.
void renumber(std::vector<UndoSteps::Step>& steps, Serial old, Serial fresh, std::uint32_t count) {
  for (UndoSteps::Step& step : steps) {
    UndoSteps::Step renamed;
    for (const UndoSteps::Edit& edit : step) {
      const Serial begin = std::max(edit.first, old);
      const Serial end = std::min(edit.first + edit.count, old + count);
      if (!edit.inserted || begin >= end) {
        renamed.push_back(edit);
        continue;
      }
      if (begin > edit.first) renamed.push_back({true, edit.first, begin - edit.first, {}});
      renamed.push_back({true, fresh + (begin - old), end - begin, {}});
      if (end < edit.first + edit.count) {
        renamed.push_back({true, end, edit.first + edit.count - end, {}});
      }
    }
    step = std::move(renamed);
  }
}

}  // namespace

void TextDocument::State::record_insert(Serial first, std::uint32_t count) {
  UndoSteps::Step& step = open_step(steps);
  if (!step.empty() && step.back().inserted && step.back().first + step.back().count == first) {
    step.back().count += count;
  } else {
    step.push_back({true, first, count, {}});
  }
}

void TextDocument::State::record_erase(const Run& run) {
  open_step(steps).push_back(
      {false, run.first, run.count(),
       std::string(store.slice(run.offset, store.advance(run.offset, run.count())))});
}

std::vector<TextChange> TextDocument::State::revert(std::vector<UndoSteps::Step>& from) {
  std::vector<TextChange> changes;
  while (!from.empty() && from.back().empty()) from.pop_back();
  if (from.empty()) return changes;
  std::vector<UndoSteps::Step> step{std::move(from.back())};
  from.pop_back();
  // The reverse is recorded as a step of its own, for the other direction.
  UndoSteps others{true, {}, {}};
  std::swap(steps, others);
  while (!step.front().empty()) {
    const UndoSteps::Edit edit = std::move(step.front().back());
    step.front().pop_back();
    if (edit.inserted) {
      revert_insert(edit, changes);
      continue;
    }
    const Serial fresh = tree.end();
    changes.push_back(revert_erase(edit));
    for (auto* all : {&others.done, &others.undone, &step}) {
      renumber(*all, edit.first, fresh, edit.count);
    }
  }
  std::swap(steps, others);
  auto& other = &from == &steps.done ? steps.undone : steps.done;
  if (!others.done.empty()) other.push_back(std::move(others.done.back()));
  return changes;
}

TextChange TextDocument::State::revert_erase(const UndoSteps::Edit& edit) {
  const std::uint32_t position = tree.extent_before(tree.place_behind(edit.first)).chars;
  insert(position, edit.text);
  return {position, 0, edit.text};
}

void TextDocument::State::revert_insert(const UndoSteps::Edit& edit,
                                        std::vector<TextChange>& changes) {
  // Latest characters first, so that positions of earlier ones stay.
  for (Serial end = edit.first + edit.count; end > edit.first;) {
    const fugue::Place place = tree.place_behind(end - 1);
    const std::uint32_t count = std::min(place.offset, end - edit.first);
    if (!tree.run(place).erased()) {
      const std::uint32_t position = tree.extent_before(place).chars - count;
      erase(position, count);
      changes.push_back({position, count, {}});
    }
    end -= count;
  }
}

std::vector<TextChange> TextDocument::State::undo() { return revert(steps.done); }

std::vector<TextChange> TextDocument::State::redo() { return revert(steps.undone); }

}  // namespace rill
