#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/disk_device.hpp"
#include "support/pasts.hpp"

namespace rill::testing {

/// A witness that goes wherever its file is copied, as with the image of a machine.
class CopiedWitness final : public WitnessStore {
 public:
  [[nodiscard]] std::string read(const std::filesystem::path& /*path*/) override { return record; }
  bool write(const std::filesystem::path& /*path*/, std::string_view written) override {
    record = written;
    return true;
  }

  std::string record;
};

/// A device whose file and witness can be copied together, so that nothing shows that it is a copy.
class TwinDevice {
 public:
  explicit TwinDevice(std::uint64_t seed) : device(seed) {
    device.options.witness = witness;
    open();
  }

  struct Copy {
    SimulatedDisk::Copy files;
    std::string record;
  };
  [[nodiscard]] Copy copy() const { return {device.disk.copy(DiskDevice::kPath), witness->record}; }
  void become(const Copy& copy) {
    device.close();
    device.disk.restore(DiskDevice::kPath, copy.files);
    witness->record = copy.record;
    open();
  }
  void reopen() {
    device.close();
    open();
  }
  void open() {
    if (!device.db) device.db = std::make_unique<Database>(DiskDevice::kPath, device.options);
    db().migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT, "
          "tags TEXT NOT NULL DEFAULT '[]', views INTEGER NOT NULL DEFAULT 0, "
          "price REAL NOT NULL DEFAULT 0)");
      schema.replicate(
          "notes", {{"body", text()}, {"tags", set()}, {"views", counter()}, {"price", counter()}});
    });
  }
  Database& db() { return *device.db; }

  void insert(const std::string& id, const std::string& body) {
    db().execute("INSERT INTO notes(id, title, body) VALUES(?, ?, ?)", id, "title of " + id, body);
  }
  void view(const std::string& id) {
    db().execute("UPDATE notes SET views = views + 1 WHERE id = ?", id);
  }
  void tag(const std::string& id, const std::string& tag) {
    db().execute("UPDATE notes SET tags = json_insert(tags, '$[#]', ?) WHERE id = ?", tag, id);
  }
  void type(const std::string& id, std::size_t position, const std::string& word) {
    TextEdit edit = db().edit_text("notes", {Value(id)}, "body");
    edit.insert(std::min(position, edit.length()), word);
    edit.commit();
  }
  Value value(const std::string& column, const std::string& id) {
    return value_of(db(), "SELECT " + column + " FROM notes WHERE id = ?", id);
  }
  [[nodiscard]] std::string found() {
    std::string list;
    for (const Finding& finding : db().check()) list += finding.what + "\n";
    return list;
  }

  DiskDevice device;
  std::shared_ptr<CopiedWitness> witness = std::make_shared<CopiedWitness>();
};

inline void sync_twins(TwinDevice& left, TwinDevice& right) {
  settle_pasts(left.db(), right.db());
  exchange(left.db(), right.db());
}

/// Until nobody has news.
inline void sync_all(const std::vector<TwinDevice*>& devices) {
  for (int round = 0; round < 3; ++round) {
    for (std::size_t one = 0; one < devices.size(); ++one) {
      for (std::size_t other = one + 1; other < devices.size(); ++other) {
        sync_twins(*devices[one], *devices[other]);
      }
    }
  }
  for (TwinDevice* device : devices) {
    EXPECT_EQ(device->db().digest(), devices[0]->db().digest());
    EXPECT_EQ(device->db().vector(), devices[0]->db().vector());
    EXPECT_EQ(device->found(), "");
  }
}

}  // namespace rill::testing
