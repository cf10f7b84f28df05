#include <algorithm>
#include <limits>
#include <utility>

#include "fail.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "row_decoder.hpp"
#include "row_encoder.hpp"

namespace rill {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint64_t kColumnBound = std::numeric_limits<ColumnId>::max();

/// Every replica that the state names, sorted.
std::vector<ReplicaId> replicas_of(const RowView& row) {
  std::vector<ReplicaId> replicas;
  const auto note = [&](const Dot& dot) {
    if (replicas.empty() || replicas.back() != dot.replica) replicas.push_back(dot.replica);
  };
  const auto note_part = [&](const PartView& part) {
    if (!part.present()) return;
    for (const Entry& entry : *part.fresh) {
      note(entry.id.dot);
      for (const Dot& birth : entry.unseen_births) note(birth);
    }
  };
  note_part(row.existence);
  note_part(row.births);
  for (const auto& [id, part] : row.columns) note_part(part);
  std::ranges::sort(replicas);
  replicas.erase(std::unique(replicas.begin(), replicas.end()), replicas.end());
  return replicas;
}

std::vector<KnownReplica> read_replicas(ByteReader& in) {
  std::vector<KnownReplica> replicas;
  for (std::size_t left = in.count(kMaxReplicas, ReplicaId{}.bytes.size()); left > 0; --left) {
    const ReplicaId id = in.replica();
    if (!replicas.empty() && id <= replicas.back().id) fail("a row's replicas do not ascend");
    replicas.push_back({.id = id, .known = 0, .sender = kMaxCounter});
  }
  return replicas;
}

RowState to_state(RowFragment&& fragment) {
  RowState state;
  if (fragment.existence) state.existence = std::move(fragment.existence->fresh);
  if (fragment.births) state.births = std::move(fragment.births->fresh);
  state.columns.reserve(fragment.columns.size());
  for (auto& [id, part] : fragment.columns) state.columns.push_back({id, std::move(part.fresh)});
  return state;
}

}  // namespace

std::string encode(const RowState& state) {
  RowView view;
  view.assign(state);
  ByteWriter out;
  out.byte(kFormat);
  std::vector<ReplicaId> replicas = replicas_of(view);
  out.varint(replicas.size());
  for (const ReplicaId& id : replicas) out.replica(id);
  RowEncoder encoder(out, std::move(replicas));
  encoder.note(view);
  encoder.write_events();
  const std::uint8_t flags = encoder.flags(view, 0);
  out.byte(flags);
  encoder.write(view, flags);
  return out.take();
}

RowState decode_row_state(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.byte() != kFormat) fail("a row is of an unknown format");
  RowDecoder decoder(in, read_replicas(in));
  decoder.read_events();
  RowFragment fragment;
  const std::uint8_t flags = in.byte();
  if ((flags & row_other_table) != 0) fail("a row's flags contradict");
  // An empty state is one byte of no flags; a fragment would have to say something.
  if (flags != 0) decoder.read(fragment, flags, 0, kColumnBound);
  if (fragment.complete != fragment.births.has_value()) fail("a row's flags contradict");
  decoder.expect_all_events_used();
  decoder.expect_all_replicas_used();
  in.expect_end();
  return to_state(std::move(fragment));
}

}  // namespace rill
