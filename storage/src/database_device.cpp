#include "database_implementation.hpp"
#include "device_values.hpp"
#include "rill/error.hpp"

namespace rill {

std::optional<std::string> Database::Implementation::load(std::string_view name) {
  const storage::ReaderLease reader = readers_->snapshot();
  return storage::read_device_value(reader->connection, name);
}

void Database::Implementation::store(std::string_view name, std::optional<std::string_view> value) {
  if (name.empty() || name == storage::kReaderValue) {
    throw Error(ErrorCode::invalid_argument,
                "a device's value cannot have the name \"" + std::string(name) + '"');
  }
  if (value && value->size() > kMaxDeviceValueBytes) {
    throw Error(ErrorCode::too_large, "the device's value \"" + std::string(name) + "\" has " +
                                          std::to_string(value->size()) + " bytes, more than " +
                                          std::to_string(kMaxDeviceValueBytes));
  }
  write_durably([&] { storage::write_device_value(own_, name, value); });
}

void Database::Implementation::set_reader(bool reader) {
  {
    const std::lock_guard lock(own_mutex_);
    check_file();
    open_own();
    // Usually so: it is told at every start. What a failed commit left is written once more.
    if (!log_doubt_->exists() && storage::is_reader(own_) == reader) return;
  }
  write_durably([&] {
    if (storage::is_reader(own_) == reader) return;
    const auto value = reader ? std::optional<std::string_view>("") : std::nullopt;
    storage::write_device_value(own_, storage::kReaderValue, value);
    // Connections have read the old state with their catalogs.
    own_.cached("UPDATE main.rill_clock SET generation = generation + 1").run();
  });
}

void Database::Implementation::write_durably(const std::function<void()>& work) {
  const std::lock_guard lock(own_mutex_);
  check_file();
  open_own();
  sqlite::Transaction transaction(own_, sqlite::Transaction::Kind::immediate);
  mend_log();
  work();
  // A commit that writes nothing would end without the fsync that settles a doubt.
  if (log_doubt_->exists()) own_.cached("UPDATE main.rill_clock SET exported = exported").run();
  commit_durably(transaction);
}

std::optional<std::string> Database::load(std::string_view name) {
  return implementation_->load(name);
}

void Database::store(std::string_view name, std::optional<std::string_view> value) {
  implementation_->store(name, value);
}

void Database::set_reader(bool reader) { implementation_->set_reader(reader); }

std::filesystem::path Database::file() const { return path(); }

}  // namespace rill
