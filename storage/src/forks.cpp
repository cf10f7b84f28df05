#include "forks.hpp"

#include <cstring>

#include "byte_view.hpp"
#include "damage.hpp"

namespace rill::storage {

Forks read_forks(sqlite::Connection& connection) {
  Forks forks;
  sqlite::Using rows(
      connection.cached("SELECT certificate FROM main.rill_fork ORDER BY certificate"));
  while (rows->step()) {
    ReplicaId certificate;
    if (rows->bytes(0).size() != certificate.bytes.size()) {
      throw damaged("rill_fork holds a certificate that is not 16 bytes");
    }
    std::memcpy(certificate.bytes.data(), rows->bytes(0).data(), certificate.bytes.size());
    read_stored("rill_fork", [&] { return forks.add(certificate); });
  }
  return forks;
}

void write_forks(sqlite::Connection& connection, const Forks& forks) {
  for (const ReplicaId& certificate : forks) {
    connection.cached("INSERT OR IGNORE INTO main.rill_fork(certificate) VALUES(?)")
        .bind_blob(1, view(certificate.bytes))
        .run();
  }
}

}  // namespace rill::storage
