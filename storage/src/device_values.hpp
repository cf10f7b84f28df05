#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sqlite.hpp"

namespace rill::storage {

/// The table `rill_device`: what this device keeps that is no change of a replicated row. It is
/// made when the first value is written. Writing calls run inside a transaction of the caller's.
/// Throws what SQL throws. Thread safety: used under its connection's lock.
std::optional<std::string> read_device_value(sqlite::Connection& connection, std::string_view name);
/// Sets the value, or removes it where there is none.
void write_device_value(sqlite::Connection& connection, std::string_view name,
                        std::optional<std::string_view> value);

/// Whether this device is a reader of its group: whether the value `kReaderValue` is there.
bool is_reader(sqlite::Connection& connection);

/// A name that only storage uses.
inline constexpr std::string_view kReaderValue = "reader";

}  // namespace rill::storage
