#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "oracle/cell.hpp"
#include "oracle/shape.hpp"
#include "oracle/shared_text.hpp"

namespace oracle {

/// A set of events, by their index in the history.
inline constexpr std::size_t kMaxEvents = 192;
using EventSet = std::bitset<kMaxEvents>;

/// An edit of the text that the event `target` began. The last of its event tells all that the
/// event did to the text.
struct Edit {
  std::size_t target = 0;
  std::shared_ptr<const NaiveOp> operation;
};

/// What one operation did to one column.
struct Write {
  /// The whole value: of an insert, and of an update of a register. Of a text, what begins it.
  Content value;
  /// Texts: what an update did, unless it began one.
  std::optional<Edit> edit;
  /// What an update added to a counter.
  Cell delta;
  /// What an update of a set put in and took out.
  std::vector<Cell> added;
  std::vector<Cell> removed;
  /// Leaves that an update of a map changed, among them those that it took away.
  std::vector<Path> touched;
  std::map<Path, std::string> assigned;
};

/// What one row took from one statement.
struct Operation {
  enum class Kind : std::uint8_t { insert, update, erase };

  Kind kind = Kind::update;
  std::size_t table = 0;
  std::size_t key = 0;
  /// By column index. An insert writes every column that its author knows.
  std::map<std::size_t, Write> writes;
};

/// One committed transaction.
struct Event {
  std::array<std::uint8_t, 16> replica{};
  std::uint64_t counter = 0;
  /// The hybrid clock's reading.
  std::uint64_t time = 0;
  /// The events that the author had seen.
  EventSet past;
  std::vector<Operation> operations;
};

/// A value written concurrently with others, none of which saw another.
struct SiblingView {
  Content content;
  std::size_t event = 0;
  /// Texts only.
  SharedText text;
};

struct ColumnView {
  Content shown;
  /// Whether no write of the column stands, so that its default shows.
  bool untouched = false;
  /// Registers and texts only, in dot order.
  std::vector<SiblingView> siblings;
  /// The sibling's event whose value is shown, where the rule picks one.
  std::optional<std::size_t> picked;
};

/// A row as the definitions of the rules make it out of a set of events.
struct RowView {
  /// Whether any event is about it.
  bool exists = false;
  bool alive = false;
  std::vector<ColumnView> columns;
};

/// Mistakes that an oracle can be told to make, to see that comparing with it can fail at all.
enum class Fault : std::uint8_t {
  none,
  births_ignored,  ///< last_writer takes the latest of all siblings.
  inserts_overwrite_nothing,
  delete_policy_swapped,
  latest_is_earliest,
  siblings_reversed,  ///< Dot order is read backwards.
  bias_swapped,
  removals_ignored,   ///< Elements and leaves stay for ever.
  counters_keep_all,  ///< Contributions outlive the insert that saw them.
  hidden_leaves_shown_first,
  edits_overwrite_nothing,  ///< Other texts stay beside the one that is edited.
  edits_overwrite_all,      ///< An edit makes a new text.
  words_in_wrong_order,     ///< Of two words typed at one place.
};

/// Every event of a history, and what a replica that has seen some of them must show: each rule by
/// its definition over the whole causal past, with no regard for cost.
class History {
 public:
  explicit History(const Shape& shape, Fault fault = Fault::none);
  ~History() = default;
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  /// Precondition: fewer than `kMaxEvents` events.
  std::size_t add(Event event);
  [[nodiscard]] Event& event(std::size_t index) { return events_.at(index); }
  [[nodiscard]] const Event& event(std::size_t index) const { return events_.at(index); }
  [[nodiscard]] std::size_t size() const { return events_.size(); }
  /// Calls the event one of `replica`, as a file does that knows of a fork.
  void rename(std::size_t index, const std::array<std::uint8_t, 16>& replica);
  /// Takes back the event added last.
  void drop_last() { events_.pop_back(); }
  [[nodiscard]] const Shape& shape() const { return shape_; }

  /// What a replica that has seen precisely `seen` holds of the row.
  [[nodiscard]] RowView row(std::size_t table, std::size_t key, const EventSet& seen) const;
  [[nodiscard]] TextReader& texts() const { return texts_; }

 private:
  const Shape& shape_;
  Fault fault_;
  std::vector<Event> events_;
  mutable TextReader texts_;
};

}  // namespace oracle
