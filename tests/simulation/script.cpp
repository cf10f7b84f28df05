#include "simulation/script.hpp"

#include <array>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace simulation {
namespace {

using oracle::Random;

constexpr std::int64_t kYearMs = 365LL * 24 * 3600 * 1000;

struct Weight {
  Action::Kind kind;
  unsigned weight;
};

constexpr std::array<Weight, kActionKinds> kWeights{{
    {Action::Kind::write, 360},        {Action::Kind::meet, 300},
    {Action::Kind::restart, 25},       {Action::Kind::crash, 35},
    {Action::Kind::crash_later, 55},   {Action::Kind::fail_disk, 40},
    {Action::Kind::fill_disk, 12},     {Action::Kind::lie, 6},
    {Action::Kind::jump_clock, 12},    {Action::Kind::freeze_clock, 8},
    {Action::Kind::back_up, 16},       {Action::Kind::restore, 9},
    {Action::Kind::restore_image, 12}, {Action::Kind::copy, 6},
    {Action::Kind::lose_witness, 5},   {Action::Kind::upgrade, 12},
    {Action::Kind::visit, 16},         {Action::Kind::replay, 12},
    {Action::Kind::check, 10},         {Action::Kind::pair, 20},
    {Action::Kind::revoke, 14},        {Action::Kind::edit, 120},
}};

Action::Kind random_kind(Random& random) {
  unsigned sum = 0;
  for (const Weight& weight : kWeights) sum += weight.weight;
  std::size_t lot = random.below(sum);
  for (const Weight& weight : kWeights) {
    if (lot < weight.weight) return weight.kind;
    lot -= weight.weight;
  }
  return Action::Kind::write;
}

/// Mostly a burst, sometimes a night.
Time random_wait(Random& random) {
  const std::size_t lot = random.below(100);
  if (lot < 45) return random.below(2 * kSecond);
  if (lot < 80) return random.below(2 * kMinute);
  if (lot < 96) return random.below(2 * kHour);
  return random.below(2 * kDay);
}

std::vector<DeviceTerms> random_devices(Random& random, std::size_t count) {
  std::vector<DeviceTerms> devices(count);
  const bool groups = random.percent(30);
  const bool skewed = random.percent(25);
  constexpr std::array<std::size_t, 4> kChunks{64, 200, 1000, std::size_t{64} << 10U};
  constexpr std::array<std::int64_t, 4> kOffsets{0, 40, -60'000, 400'000};
  for (DeviceTerms& terms : devices) {
    terms.groups = groups;
    if (random.percent(30)) terms.durability = rill::Durability::full;
    terms.chunk_bytes = kChunks.at(random.below(kChunks.size()));
    terms.clock_offset_ms = kOffsets.at(random.below(kOffsets.size()));
    if (skewed && random.percent(50)) terms.clock_offset_ms = random.between(-20, 70) * kYearMs;
  }
  return devices;
}

/// The writes of a random history, one after another.
class Writes {
 public:
  Writes(std::uint64_t seed, const oracle::Plan& plan) : seed_(seed), plan_(plan) {}

  oracle::Step next() {
    while (true) {
      while (place_ < steps_.size()) {
        oracle::Step& step = steps_[place_++];
        if (step.kind == oracle::Step::Kind::write) return std::move(step);
      }
      oracle::Flavour flavour;
      flavour.steps = 150;
      steps_ = oracle::random_script(seed_++, plan_, flavour);
      place_ = 0;
    }
  }

 private:
  std::uint64_t seed_;
  const oracle::Plan& plan_;
  oracle::Script steps_;
  std::size_t place_ = 0;
};

/// An edit of some text, where `long_ones` sometimes a long one; empty where there are no texts.
std::optional<oracle::Step> random_edit(Random& random, const oracle::Shape& shape,
                                        bool long_ones) {
  std::vector<std::pair<std::size_t, std::size_t>> texts;
  for (std::size_t table = 0; table < shape.tables.size(); ++table) {
    const std::vector<oracle::Column>& columns = shape.tables[table].columns;
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (columns[column].family == oracle::Family::text) texts.emplace_back(table, column);
    }
  }
  if (texts.empty()) return std::nullopt;
  oracle::Step step;
  step.kind = oracle::Step::Kind::type;
  std::tie(step.table, step.column) = texts[random.below(texts.size())];
  step.key = random.below(oracle::kKeys);
  step.slot = random.below(oracle::kEditors);
  for (std::size_t count = random.below(4); count > 0; --count) {
    step.typed.push_back(oracle::random_typing(random));
  }
  if (long_ones && random.percent(20)) step.typed.push_back({0, 0, oracle::long_text()});
  return step;
}

}  // namespace

std::string_view name_of(Action::Kind kind) {
  static constexpr std::array<std::string_view, kActionKinds> kNames{
      "write",         "meet", "restart",      "crash",        "crash_later", "fail_disk",
      "fill_disk",     "lie",  "jump_clock",   "freeze_clock", "back_up",     "restore",
      "restore_image", "copy", "lose_witness", "upgrade",      "visit",       "replay",
      "check",         "pair", "revoke",       "edit"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Script random_script(std::uint64_t seed, const Flavour& flavour) {
  Random random(seed * 7919 + 17);
  Script script;
  script.seed = seed;
  oracle::Flavour drawn;
  drawn.adoption = true;
  constexpr std::array<std::size_t, 8> kDevices{2, 2, 3, 3, 3, 4, 4, 5};
  if (random.percent(40)) drawn.family = oracle::Family::text;
  drawn.replicas = kDevices.at(random.below(kDevices.size()));
  script.plan = oracle::random_plan(seed, drawn);
  for (oracle::Device& device : script.plan.devices) device.raw = false;
  script.devices = random_devices(random, *drawn.replicas);

  const bool long_edits = random.percent(15);
  Writes writes(seed, script.plan);
  const std::size_t steps = flavour.steps != 0 ? flavour.steps : 80 + random.below(121);
  while (script.actions.size() < steps) {
    Action action;
    action.kind = random_kind(random);
    if (action.kind == Action::Kind::restore_image && !flavour.forks) continue;
    action.wait = random_wait(random);
    action.device = random.below(64);
    action.peer = random.below(64);
    action.seed = random.next();
    if (action.kind == Action::Kind::write || action.kind == Action::Kind::visit) {
      action.step = writes.next();
    } else if (action.kind == Action::Kind::edit) {
      std::optional<oracle::Step> edit = random_edit(random, script.plan.shape, long_edits);
      if (!edit) continue;
      action.step = *std::move(edit);
    }
    script.actions.push_back(std::move(action));
  }
  return script;
}

}  // namespace simulation
