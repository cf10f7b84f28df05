#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compression.hpp"
#include "frame.hpp"
#include "fuzz/input.hpp"
#include "message.hpp"
#include "rill/error.hpp"
#include "rill/rule.hpp"
#include "rill/session.hpp"
#include "support/memory_group.hpp"
#include "support/memory_replica.hpp"

// A whole session against a hostile peer: it ends in a typed error or goes on, its output stays
// bounded, and where the vector has not moved the replica is as it was.

namespace {

/// Longer exchanges take their time and show nothing that shorter ones do not.
constexpr int kMaxSteps = 64;

using rill::FrameType;
using rill::fuzz::Input;
using rill::fuzz::require;
using rill::test::MemoryReplica;

void fill(MemoryReplica& replica, const std::string& prefix) {
  replica.declare("notes", "title", rill::last_writer());
  for (int row = 0; row < 3; ++row) {
    replica.insert("notes", prefix + std::to_string(row), {{"title", "Milk"}});
  }
}

/// What a well-behaved peer with news would send, frame by frame.
std::vector<std::string> honest_frames(const MemoryReplica& victim) {
  MemoryReplica peer(rill::test::replica_id(2));
  fill(peer, "peer ");
  rill::Hello hello;
  hello.features = rill::kFeatureZstd;
  hello.summary = peer.summary();
  std::vector<std::string> frames(6);
  append_frame(frames[0], FrameType::hello, 0, encode(hello));
  append_frame(frames[1], FrameType::begin, 1, encode(rill::Begin{peer.vector()}));
  const auto changes = peer.changes_since(victim.vector());
  const std::string chunk = changes->next(1'000'000).value_or("");
  append_frame(frames[2], FrameType::delta, 1, chunk);
  append_frame(frames[3], FrameType::ack, 1, encode(rill::Ack{victim.vector(), 3}));
  append_frame(frames[4], FrameType::digest, 0, encode(rill::DigestMessage{victim.vector(), {}}));
  rill::Compressor compressor;
  append_frame(frames[5], FrameType::delta, 1, compressor.compress(std::string(5'000, 'x')),
               rill::kFrameCompressed | rill::kFrameMore);
  return frames;
}

/// What every input begins with, made once: a replica costs more than most inputs.
struct Beginning {
  Beginning() {
    fill(replica, "own ");
    vector = replica.vector();
    fingerprint = replica.fingerprint();
    honest = honest_frames(replica);
  }

  MemoryReplica replica{rill::test::replica_id(1)};
  rill::VersionVector vector;
  std::string fingerprint;
  std::vector<std::string> honest;
};

/// An honest frame, perhaps spoilt; a frame of any type and payload; or any bytes.
std::string next_bytes(Input& input, const std::vector<std::string>& honest) {
  const std::uint8_t kind = input.byte();
  if (kind % 4 == 3) return std::string(input.bytes(input.byte()));
  if (kind % 4 == 2) {
    const std::uint8_t type = input.byte();
    const std::uint8_t flags = input.byte() % 8;
    const bool bulk = type >= 2 && type <= 5;
    std::string frame;
    append_frame(frame, static_cast<FrameType>(type % 18), bulk ? 1 : 0, input.bytes(input.byte()),
                 flags);
    return frame;
  }
  std::string frame = honest[input.byte() % honest.size()];
  if (kind % 4 == 1) {
    for (unsigned flips = 1 + kind / 64U; flips > 0; --flips) {
      const std::size_t place = (std::size_t{input.byte()} << 8U | input.byte()) % frame.size();
      frame[place] = static_cast<char>(input.byte());
    }
  }
  return frame;
}

/// `replica`: null where it need not be looked at.
void check(rill::Session& session, const MemoryReplica* replica, const Beginning& before) {
  if (session.error()) {
    require(session.error()->code() != rill::ErrorCode::internal, session.error()->what());
  }
  require(session.take_events().size() < 5'000, "events pile up");
  if (replica != nullptr && replica->vector() == before.vector) {
    require(replica->fingerprint() == before.fingerprint, "changed without saying so");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Beginning kBeginning;
  Input input(data, size);
  const std::unique_ptr<MemoryReplica> replica = kBeginning.replica.copy(1);
  rill::test::MemoryGroup group({"genesis"});

  rill::SessionOptions options;
  const std::uint8_t roles = input.byte();
  options.send_changes = roles % 2 == 0;
  options.accept_changes = roles % 8 != 4;
  options.compress = roles % 16 != 8;
  if (roles % 32 == 16) options.group = &group;
  rill::Session session(*replica, options);
  session.start();
  if (roles < 128) session.receive(kBeginning.honest[0]);
  std::size_t output = 0;
  std::uint64_t chunks = 0;
  for (int second = 0; second < kMaxSteps && !input.at_end(); ++second) {
    session.receive(next_bytes(input, kBeginning.honest));
    if (second % 3 == 0) session.tick(std::chrono::milliseconds{second * 500});
    output += session.take_output().size();
    // A replica is changed by chunks alone.
    const bool took = replica->chunks_received() != chunks;
    chunks = replica->chunks_received();
    check(session, took ? replica.get() : nullptr, kBeginning);
  }
  check(session, replica.get(), kBeginning);
  require(output < 4'000'000, "output grows");
  return 0;
}
