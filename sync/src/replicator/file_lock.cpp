#include "replicator/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "rill/error.hpp"

namespace rill {

FileLock::FileLock(const std::filesystem::path& file)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  if (reason == EWOULDBLOCK) {
    throw Error(ErrorCode::busy,
                "this database is being synced already, by another replicator in "
                "this or another process (" +
                    file.string() + " is locked)");
  }
  throw Error(ErrorCode::io, "cannot lock " + file.string() + ": " +
                                 std::error_code(reason, std::generic_category()).message());
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace rill
