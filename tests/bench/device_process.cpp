#include "device_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>

#include "device_pair.hpp"

namespace rill::bench {
namespace {

constexpr std::string_view kDone = "done ";

/// A line of /proc/self/status, in bytes.
std::uint64_t memory(std::string_view name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size() + 1)) * 1'024;
  }
  return 0;
}

/// Makes the present resident size the greatest so far.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

/// A pipe whose ends no other process inherits.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  return ends;
}

/// This program with these arguments, `input` and `output` being its standard ones.
pid_t spawn(std::array<std::string, 4>& arguments, int input, int output) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::array<char*, 5> raw{};
  for (std::size_t index = 0; index < arguments.size(); ++index)
    raw[index] = arguments[index].data();
  pid_t child = 0;
  const int code = ::posix_spawn(&child, raw[0], &actions, nullptr, raw.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (code != 0) throw std::runtime_error("cannot run this program anew");
  return child;
}

}  // namespace

DeviceProcess::DeviceProcess(const std::filesystem::path& file, int cache_size) {
  const std::array<int, 2> input = make_pipe();
  const std::array<int, 2> output = make_pipe();
  to_child_ = input[1];
  from_child_ = output[0];
  std::array<std::string, 4> arguments{std::filesystem::read_symlink("/proc/self/exe").string(),
                                       std::string(kDeviceOption), file.string(),
                                       std::to_string(cache_size)};
  child_ = spawn(arguments, input[0], output[1]);
  ::close(input[0]);
  ::close(output[1]);
  answer();
}

DeviceProcess::~DeviceProcess() {
  ::close(to_child_);  // which ends the process
  ::waitpid(child_, nullptr, 0);
  ::close(from_child_);
}

void DeviceProcess::start() { ask("start"); }
void DeviceProcess::wait_in_sync() { ask("wait"); }
std::uint64_t DeviceProcess::growth() { return std::stoull(ask("growth")); }

std::string DeviceProcess::ask(std::string_view word) {
  const std::string line = std::string(word) + '\n';
  if (::write(to_child_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("a device's process has ended");
  }
  return answer();
}

std::string DeviceProcess::answer() {
  std::string line;
  char byte = 0;
  while (::read(from_child_, &byte, 1) == 1 && byte != '\n') line += byte;
  if (byte == '\n' && line.starts_with(kDone)) return line.substr(kDone.size());
  throw std::runtime_error("a device's process fails: " + line);
}

int run_device(const std::filesystem::path& file, int cache_size) {
  try {
    RillNotes notes(file);
    run(notes.handle(), ("PRAGMA cache_size = " + std::to_string(cache_size)).c_str());
    std::optional<Replicator> replicator;
    std::uint64_t before = 0;
    std::cout << kDone << '\n' << std::flush;
    std::string word;
    while (std::getline(std::cin, word)) {
      std::uint64_t result = 0;
      if (word == "start") {
        forget_peak();
        before = memory("VmRSS");
        replicator.emplace(notes.database(), loopback_options()).start();
      } else if (word == "wait") {
        if (!replicator.value().wait_in_sync(kPatience)) throw std::runtime_error("not in sync");
      } else {
        result = memory("VmHWM") - before;
      }
      std::cout << kDone << result << '\n' << std::flush;
    }
    return 0;
  } catch (const std::exception& error) {
    std::cout << error.what() << '\n' << std::flush;
    return 1;
  }
}

}  // namespace rill::bench
