#include "support/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace rill::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPatience = 30s;
constexpr std::chrono::milliseconds kPause = 10ms;

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The caller's settings of the notes program must not reach it.
std::vector<std::string> environment_without_settings() {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!text.starts_with("NOTES_")) result.push_back(text);
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

std::string beside_tests(const std::string& program) {
  return std::filesystem::read_symlink("/proc/self/exe").replace_filename(program).string();
}

Process::Process(const TemporaryFolder& folder, const std::string& program,
                 const std::vector<std::string>& arguments, const std::string& input) {
  static std::atomic<int> runs = 0;
  const std::string number = std::to_string(++runs);
  const std::filesystem::path input_file = folder / ("input-" + number);
  output_ = folder / ("output-" + number);
  errors_ = folder / ("errors-" + number);
  std::ofstream(input_file, std::ios::binary) << input;

  std::vector<std::string> command{program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = environment_without_settings();
  constexpr int kCreate = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, input_file.c_str(), O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output_.c_str(), kCreate, 0600);
  ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, errors_.c_str(), kCreate, 0600);
  const int error = ::posix_spawn(&child_, program.c_str(), &files, nullptr,
                                  pointers(command).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::runtime_error("cannot run " + program);
}

Process::~Process() {
  if (child_ == 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

std::string Process::output() const { return read_all(output_); }

bool Process::wait_for_output(const std::string& text) const {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (output().find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

void Process::send_signal(int signal) const { ::kill(child_, signal); }

Process::Result Process::wait() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  while (::waitpid(child_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) return {-1, output(), "did not end in time"};
    std::this_thread::sleep_for(kPause);
  }
  child_ = 0;
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return {exit_code, read_all(output_), read_all(errors_)};
}

}  // namespace rill::testing
