#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The text of an app's trigger, fitted to capture:
///
/// - one that writes a table of `replicated` gets the condition NOT rill_applying(): its effect on
///   received rows arrives as data from the device that made the change;
/// - an UPDATE trigger on a replicated table that names no columns gets the list `columns`, so that
///   Rill's own update of `_rill_meta` does not fire it a second time. (Empty: leave it.)
///
/// Returns `sql` itself where nothing is to be done.
std::string fitted_trigger(const std::string& sql, const std::vector<std::string>& replicated,
                           const std::vector<std::string>& columns);

/// Fits all triggers of the app in the file; part of each migration.
void fit_app_triggers(sqlite::Connection& connection, const Catalog& catalog);

}  // namespace rill::storage
