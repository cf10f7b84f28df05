#include "inbox.hpp"

#include <cstring>
#include <string>

#include "byte_view.hpp"
#include "damage.hpp"
#include "rill/error.hpp"

namespace rill::storage {
namespace {

FileNonce nonce_of(std::string_view bytes) {
  FileNonce nonce{};
  if (bytes.size() != nonce.size()) {
    throw damaged("rill_inbox holds an opening that is not 16 bytes");
  }
  std::memcpy(nonce.data(), bytes.data(), nonce.size());
  return nonce;
}

}  // namespace

Inbox::Tail Inbox::tail(const ReplicaId& sender) {
  Tail tail;
  sqlite::Using last(
      connection_.cached("SELECT opening, chunk, bytes FROM main.rill_inbox WHERE sender = ? "
                         "ORDER BY chunk DESC LIMIT 1"));
  last->bind_blob(1, view(sender.bytes));
  if (!last->step()) return tail;
  tail.opening = nonce_of(last->bytes(0));
  tail.chunks = static_cast<std::uint32_t>(last->integer(1)) + 1;
  tail.bytes = last->unsigned_integer(2);
  return tail;
}

void Inbox::check_follows(const Tail& before, const Delta& chunk) {
  const bool follows = chunk.chunk == 0 || before.opening == chunk.opening;
  if (before.chunks == chunk.chunk && follows) return;
  throw Error(ErrorCode::protocol, "chunk " + std::to_string(chunk.chunk) +
                                       " arrived where chunk " +
                                       std::to_string(follows ? before.chunks : 0) +
                                       " was expected; start the delta again");
}

void Inbox::check_next(const Delta& chunk) { check_follows(tail(chunk.sender), chunk); }

void Inbox::make_room(std::uint64_t bytes) {
  // `bytes` of a sender's last chunk counts all of its chunks. Senders are found one by one by the
  // index: to group all chunks would read more with each.
  const std::int64_t used = connection_.integer(
      "WITH RECURSIVE senders(sender) AS (SELECT min(sender) FROM main.rill_inbox UNION ALL "
      "SELECT (SELECT min(sender) FROM main.rill_inbox WHERE sender > senders.sender) FROM senders "
      "WHERE sender IS NOT NULL) SELECT coalesce(sum((SELECT bytes FROM main.rill_inbox AS chunks "
      "WHERE chunks.sender = senders.sender ORDER BY chunk DESC LIMIT 1)), 0) FROM senders");
  if (static_cast<std::uint64_t>(used) + bytes > max_bytes_) {
    throw Error(ErrorCode::limit_exceeded, "unfinished transfers take " + std::to_string(used) +
                                               " bytes of the database; the limit is " +
                                               std::to_string(max_bytes_) +
                                               " (DatabaseOptions::max_inbox_bytes)");
  }
}

void Inbox::add(const Delta& chunk, std::string_view encoded) {
  if (chunk.chunk == 0) {
    clear(chunk.sender);
    connection_
        .cached(
            "DELETE FROM main.rill_inbox WHERE sender IN (SELECT sender FROM main.rill_inbox "
            "GROUP BY sender ORDER BY max(id) DESC LIMIT -1 OFFSET ?)")
        .bind(1, static_cast<std::int64_t>(kMaxInboxes) - 1)
        .run();
  }
  const Tail before = tail(chunk.sender);
  check_follows(before, chunk);
  make_room(encoded.size());
  connection_
      .cached(
          "INSERT INTO main.rill_inbox(sender, opening, chunk, position, bytes, delta) "
          "VALUES(?, ?, ?, ?, ?, ?)")
      .bind_blob(1, view(chunk.sender.bytes))
      .bind_blob(2, view(chunk.opening))
      .bind(3, chunk.chunk)
      .bind(4, chunk.position)
      .bind(5, before.bytes + encoded.size())
      .bind_blob(6, encoded)
      .run();
}

void Inbox::drain(const ReplicaId& sender, const std::function<void(std::string_view)>& use) {
  const std::uint32_t chunks = tail(sender).chunks;
  sqlite::Statement select(connection_.raw(),
                           "SELECT delta FROM main.rill_inbox WHERE sender = ? AND chunk = ?");
  sqlite::Statement erase(connection_.raw(),
                          "DELETE FROM main.rill_inbox WHERE sender = ? AND chunk = ?");
  for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) {
    {
      sqlite::Using row(select);
      row->bind_blob(1, view(sender.bytes)).bind(2, chunk);
      if (!row->step()) throw damaged("rill_inbox lacks chunk " + std::to_string(chunk));
      use(row->bytes(0));
    }
    erase.bind_blob(1, view(sender.bytes)).bind(2, chunk).run();
  }
}

void Inbox::clear(const ReplicaId& sender) {
  connection_.cached("DELETE FROM main.rill_inbox WHERE sender = ?")
      .bind_blob(1, view(sender.bytes))
      .run();
}

std::vector<InboxSummary> Inbox::summaries(sqlite::Connection& connection) {
  std::vector<InboxSummary> summaries;
  sqlite::Using rows(
      connection.cached("SELECT opening, max(chunk) + 1, position FROM main.rill_inbox GROUP BY "
                        "sender ORDER BY max(id) DESC LIMIT ?"));
  rows->bind(1, static_cast<std::int64_t>(kMaxInboxes));
  while (rows->step()) {
    summaries.push_back({nonce_of(rows->bytes(0)), static_cast<std::uint32_t>(rows->integer(1)),
                         rows->unsigned_integer(2)});
  }
  return summaries;
}

}  // namespace rill::storage
