#pragma once

#include <cstddef>
#include <functional>
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

/// The author of an event's characters, in their ids. The replica's own id will not do: where it
/// was forked, one of the branches is renamed, and has then another one.
rill::ReplicaId author_of_event(std::size_t event);

/// A text by what made it: what an INSERT typed, and the operations since.
struct SharedText {
  /// Whose characters `typed` are, the first under the number 1: see `author_of_event`.
  rill::ReplicaId author;
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
  using EventName = std::function<rill::ReplicaId(std::size_t event)>;

  /// `name` tells which replica an event is of.
  TextReader(NaiveFault fault, EventName name);

  /// The text in the hands of an author, a replica or an event, that is going to edit it.
  [[nodiscard]] NaiveText open(const SharedText& text, const rill::ReplicaId& author) const;
  /// What it shows. Remembered, since every step asks for all texts again.
  const std::string& characters(const SharedText& text);
  /// Forgets what it remembers: events have other names.
  void forget() { known_.clear(); }

 private:
  NaiveFault fault_;
  NaiveText::Names names_;
  std::map<SharedText, std::string> known_;
};

/// Edits that make `text` show `after`. Which of those that do is the library's choice, so it is
/// asked for their positions; whom they belong to and where they end up elsewhere is not its
/// affair.
NaiveOp difference(NaiveText& text, std::string_view after);

}  // namespace oracle
