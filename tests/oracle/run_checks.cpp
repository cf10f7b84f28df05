#include <string>

#include "oracle/comparison.hpp"
#include "oracle/run.hpp"

// What a run compares.

namespace oracle {

void Run::take_in(const std::vector<Cell>& cells) {
  const auto add = [this](std::uint64_t number) { hash_ = (hash_ ^ number) * 0x100000001b3U; };
  for (const Cell& cell : cells) {
    add(cell.index());
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
      add(static_cast<std::uint64_t>(*integer));
    } else if (const auto* real = std::get_if<double>(&cell)) {
      add(static_cast<std::uint64_t>(static_cast<std::int64_t>(*real * 1024)));
    } else if (const auto* text = std::get_if<std::string>(&cell)) {
      for (const char letter : *text) add(static_cast<unsigned char>(letter));
    } else if (const auto* blob = std::get_if<Bytes>(&cell)) {
      for (const char letter : blob->bytes) add(static_cast<unsigned char>(letter));
    }
  }
}

Comparison Run::comparison(std::size_t replica) const {
  return {"r" + std::to_string(replica), *sites_[replica], history_, seen_[replica], keys_};
}

void Run::check_tables(std::size_t replica) {
  for (const auto& rows : comparison(replica).tables()) {
    for (const auto& [key, cells] : rows) take_in(cells);
  }
}

void Run::check_vector(std::size_t replica) {
  if (vector_of(sites_[replica]->database().vector()) != vectors_[replica]) {
    throw Mismatch("the vector of r" + std::to_string(replica) + " is not what it has seen");
  }
}

}  // namespace oracle
