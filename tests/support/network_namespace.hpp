#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace rill::test {

/// A network of its own, without any interface but loopback, that vanishes with the object and the
/// last thread inside, however the program ends. Linux and root only.
class NetworkNamespace {
 public:
  NetworkNamespace() {
    std::thread([this] {
      if (::unshare(CLONE_NEWNET) != 0) {
        trouble_ = std::string("unshare: ") + std::strerror(errno);
        return;
      }
      fd_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
      if (fd_ < 0) trouble_ = std::string("open: ") + std::strerror(errno);
    }).join();
    if (trouble_.empty() && !run("link set lo up")) trouble_ = "`ip` (iproute2) fails";
  }
  ~NetworkNamespace() {
    if (fd_ >= 0) ::close(fd_);
  }
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  /// Why there is none; empty if there is.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  /// Moves the calling thread there for good.
  void enter() const {
    if (::setns(fd_, CLONE_NEWNET) != 0) std::abort();
  }
  /// Runs `ip` there; returns whether it succeeded.
  [[nodiscard]] bool run(const std::string& arguments) const { return execute("ip " + arguments); }
  /// Runs a command there; returns whether it succeeded.
  [[nodiscard]] bool execute(const std::string& command) const {
    bool done = false;
    std::thread([&] {
      enter();
      // The child of a thread inside is inside.
      done = std::system(command.c_str()) == 0;  // NOLINT(cert-env33-c)
    }).join();
    return done;
  }
  /// Lays a cable to the other: an interface `name` in each, which are still down.
  [[nodiscard]] bool connect(const NetworkNamespace& other, const std::string& name) const {
    const std::string path =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(other.fd_);
    return run("link add name " + name + " type veth peer name " + name + " netns " + path);
  }

 private:
  int fd_ = -1;
  std::string trouble_;
};

}  // namespace rill::test
