#include "clock_row.hpp"

#include "damage.hpp"

namespace rill::storage {

ClockRow ClockRow::read(sqlite::Connection& connection) {
  sqlite::Using select(connection.cached(
      "SELECT replica, counter, seq, time, exported, generation FROM main.rill_clock "
      "WHERE space = 1"));
  if (!select->step()) throw damaged("rill_clock is empty");
  ClockRow row;
  row.replica = static_cast<std::uint32_t>(select->integer(0));
  row.counter = select->unsigned_integer(1);
  row.seq = select->integer(2);
  row.time.bits = select->unsigned_integer(3);
  row.exported = select->unsigned_integer(4);
  row.generation = select->integer(5);
  return row;
}

}  // namespace rill::storage
