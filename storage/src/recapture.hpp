#pragma once

#include <cstdint>

#include "capture.hpp"
#include "catalog.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// What may have passed the capture of a table unseen, beside what its rows tell.
enum class Missed : std::uint8_t {
  nothing,  ///< Only what can be told from each row.
  values,   ///< Any value may have been changed.
  keys,     ///< Any row may have got its key, with all it holds, from another.
};

/// Writes anew, in the name of this device, what differs between a table's rows and what the file
/// knows of them: in the present transaction, while the table's triggers are off.
///
/// - A row without a readable `_rill_meta`, or one that names events this file has not seen,
///   becomes an insert.
/// - A column that shows something else than its entries say is written as it shows; by `missed`,
///   more is.
/// - A column that was not captured before, as `before` had the table, counts as written only where
///   it does not show its default; elsewhere what others wrote to it stands.
/// - A row whose `_rill_seq` is missing, repeated or beyond the clock gets a new one.
/// - A row known to have been in conflict that is gone without a trace was deleted.
void stamp_missed_writes(sqlite::Connection& connection, Capture& capture, const Table& table,
                         const Table& before, Missed missed);

}  // namespace rill::storage
