#include "text_memory.hpp"

#include <malloc.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

#include "rill/text_document.hpp"

namespace rill::bench {
namespace {

constexpr std::size_t kWarmUpSteps = 2'000;

/// Where the fresh process leaves its figure.
std::filesystem::path result_of(std::filesystem::path patches) { return patches += ".result"; }

// A file of steps: each the number of its patches; each patch position, erased, bytes, and the
// bytes.

void write_number(std::ostream& file, std::size_t number) {
  const auto narrow = static_cast<std::uint32_t>(number);
  file.write(reinterpret_cast<const char*>(&narrow), sizeof narrow);
}

void write_steps(const std::filesystem::path& path, const std::vector<test::TraceStep>& steps) {
  std::ofstream file(path, std::ios::binary);
  for (const test::TraceStep& step : steps) {
    write_number(file, step.patches.size());
    for (const test::Patch& patch : step.patches) {
      write_number(file, patch.position);
      write_number(file, patch.erased);
      write_number(file, patch.inserted.size());
      file.write(patch.inserted.data(), static_cast<std::streamsize>(patch.inserted.size()));
    }
  }
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::uint32_t read_number(std::istream& file) {
  std::uint32_t number = 0;
  file.read(reinterpret_cast<char*>(&number), sizeof number);
  return number;
}

/// Replays from the file step by step, so that the steps themselves take no memory.
void replay(TextDocument& document, std::istream& file, std::size_t most_steps) {
  test::Patch patch;
  for (std::size_t step = 0; step < most_steps; ++step) {
    std::uint32_t patches = read_number(file);
    if (!file) return;
    for (; patches > 0; --patches) {
      patch.position = read_number(file);
      patch.erased = read_number(file);
      patch.inserted.resize(read_number(file));
      file.read(patch.inserted.data(), static_cast<std::streamsize>(patch.inserted.size()));
      test::edit(document, patch);
    }
    document.commit();
  }
}

std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t pages = 0;
  file >> all >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

int measure_text_memory(const std::filesystem::path& patches) {
  std::ifstream file(patches, std::ios::binary);
  {
    // Code and buffers are paged in by a document that goes again, with what it left in the heap.
    TextDocument warm(ReplicaId{});
    replay(warm, file, kWarmUpSteps);
  }
  ::malloc_trim(0);
  file.clear();
  file.seekg(0);
  const std::size_t before = resident();
  TextDocument document(ReplicaId{});
  replay(document, file, static_cast<std::size_t>(-1));
  const std::size_t after = resident();
  std::ofstream result(result_of(patches));
  result << after - before;
  return result.flush() ? 0 : 1;
}

double resident_bytes(const std::vector<test::TraceStep>& steps,
                      const std::filesystem::path& folder) {
  const std::filesystem::path patches = folder / "patches";
  write_steps(patches, steps);
  std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string option(kMemoryOption);
  std::string path = patches.string();
  std::array<char*, 4> arguments{program.data(), option.data(), path.data(), nullptr};
  pid_t child = 0;
  int status = 0;
  if (::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0 ||
      ::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("cannot measure memory in a process of its own");
  }
  double bytes = 0;
  std::ifstream(result_of(patches)) >> bytes;
  return bytes;
}

}  // namespace rill::bench
