#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog.hpp"
#include "interner.hpp"
#include "rill/delta.hpp"
#include "rill/delta_writer.hpp"
#include "rill/replica.hpp"
#include "sqlite.hpp"
#include "unknown_rows.hpp"

namespace rill::storage {

/// A reading connection with what belongs to it.
struct Reader {
  sqlite::Connection connection;
  Interner interner{connection};
  std::shared_ptr<const Catalog> catalog;

  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

/// Gives a reader back to the pool it came from.
using ReaderLease = std::unique_ptr<Reader, std::function<void(Reader*)>>;

/// The rows of one source (a table, the tombstones, the unknown rows), in the order of `_rill_seq`.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Moves to the next row beyond what the peer knows; false at the end.
  virtual bool next(const std::vector<std::uint64_t>& known) = 0;
  [[nodiscard]] virtual std::int64_t seq() const = 0;
  /// The present row's state and key, with the columns by which the state is numbered.
  struct Found {
    std::string table;
    std::string key;
    RowState state;
    std::vector<DeltaColumn> columns;
  };
  virtual Found take() = 0;
  /// Adds the present row to `chunk` without taking it apart, where one event inserted it and it
  /// stands as it was; else leaves `chunk` alone and returns false.
  virtual bool hand_on(DeltaWriter& /*chunk*/) { return false; }
};

/// All sources of a file for rows after `after` and up to `until`.
std::vector<std::unique_ptr<RowSource>> row_sources(Reader& reader, std::int64_t after,
                                                    std::int64_t until);

/// The delta from `known` to the reader's snapshot, chunk by chunk, in the order of `_rill_seq`.
///
/// The scan starts at the largest mark whose vector `known` covers, so its cost follows the number
/// of changes and not the size of the tables.
class DeltaExtraction final : public ChangeStream {
 public:
  /// `reader` is inside a read transaction, which ends with the extraction. The delta goes on
  /// behind what the peer has `received` of this opening's.
  DeltaExtraction(ReaderLease reader, const VersionVector& known, const InboxSummary& received);
  ~DeltaExtraction() override;

  std::optional<std::string> next(std::size_t target_bytes) override;
  [[nodiscard]] const VersionVector& sender_vector() const override {
    return header_.sender_vector;
  }

 private:
  [[nodiscard]] std::int64_t marked_seq();
  RowSource* advance();
  void add(DeltaWriter& chunk, RowSource::Found found);
  void add_texts(const RowSource::Found& found, RowFragment& fragment);

  ReaderLease reader_;
  Delta header_;
  std::vector<std::uint64_t> known_by_number_;
  std::vector<std::unique_ptr<RowSource>> sources_;
  /// Up to this place the peer knows everything.
  std::int64_t marked_ = 0;
  std::int64_t until_ = 0;
  bool done_ = false;
};

}  // namespace rill::storage
