#include <functional>
#include <optional>

#include "rill/error.hpp"
#include "simulation/life.hpp"

// Texts that stay open in editors while all else happens.

namespace simulation {

void Life::use(Device& device, std::size_t slot,
               const std::function<bool(oracle::OpenEditor& editor)>& act) {
  auto& editor = device.editors.at(slot);
  if (!editor) return;
  bool goes_on = false;
  try {
    goes_on = act(*editor);
  } catch (const rill::Error& error) {
    if (!device.disk.is_down()) expect_trouble(device, error, "an editor");
  }
  if (!goes_on) editor.reset();
}

std::optional<Holdings> Life::follow_names(Device& device) {
  std::optional<Holdings> holdings = look(device);
  if (!holdings) return std::nullopt;
  ledger_.name_as(*holdings);
  if (holdings->renamed_since(device.names)) {
    const EventSet seen = ledger_.seen(*holdings);
    for (std::size_t slot = 0; slot < device.editors.size(); ++slot) {
      use(device, slot, [&](oracle::OpenEditor& editor) {
        return editor.refresh_as(holdings->self, ledger_.history(), seen);
      });
    }
  }
  device.names = *holdings;
  return holdings;
}

void Life::refresh(Device& device, std::size_t slot) {
  const std::optional<Holdings> holdings = follow_names(device);
  if (!holdings) return device.editors.at(slot).reset();
  use(device, slot, [&](oracle::OpenEditor& editor) {
    return editor.refresh(ledger_.history(), ledger_.seen(*holdings));
  });
}

std::optional<oracle::OpenEditor> Life::open(Device& device, const Holdings& holdings,
                                             oracle::Step step) {
  const EventSet seen = ledger_.seen(holdings);
  const oracle::History& history = ledger_.history();
  // Mostly a row that exists.
  for (std::size_t tried = 0; tried < oracle::kKeys; ++tried) {
    if (history.row(step.table, step.key, seen).alive) break;
    step.key = (step.key + 1) % oracle::kKeys;
  }
  try {
    return oracle::OpenEditor::open(device.site, holdings.self, history, seen, step, keys_);
  } catch (const rill::Error& error) {
    if (!device.disk.is_down()) expect_trouble(device, error, "opening an editor");
    return std::nullopt;
  }
}

void Life::edit(Device& device, const oracle::Step& step, oracle::Random& random) {
  const std::optional<Holdings> holdings = follow_names(device);
  if (!holdings) return touched(device);
  auto& editor = device.editors.at(step.slot);
  if (!editor) editor = open(device, *holdings, step);
  if (editor) editor->type(step.typed);
  if (random.percent(60)) save(device, step.slot);
  if (random.percent(25)) refresh(device, step.slot);
  touched(device);
}

void Life::save(Device& device, std::size_t slot) {
  if (!device.editors.at(slot)) return;
  transact(device, device.site, false, [&](oracle::Author& author) {
    oracle::CatchUp caught_up{};
    const bool saved = device.editors.at(slot)->save(author, caught_up);
    if (saved) ++statistics_.saves;
    return !saved;
  });
  // Edits that could not be written stay; where the disk still fails, the editor is closed.
  refresh(device, slot);
}

}  // namespace simulation
