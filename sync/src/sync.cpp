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

}  // namespace

SyncReport sync(Replica& here, Replica& there) {
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
    throw_error_of(theirs);
    ours.receive(answered);
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

}  // namespace rill
