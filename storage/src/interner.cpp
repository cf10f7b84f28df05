#include "interner.hpp"

#include <cstring>
#include <string>

#include "byte_view.hpp"
#include "damage.hpp"
#include "rill/error.hpp"

namespace rill::storage {

const ReplicaId& Interner::id(std::uint32_t number) {
  if (number == 0 || number >= ids_.size()) load();
  if (number == 0 || number >= ids_.size()) {
    throw damaged("a row names replica number " + std::to_string(number) +
                  ", which rill_replica does not hold");
  }
  return ids_[number];
}

std::uint32_t Interner::number(const ReplicaId& id) {
  if (const auto found = numbers_.find(id); found != numbers_.end()) return found->second;
  load();
  if (const auto found = numbers_.find(id); found != numbers_.end()) return found->second;
  sqlite::Using insert(connection_.cached("INSERT INTO main.rill_replica(replica) VALUES(?)"));
  insert->bind_blob(1, view(id.bytes));
  insert->run();
  load();
  return numbers_.at(id);
}

void Interner::expect(std::uint32_t number, const ReplicaId& id) {
  load();
  if (number != ids_.size()) {
    throw damaged("rill_replica has a gap before number " + std::to_string(number));
  }
  ids_.push_back(id);
  numbers_.emplace(id, number);
}

void Interner::forget() {
  ids_.clear();
  numbers_.clear();
}

std::vector<std::uint64_t> Interner::by_number(const VersionVector& vector) {
  load();
  std::vector<std::uint64_t> counters(ids_.size(), 0);
  for (std::size_t number = 1; number < ids_.size(); ++number)
    counters[number] = vector[ids_[number]];
  return counters;
}

void Interner::load() {
  sqlite::Using rows(
      connection_.cached("SELECT id, replica FROM main.rill_replica WHERE id >= ? ORDER BY id"));
  if (ids_.empty()) ids_.resize(1);
  rows->bind(1, static_cast<std::int64_t>(ids_.size()));
  while (rows->step()) {
    const auto number = static_cast<std::uint32_t>(rows->integer(0));
    const std::string_view bytes = rows->bytes(1);
    if (bytes.size() != sizeof(ReplicaId::bytes) || number != ids_.size()) {
      throw damaged("rill_replica holds a replica that is not 16 bytes, or a gap");
    }
    ReplicaId id;
    std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
    ids_.push_back(id);
    numbers_.emplace(id, number);
  }
}

}  // namespace rill::storage
