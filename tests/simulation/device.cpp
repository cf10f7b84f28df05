#include "simulation/device.hpp"

#include <utility>

#include "support/seeded_random.hpp"

namespace simulation {
namespace {

/// 2023.
constexpr std::int64_t kBeginMs = 1'700'000'000'000;

std::string secret_of(std::uint64_t seed) {
  std::string secret(32, '\0');
  rill::testing::SeededRandom(seed).fill(std::as_writable_bytes(std::span(secret)));
  return secret;
}

}  // namespace

Device::Device(const oracle::Plan& plan, std::size_t planned, std::size_t device_number,
               std::uint64_t seed, const DeviceTerms& terms)
    : number(device_number),
      disk(seed),
      witness(std::make_shared<rill::testing::MemoryWitness>()),
      site(plan, planned, kPath, options(seed, terms)),
      key(rill::DeviceKey::from_secret(secret_of(seed))),
      plan_(plan),
      planned_(planned),
      seed_(seed),
      terms_(terms),
      offset_ms_(terms.clock_offset_ms) {}

rill::DatabaseOptions Device::options(std::uint64_t seed, const DeviceTerms& terms) const {
  rill::DatabaseOptions options;
  options.durability = terms.durability;
  options.witness = witness;
  options.random = std::make_shared<rill::testing::SeededRandom>(seed + 1);
  options.vfs = disk.vfs();
  return options;
}

void Device::start(const WatchedReplica::Promise& promised,
                   const WatchedReplica::Resumed& resumed) {
  try {
    site.open();
    if (terms_.groups) group = std::make_unique<rill::Group>(site.database(), key);
    replica.emplace(site.database(), terms_.chunk_bytes, promised, resumed);
    reader.emplace(site.database().handle());
  } catch (...) {
    stop();
    throw;
  }
}

void Device::stop() {
  for (auto& editor : editors) editor.reset();
  reader.reset();
  replica.reset();
  group.reset();
  site.close();
}

void Device::set_time(Time now) {
  if (frozen_) return;
  site.set_wall(static_cast<std::uint64_t>(kBeginMs + static_cast<std::int64_t>(now) + offset_ms_));
}

Image Device::image() const { return {disk.copy(kPath), witness->copy(), site.current_schema()}; }

void Device::restore(const Image& image, bool whole) {
  disk.restore(kPath, image.file);
  if (whole) witness->restore(image.witness);
  if (image.current_schema) site.expect_current_schema();
}

std::unique_ptr<oracle::Site> Device::visitor() {
  auto other = std::make_unique<oracle::Site>(
      plan_, planned_, kPath, options(seed_ * 1'000'003 + 1000 * ++visits_, terms_));
  other->set_wall(site.wall_ms());
  return other;
}

}  // namespace simulation
