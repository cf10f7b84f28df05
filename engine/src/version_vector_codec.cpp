#include <string>

#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

constexpr std::size_t kLeastItemBytes = 17;

}  // namespace

void ByteWriter::version_vector(const VersionVector& vector) {
  varint(vector.size());
  for (const auto& [id, counter] : vector) {
    replica(id);
    varint(counter);
  }
}

VersionVector ByteReader::version_vector() {
  VersionVector vector;
  ReplicaId previous;
  for (std::size_t left = count(kMaxReplicas, kLeastItemBytes); left > 0; --left) {
    const ReplicaId id = replica();
    if (!vector.empty() && id <= previous) {
      throw Error(ErrorCode::malformed, "a version vector's replicas do not ascend");
    }
    const std::uint64_t counter = varint();
    if (counter == 0 || counter > kMaxCounter) {
      throw Error(ErrorCode::malformed, "a version vector's counter is out of range");
    }
    vector.raise({id, counter});
    previous = id;
  }
  return vector;
}

std::string encode(const VersionVector& vector) {
  ByteWriter writer;
  writer.version_vector(vector);
  return writer.take();
}

VersionVector decode_version_vector(std::string_view bytes) {
  ByteReader reader(bytes);
  VersionVector vector = reader.version_vector();
  reader.expect_end();
  return vector;
}

}  // namespace rill
