#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "extract.hpp"
#include "rill/replica.hpp"
#include "rill/row_digest.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The digests of the live rows of a snapshot, table by table: see `Database::digest`.
class DigestExtraction final : public DigestScan {
 public:
  /// `reader` is inside a read transaction, which ends with the extraction.
  DigestExtraction(ReaderLease reader, const std::vector<std::uint32_t>& listed);
  ~DigestExtraction() override;

  bool advance(std::size_t target_bytes) override;
  [[nodiscard]] const VersionVector& vector() const override { return vector_; }
  [[nodiscard]] const RowDigests& digests() const override { return digests_; }

 private:
  /// The next row; nothing behind the last.
  sqlite::Statement* next_row();
  /// Returns the row's size in bytes.
  std::size_t add_row(sqlite::Statement& row);

  ReaderLease reader_;
  VersionVector vector_;
  RowDigests digests_;
  std::size_t table_ = 0;
  std::optional<sqlite::Using> rows_;
};

}  // namespace rill::storage
