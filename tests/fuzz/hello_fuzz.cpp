#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "compression.hpp"
#include "fuzz/input.hpp"
#include "message.hpp"
#include "rill/error.hpp"

// Hostile bytes as HELLO, and as every other message: refused with a typed error, or read as
// something that is written as the same bytes again.

namespace {

using rill::fuzz::require;

template <typename Decode>
void attempt(std::string_view bytes, const Decode& decode) {
  try {
    require(encode(decode(bytes)) == bytes, "a message has two forms");
  } catch (const rill::Error& error) {
    require(error.code() != rill::ErrorCode::internal, "refused with an internal error");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 14) {
    case 0:
      attempt(bytes, rill::decode_begin);
      break;
    case 1:
      attempt(bytes, rill::decode_ack);
      break;
    case 2:
      attempt(bytes, rill::decode_group_message);
      break;
    case 3:
      attempt(bytes, rill::decode_digest);
      break;
    case 4:
      attempt(bytes, rill::decode_digest_ranges);
      break;
    case 5:
      try {
        rill::decode_digest_rows(bytes);  // names are made printable
      } catch (const rill::Error&) {
        break;
      }
      break;
    case 6:
      attempt(bytes, rill::decode_credit);
      break;
    case 7:
      attempt(bytes, rill::decode_have);
      break;
    case 8:
      try {
        require(rill::unpack(bytes).size() <= rill::kMaxUnpackedBytes, "unpacked too far");
      } catch (const rill::Error&) {
        break;
      }
      break;
    case 9:
      attempt(bytes, rill::decode_history);
      break;
    default: {
      // Most inputs are HELLOs of the right version.
      const std::string hello =
          (data[0] % 2 == 0 ? std::string("RILL\x03\x03") : std::string()) + std::string(bytes);
      attempt(hello, rill::decode_hello);
    }
  }
  return 0;
}
