#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace rill {

/// What a device keeps beside its replica, and does not replicate: the records of its group, where
/// it last met others. The port between storage and sync for everything that is not a change.
///
/// Contract: `store` returns only when the value would survive a power cut. Names are short, ASCII
/// and of Rill's own choosing; a value takes at most `kMaxDeviceValueBytes`.
/// Thread safety: all calls may come from any thread.
class DeviceStore {
 public:
  virtual ~DeviceStore() = default;

  /// The value of `name`; empty if there is none. Throws `Error`: busy, io, corrupt.
  [[nodiscard]] virtual std::optional<std::string> load(std::string_view name) = 0;
  /// Sets the value of `name`, or removes it where there is none. Throws `Error`: too_large, busy,
  /// io, disk_full.
  virtual void store(std::string_view name, std::optional<std::string_view> value) = 0;

  /// From now on, and after the file was closed and opened again, local writes of replicated tables
  /// fail with `Error{read_only}`, or no longer do. What peers send is applied as ever.
  virtual void set_reader(bool reader) = 0;

  /// The database file that the device's secrets may stand beside; empty where there is none.
  [[nodiscard]] virtual std::filesystem::path file() const = 0;
};

/// How long a value of a device store may be.
inline constexpr std::size_t kMaxDeviceValueBytes = std::size_t{4} << 20U;

}  // namespace rill
