#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "oracle/cell.hpp"
#include "oracle/naive_text.hpp"

namespace oracle {

/// Whether a text column can hold the value as something to edit: NULL, or TEXT that is UTF-8.
bool is_text(const Cell& cell);
/// The value as `CAST(value AS TEXT)` gives it; empty for NULL. Precondition: not REAL.
std::string text_of(const Cell& cell);

/// A text by what made it: what an INSERT typed, and the operations since.
struct SharedText {
  /// Who typed it, the first character under the number 1.
  std::array<std::uint8_t, 16> author{};
  std::string typed;
  /// Each after those that it builds upon. They never change, so that they can be told by address.
  std::vector<std::shared_ptr<const NaiveOp>> operations;

  friend bool operator<(const SharedText& left, const SharedText& right) {
    return std::tie(left.author, left.typed, left.operations) <
           std::tie(right.author, right.typed, right.operations);
  }
};

/// Puts texts together, by the naive FugueMax.
class TextReader {
 public:
  explicit TextReader(NaiveFault fault) : fault_(fault) {}

  /// The text in the hands of a replica that is going to edit it.
  [[nodiscard]] NaiveText open(const SharedText& text,
                               const std::array<std::uint8_t, 16>& replica) const;
  /// What it shows. Remembered, since every step asks for all texts again.
  const std::string& characters(const SharedText& text);

 private:
  NaiveFault fault_;
  std::map<SharedText, std::string> known_;
};

/// Edits that make `text` show `after`. Which of those that do is the library's choice, so it is
/// asked for their positions; whom they belong to and where they end up elsewhere is not its
/// affair.
NaiveOp difference(NaiveText& text, std::string_view after);

}  // namespace oracle
