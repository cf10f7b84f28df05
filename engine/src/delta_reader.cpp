#include "rill/delta_reader.hpp"

#include <string>
#include <unordered_set>
#include <utility>

#include "fail.hpp"
#include "key_codec.hpp"
#include "rill/error.hpp"
#include "row_decoder.hpp"

namespace rill {
namespace {

std::vector<KnownReplica> read_vectors(ByteReader& in, Delta& delta) {
  constexpr std::size_t kLeastReplicaBytes = 18;
  std::vector<KnownReplica> replicas;
  for (std::size_t left = in.count(kMaxReplicas, kLeastReplicaBytes); left > 0; --left) {
    KnownReplica replica{.id = in.replica()};
    if (!replicas.empty() && replica.id <= replicas.back().id) {
      fail("a version vector's replicas do not ascend");
    }
    replica.sender = in.varint();
    if (replica.sender == 0 || replica.sender > kMaxCounter) {
      fail("a version vector's counter is out of range");
    }
    const std::uint64_t lag = in.varint();
    if (lag > replica.sender) fail("a delta starts before the first event");
    replica.known = replica.sender - lag;
    delta.sender_vector.raise({replica.id, replica.sender});
    delta.known.raise({replica.id, replica.known});
    replicas.push_back(replica);
  }
  return replicas;
}

void read_epochs(ByteReader& in, Delta& delta, const std::vector<KnownReplica>& replicas) {
  constexpr std::size_t kLeastEpochBytes = 10;
  std::size_t left = in.count(kMaxEpochs, kLeastEpochBytes);
  if (left > 0 && !delta.last) fail("a chunk that is not the last brings epochs");
  delta.epochs.reserve(left);
  std::size_t place = 0;
  std::uint64_t before = 0;
  for (; left > 0; --left) {
    const std::uint64_t skipped = in.varint();
    if (skipped >= replicas.size() - place) fail("an epoch is of a replica that is not listed");
    place += skipped;
    const KnownReplica& replica = replicas[place];
    if (skipped > 0) before = 0;
    const std::uint64_t distance = in.varint();
    if (distance >= replica.sender - before) fail("an epoch begins beyond its sender's vector");
    const std::uint64_t first = before + distance + 1;
    if (before != 0 && first <= replica.known) fail("an epoch ended before what the delta brings");
    before = first;
    delta.epochs.push_back({replica.id, first, in.fixed64()});
  }
}

std::string read_name(ByteReader& in) {
  const std::string_view name = in.string(kMaxNameBytes);
  if (name.empty()) fail("a table or column has no name");
  return std::string(name);
}

template <typename T>
void expect_distinct_names(const std::vector<T>& items) {
  std::unordered_set<std::string_view> names;
  for (const T& item : items) {
    if (!names.insert(item.name).second) fail("two tables, or columns of one, have the same name");
  }
}

void read_tables(ByteReader& in, Delta& delta) {
  constexpr std::size_t kLeastTableBytes = 3;
  constexpr std::size_t kLeastColumnBytes = 3;
  delta.tables.resize(in.count(kMaxTables, kLeastTableBytes));
  for (DeltaTable& table : delta.tables) {
    table.name = read_name(in);
    table.columns.resize(in.count(kMaxColumns, kLeastColumnBytes));
    for (DeltaColumn& column : table.columns) {
      column.name = read_name(in);
      const std::uint8_t kind = in.byte();
      if (kind > static_cast<std::uint8_t>(RuleKind::custom)) fail("a column's rule is unknown");
      column.kind = static_cast<RuleKind>(kind);
    }
    expect_distinct_names(table.columns);
  }
  expect_distinct_names(delta.tables);
}

std::vector<KnownReplica> read_header(ByteReader& in, Delta& delta) {
  constexpr std::uint64_t kMax32 = 0xFFFF'FFFF;
  if (in.byte() != kDeltaFormat) fail("a delta is of an unknown format");
  const std::uint64_t space = in.varint();
  if (space > kMax32) fail("a delta's space is out of range");
  delta.space = static_cast<SpaceId>(space);
  delta.sender = in.replica();
  delta.opening = in.replica().bytes;
  const std::uint64_t chunk = in.varint();
  if (chunk >> 1U > kMax32) fail("a delta's chunk is out of range");
  delta.chunk = static_cast<std::uint32_t>(chunk >> 1U);
  delta.last = (chunk & 1U) != 0;
  delta.position = in.varint();
  if (delta.position > kMaxCounter) fail("a delta's position is out of range");
  delta.names = in.varint();
  std::vector<KnownReplica> replicas = read_vectors(in, delta);
  read_epochs(in, delta, replicas);
  read_tables(in, delta);
  return replicas;
}

}  // namespace

RowFragment InsertedRow::fragment() const {
  const auto plain = [&](Value value) {
    ColumnFragment part;
    part.fresh.push_back(Entry::make(stamp, std::move(value)));
    return part;
  };
  RowFragment row;
  row.table = table;
  row.key = key;
  row.complete = true;
  row.existence = plain(1);
  row.births = plain({});
  row.columns.reserve(columns.size());
  for (std::size_t index = 0; index < columns.size(); ++index) {
    row.columns.emplace_back(columns[index], plain(values[index].copy()));
  }
  return row;
}

struct DeltaReader::Implementation {
  explicit Implementation(std::string_view bytes) : in(bytes) {}

  ByteReader in;
  Delta header;
  std::unique_ptr<RowDecoder> decoder;
  std::size_t left = 0;
  std::uint32_t table = 0;
  bool is_inserted = false;
  InsertedRow inserted;
  RowFragment fragment;
};

DeltaReader::DeltaReader(std::string_view bytes)
    : implementation_(std::make_unique<Implementation>(bytes)) {
  constexpr std::size_t kLeastRowBytes = 3;  // flags, and a key of one byte with its length
  if (bytes.size() > kMaxDeltaBytes) {
    throw Error(ErrorCode::limit_exceeded, "a delta is larger than the limit");
  }
  Implementation& self = *implementation_;
  self.decoder = std::make_unique<RowDecoder>(self.in, read_header(self.in, self.header));
  self.decoder->read_events();
  self.left = self.in.count(kMaxDeltaEntries, kLeastRowBytes);
}

DeltaReader::~DeltaReader() = default;

const Delta& DeltaReader::header() const noexcept { return implementation_->header; }

bool DeltaReader::next() {
  Implementation& self = *implementation_;
  if (self.left == 0) {
    self.decoder->expect_all_events_used();
    self.in.expect_end();
    return false;
  }
  --self.left;
  const std::vector<DeltaTable>& tables = self.header.tables;
  const std::uint8_t flags = self.in.byte();
  if ((flags & row_other_table) != 0) {
    const std::uint64_t other = self.in.varint();
    if (other == self.table) fail("a row names its table needlessly");
    if (other >= tables.size()) fail("a row is of a table that is not listed");
    self.table = static_cast<std::uint32_t>(other);
  }
  if (self.table >= tables.size()) fail("a row is of a table that is not listed");
  const std::string_view key = self.in.string(kMaxKeyBytes);
  check_key(key);
  const std::size_t columns = tables[self.table].columns.size();
  self.is_inserted = (flags & row_uniform) != 0;
  if (self.is_inserted) {
    self.inserted.table = self.table;
    self.inserted.key = key;
    self.decoder->read(self.inserted, flags, columns, columns);
  } else {
    self.fragment = {};
    self.fragment.table = self.table;
    self.fragment.key = key;
    self.decoder->read(self.fragment, flags, columns, columns);
  }
  return true;
}

const InsertedRow* DeltaReader::inserted() const noexcept {
  return implementation_->is_inserted ? &implementation_->inserted : nullptr;
}

RowFragment DeltaReader::take() {
  Implementation& self = *implementation_;
  return self.is_inserted ? self.inserted.fragment() : std::move(self.fragment);
}

Delta decode_delta(std::string_view bytes) {
  DeltaReader reader(bytes);
  std::vector<RowFragment> rows;
  while (reader.next()) rows.push_back(reader.take());
  Delta delta = reader.header();
  delta.rows = std::move(rows);
  return delta;
}

}  // namespace rill
