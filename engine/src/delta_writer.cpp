#include "rill/delta_writer.hpp"

#include <algorithm>
#include <string>

#include "rill/error.hpp"
#include "row_encoder.hpp"
#include "value_list.hpp"

namespace rill {
namespace {

/// Both vectors at once: since `known <= sender`, the one is written as its lag behind the other.
void write_vectors(ByteWriter& out, const Delta& delta) {
  if (!(delta.known <= delta.sender_vector)) {
    throw Error(ErrorCode::internal, "a delta starts beyond its sender's vector");
  }
  out.varint(delta.sender_vector.size());
  for (const auto& [id, counter] : delta.sender_vector) {
    out.replica(id);
    out.varint(counter);
    out.varint(counter - delta.known[id]);
  }
}

std::vector<ReplicaId> replicas_of(const VersionVector& vector) {
  std::vector<ReplicaId> replicas;
  replicas.reserve(vector.size());
  for (const auto& [id, counter] : vector) replicas.push_back(id);
  return replicas;
}

/// Each names its replica by place among the vectors, and its first counter by distance from the
/// epoch before it of the same replica.
void write_epochs(ByteWriter& out, const Delta& delta) {
  if (!delta.last && !delta.epochs.empty()) {
    throw Error(ErrorCode::internal, "a chunk that is not the last brings epochs");
  }
  const std::vector<ReplicaId> replicas = replicas_of(delta.sender_vector);
  out.varint(delta.epochs.size());
  std::size_t place = 0;
  std::uint64_t before = 0;
  for (const Epoch& epoch : delta.epochs) {
    const std::size_t last = place;
    while (place < replicas.size() && replicas[place] < epoch.replica) ++place;
    if (place == replicas.size() || replicas[place] != epoch.replica) {
      throw Error(ErrorCode::internal, "an epoch is of a replica that its delta does not list");
    }
    if (place != last) before = 0;
    const bool second = before != 0 && epoch.first <= delta.known[epoch.replica];
    if (epoch.first <= before || epoch.first > delta.sender_vector[epoch.replica] || second) {
      throw Error(ErrorCode::internal, "a delta's epochs are not sorted or outside its range");
    }
    out.varint(place - last);
    out.varint(epoch.first - before - 1);
    out.fixed64(epoch.value);
    before = epoch.first;
  }
}

void write_header(ByteWriter& out, const Delta& delta) {
  out.byte(kDeltaFormat);
  out.varint(delta.space);
  out.replica(delta.sender);
  for (const std::uint8_t value : delta.opening) out.byte(value);
  out.varint(std::uint64_t{delta.chunk} << 1U | (delta.last ? 1U : 0U));
  out.varint(delta.position);
  out.varint(delta.names);
  write_vectors(out, delta);
  write_epochs(out, delta);
  out.varint(delta.tables.size());
  for (const DeltaTable& table : delta.tables) {
    out.string(table.name);
    out.varint(table.columns.size());
    for (const DeltaColumn& column : table.columns) {
      out.string(column.name);
      out.byte(static_cast<std::uint8_t>(column.kind));
    }
  }
}

/// Writes flags, table and key of one row after another.
class RowHeads {
 public:
  RowHeads(ByteWriter& out, const std::vector<DeltaTable>& tables) : out_(out), tables_(tables) {}

  [[nodiscard]] std::size_t columns(std::uint32_t table) const {
    if (table >= tables_.size()) {
      throw Error(ErrorCode::internal, "a row is of a table that its delta does not list");
    }
    return tables_[table].columns.size();
  }
  void write(std::uint8_t flags, std::uint32_t table, std::string_view key) {
    const bool other_table = table != last_table_;
    out_.byte(other_table ? flags | row_other_table : flags);
    if (other_table) out_.varint(table);
    last_table_ = table;
    out_.string(key);
  }

 private:
  ByteWriter& out_;
  const std::vector<DeltaTable>& tables_;
  std::uint32_t last_table_ = 0;
};

void write_row(RowEncoder& encoder, RowHeads& heads, RowView& view, const RowFragment& row) {
  view.assign(row);
  const std::uint8_t flags = encoder.flags(view, heads.columns(row.table));
  heads.write(flags, row.table, row.key);
  encoder.write(view, flags);
}

void write_rows(ByteWriter& out, const Delta& delta) {
  RowEncoder encoder(out, replicas_of(delta.sender_vector));
  RowView view;
  for (const RowFragment& row : delta.rows) {
    view.assign(row);
    encoder.note(view);
  }
  encoder.write_events();
  out.varint(delta.rows.size());
  RowHeads heads(out, delta.tables);
  for (const RowFragment& row : delta.rows) write_row(encoder, heads, view, row);
}

std::string checked_size(ByteWriter& out) {
  if (out.size() > kMaxDeltaBytes) {
    throw Error(ErrorCode::limit_exceeded, "a delta takes " + std::to_string(out.size()) +
                                               " bytes, above the limit of " +
                                               std::to_string(kMaxDeltaBytes));
  }
  return out.take();
}

}  // namespace

std::size_t entry_count(const RowFragment& row) noexcept {
  std::size_t count = 0;
  const auto add = [&](const ColumnFragment& part) {
    count += part.fresh.size() + part.kept.size();
    for (const Entry& entry : part.fresh) count += entry.unseen_births.size();
  };
  if (row.existence) add(*row.existence);
  if (row.births) add(*row.births);
  for (const auto& [id, part] : row.columns) add(part);
  return count;
}

std::string encode(const Delta& delta) {
  ByteWriter out;
  write_header(out, delta);
  write_rows(out, delta);
  return checked_size(out);
}

std::uint32_t DeltaWriter::table(std::string_view name) {
  for (std::uint32_t number = 0; number < delta_.tables.size(); ++number) {
    if (delta_.tables[number].name == name) return number;
  }
  delta_.tables.push_back({std::string(name), {}});
  return static_cast<std::uint32_t>(delta_.tables.size() - 1);
}

ColumnId DeltaWriter::column(std::uint32_t table, const DeltaColumn& column) {
  std::vector<DeltaColumn>& columns = delta_.tables.at(table).columns;
  const auto same = [&](const DeltaColumn& known) { return known.name == column.name; };
  const auto at = std::find_if(columns.begin(), columns.end(), same);
  const auto number = static_cast<ColumnId>(at - columns.begin());
  if (at == columns.end()) columns.push_back(column);
  return number;
}

void DeltaWriter::add(RowFragment row) {
  /// What an entry takes beside its payload, roughly.
  constexpr std::size_t kEntryBytes = 8;
  const auto payload = [](const ColumnFragment& part) {
    std::size_t bytes = part.kept.size() * 2;
    for (const Entry& entry : part.fresh) {
      bytes += kEntryBytes + entry.value.size() + entry.sub_key.size();
    }
    return bytes;
  };
  fragment_bytes_ += row.key.size() + kEntryBytes;
  for (const auto& [column, part] : row.columns) fragment_bytes_ += payload(part);
  delta_.rows.push_back(std::move(row));
  order_.push_back(false);
}

void DeltaWriter::begin_inserted(std::uint32_t table, const Stamp& stamp,
                                 const std::vector<ColumnId>& columns) {
  // Nearly all rows in a row are of one table, and name the same columns.
  if (column_lists_.empty() || column_lists_.back() != columns) column_lists_.push_back(columns);
  inserted_.push_back({table, stamp, column_lists_.size() - 1, bytes_.size(), 0, 0});
  order_.push_back(true);
}

void DeltaWriter::cancel_inserted() {
  bytes_.shorten(inserted_.back().key);
  inserted_.pop_back();
  order_.pop_back();
}

std::string DeltaWriter::last_row() const {
  const bool is_inserted = order_.back();
  const std::uint32_t table = is_inserted ? inserted_.back().table : delta_.rows.back().table;
  const std::string_view key = is_inserted ? key_of(inserted_.back()) : delta_.rows.back().key;
  return "row " + to_display(decode_key(key)) + " of " + delta_.tables.at(table).name;
}

std::string_view DeltaWriter::key_of(const Inserted& row) const {
  return bytes_.view().substr(row.key, row.values - row.key);
}

std::string DeltaWriter::finish() {
  constexpr std::size_t kRowBytes = 16;  // flags, lengths, event
  ByteWriter out;
  out.reserve(size() + order_.size() * kRowBytes);
  write_header(out, delta_);
  RowEncoder encoder(out, replicas_of(delta_.sender_vector));
  RowView view;
  const auto uniform = [&](const Inserted& row) {
    return UniformRow{row.stamp, column_lists_[row.columns],
                      bytes_.view().substr(row.values, row.end - row.values)};
  };
  for (const RowFragment& row : delta_.rows) {
    view.assign(row);
    encoder.note(view);
  }
  for (const Inserted& row : inserted_) encoder.note(uniform(row));
  encoder.write_events();
  out.varint(order_.size());
  RowHeads heads(out, delta_.tables);
  auto fragment = delta_.rows.begin();
  auto inserted = inserted_.begin();
  for (const bool is_inserted : order_) {
    if (!is_inserted) {
      write_row(encoder, heads, view, *fragment++);
      continue;
    }
    const UniformRow row = uniform(*inserted);
    const std::uint8_t flags = encoder.flags(row, heads.columns(inserted->table));
    heads.write(flags, inserted->table, key_of(*inserted));
    encoder.write(row, flags);
    ++inserted;
  }
  return checked_size(out);
}

}  // namespace rill
