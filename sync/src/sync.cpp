#include "rill/sync.hpp"

#include <optional>

#include "rill/error.hpp"
#include "rill/session.hpp"

namespace rill {
namespace {

/// Called after each step, so that the side that noticed speaks, and not the one that was told.
void throw_error_of(const Session& session) {
  const std::optional<Error>& error = session.error();
  if (error) throw Error(*error);
}

/// A fork takes two sessions to be known to both sides.
constexpr int kMaxSessions = 4 * static_cast<int>(kMaxForksPerReplica);

SyncReport sync_once(Replica& here, Replica& there) {
  // Not live: each side sends once, so the exchange ends even while others write to the replicas.
  SessionOptions options;
  options.live = false;
  Session ours(here, options);
  Session theirs(there, options);
  ours.start();
  theirs.start();
  while (!ours.exchanged() || !theirs.exchanged()) {
    const std::string sent = ours.take_output();
    throw_error_of(ours);
    theirs.receive(sent);
    const std::string answered = theirs.take_output();
    ours.receive(answered);  // of a session that failed, too: what it says of forks counts
    throw_error_of(theirs);
    throw_error_of(ours);
    ours.take_events();
    theirs.take_events();
    const bool done = ours.exchanged() && theirs.exchanged();
    if (sent.empty() && answered.empty() && !done) {
      throw Error(ErrorCode::internal, "two sessions wait for each other");
    }
  }
  const SessionProgress& moved = ours.progress();
  return {moved.rows_sent, moved.rows_received, moved.bytes_sent, moved.bytes_received};
}

}  // namespace

SyncReport sync(Replica& here, Replica& there) {
  for (int left = kMaxSessions;; --left) {
    try {
      return sync_once(here, there);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::renamed || left == 0) throw;
    }
  }
}

}  // namespace rill
