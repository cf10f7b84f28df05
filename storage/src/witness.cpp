#include "rill/witness.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace rill {
namespace {

namespace fs = std::filesystem;

fs::path from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? fs::path(value) : fs::path();
}

/// Empty where the system does not say.
fs::path state_folder() {
#ifdef _WIN32
  const fs::path base = from_environment("LOCALAPPDATA");
#else
  fs::path base = from_environment("XDG_STATE_HOME");
  const fs::path home = from_environment("HOME");
  if (!base.is_absolute() && !home.empty()) base = home / ".local" / "state";
#endif
  return base.is_absolute() ? base / "rill" : fs::path();
}

/// FNV-1a (Fowler, Noll, Vo): a file name for a path of any length.
std::string name_of(const fs::path& path) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char byte : path.string()) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }
  std::array<char, 17> name{};
  std::snprintf(name.data(), name.size(), "%016llx", static_cast<unsigned long long>(hash));
  return name.data();
}

class WitnessFiles final : public WitnessStore {
 public:
  explicit WitnessFiles(fs::path folder) : folder_(std::move(folder)) {
    if (folder_.empty()) folder_ = state_folder();
  }

  std::string read(const fs::path& path) override {
    std::ifstream file(place(path), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  bool write(const fs::path& path, std::string_view record) override {
    const fs::path target = place(path);
    fs::path fresh = target;
    fresh += ".new";
    {
      std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
      file.write(record.data(), static_cast<std::streamsize>(record.size()));
      file.close();
      if (!file) return false;
    }
    std::error_code error;
    fs::rename(fresh, target, error);
    return !error;
  }

 private:
  [[nodiscard]] fs::path place(const fs::path& path) const {
    std::error_code error;
    if (!folder_.empty()) {
      fs::create_directories(folder_, error);
      if (fs::is_directory(folder_, error)) return folder_ / name_of(path);
    }
    fs::path beside = path;
    beside += "-witness";
    return beside;
  }

  fs::path folder_;
};

}  // namespace

std::shared_ptr<WitnessStore> witness_files(std::filesystem::path folder) {
  return std::make_shared<WitnessFiles>(std::move(folder));
}

}  // namespace rill
