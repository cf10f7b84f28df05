#include "rill/database.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "database_implementation.hpp"
#include "file_format.hpp"
#include "log_file.hpp"
#include "rill/error.hpp"

namespace rill {

using storage::Catalog;

namespace {

/// The oldest SQLite with everything that capture needs.
constexpr int kLeastSqlite = 3'037'000;

sqlite::OpenOptions open_options(const DatabaseOptions& options) {
  sqlite::OpenOptions result;
  result.create = options.create;
  result.vfs = options.vfs;
  result.busy_timeout_ms = static_cast<int>(options.busy_timeout.count());
  return result;
}

/// A named file, made absolute, so that a later change of folder does not matter.
std::filesystem::path checked_path(const std::filesystem::path& path) {
  if (path.empty() || path.string().starts_with(":memory:")) {
    throw Error(ErrorCode::invalid_argument,
                "a database that syncs needs a file of its own; give a path");
  }
  if (path.string().starts_with("file:")) {
    throw Error(ErrorCode::invalid_argument,
                "\"" + path.string() +
                    "\" is a URI; give a plain path (a cache shared between connections, which a "
                    "URI can ask for, is not supported)");
  }
  std::error_code ignored;
  std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
  return ignored ? path : absolute;
}

void set_durability(sqlite::Connection& connection, bool full) {
  connection.execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

void append_hex(std::string& text, std::uint64_t value, int digits) {
  std::array<char, 17> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%0*llx", digits,
                static_cast<unsigned long long>(value));
  text += buffer.data();
}

}  // namespace

Database::Implementation::Implementation(const std::filesystem::path& path, DatabaseOptions options)
    : path_(checked_path(path)), options_(std::move(options)) {
  if (sqlite3_libversion_number() < kLeastSqlite) {
    throw Error(ErrorCode::unsupported, std::string("SQLite ") + sqlite3_libversion() +
                                            " is too old; Rill needs 3.37 or newer");
  }
  open();
}

void Database::Implementation::open() {
  const sqlite::OpenOptions options = open_options(options_);
  app_ = sqlite::Connection(path_.string(), options);
  sqlite3_file_control(app_.raw(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file_));
  bool known = false;
  try {
    known = storage::has_format(app_);
  } catch (const Error& error) {
    throw Error(error.code(), "cannot open " + path_.string() + ": " + error.what());
  }
  if (sqlite3_db_readonly(app_.raw(), "main") == 1) {
    throw Error(ErrorCode::read_only,
                "cannot open " + path_.string() +
                    ": the file is read-only, and Rill notes every write "
                    "in it (check the permissions of the file and its folder)");
  }
  configure(app_, options_.durability == Durability::full);
  identity_ = std::make_shared<storage::Identity>(path_.string(), options_.vfs.empty(),
                                                  options_.witness, options_.random);
  known ? storage::upgrade_format(app_)
        : storage::create_format(app_, *options_.random, *identity_);
  confirm_identity();
  // Whoever wrote it may have been killed after an fsync that failed.
  if (storage::has_log(app_)) log_doubt_->raise();
  app_capture_ = make_capture(app_);

  sqlite::OpenOptions reading = options;
  reading.create = false;
  reading.read_only = true;
  reading.one_user = true;  // who leases it
  readers_ = std::make_unique<storage::ReaderPool>(
      path_.string(), reading, [this] { check_file(); },
      [this](storage::Reader& reader) {
        follow_app(reader.connection);
        register_conflicts(std::make_shared<storage::ConflictSource>(
            storage::ConflictSource{reader.connection, reader.interner,
                                    [this, &reader] { return load_catalog(reader.connection); }}));
      },
      [this](sqlite::Connection& connection) { return load_catalog(connection); });
  dispatcher_ = std::make_unique<storage::Dispatcher>(*readers_, options_.executor);
}

void Database::Implementation::confirm_identity() {
  storage::Interner interner(app_);
  if (identity_->is_witnessed(app_, interner)) return;
  // Under its new id the file counts everything from before as written elsewhere, and so as
  // durable.
  app_.execute("PRAGMA synchronous = FULL");
  identity_->confirm(app_, interner);
  set_durability(app_, options_.durability == Durability::full);
}

Database::Implementation::~Implementation() {
  dispatcher_.reset();  // waits for callbacks, which may use all of the rest
  // Readers cannot checkpoint: they go first, so that the last connection folds the log into the
  // file.
  readers_.reset();
  // Ends whatever the app left open while the captures still hear of it.
  for (sqlite::Connection* connection : {&app_, &own_}) {
    if (*connection && connection->in_transaction()) {
      sqlite3_exec(connection->raw(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    *connection = sqlite::Connection();
  }
}

void Database::Implementation::check_file() const {
  // Not by sqlite3_file_control(), which would wait for the app's running statement.
  int moved = 0;
  file_->pMethods->xFileControl(file_, SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved == 0) return;
  throw Error(ErrorCode::file_replaced,
              path_.string() +
                  " was moved, deleted or replaced while it was open: what is written now may be "
                  "lost. Close the database, put the file in place, and open it again");
}

void Database::Implementation::configure(sqlite::Connection& connection, bool full) const {
  sqlite::Statement mode(connection.raw(), "PRAGMA journal_mode = WAL", false);
  if (!mode.step() || mode.bytes(0) != "wal") {
    throw Error(ErrorCode::unsupported, "cannot open " + path_.string() +
                                            ": its file system or VFS does not support SQLite's "
                                            "write-ahead log");
  }
  set_durability(connection, full);
}

std::unique_ptr<storage::Capture> Database::Implementation::make_capture(
    sqlite::Connection& connection) {
  storage::Capture::Hooks hooks;
  hooks.reload = [this](sqlite::Connection& changed) { return load_catalog(changed); };
  hooks.committed = [this](storage::ReplacedRows replaced) {
    dispatcher_->committed(std::move(replaced));
  };
  hooks.replaced = [this] {
    readers_->forget();
    replaced_ = true;
  };
  hooks.observed = [this] { return dispatcher_->observed(); };
  hooks.log_doubt = log_doubt_;
  hooks.durable = options_.durability == Durability::full && &connection == &app_;
  hooks.tripwire = options_.tripwire && &connection == &app_;
  auto capture = std::make_unique<storage::Capture>(connection, load_catalog(connection),
                                                    options_.clock, identity_, std::move(hooks));
  register_capture(connection, *capture);
  storage::Capture* raw = capture.get();
  register_conflicts(std::make_shared<storage::ConflictSource>(storage::ConflictSource{
      connection, raw->interner(), [this, &connection] { return load_catalog(connection); }}));
  return capture;
}

std::shared_ptr<const Catalog> Database::Implementation::load_catalog(
    sqlite::Connection& connection) {
  return Catalog::load(connection, registry_);
}

void Database::Implementation::open_own() {
  if (replaced_.exchange(false) && own_) {
    own_capture_->interner().forget();
    own_capture_->reload_catalog();
  }
  if (own_) {
    sync_own_commits(true);
    return;
  }
  sqlite::OpenOptions options = open_options(options_);
  options.create = false;
  options.one_user = true;  // who holds own_mutex_
  own_ = sqlite::Connection(path_.string(), options);
  try {
    configure(own_, true);
    own_full_ = true;
    // In place of SQLite's own checkpoints, which keep it to themselves if they fail.
    sqlite3_wal_hook(
        own_.raw(),
        [](void* pages, sqlite3*, const char*, int count) {
          *static_cast<int*>(pages) = count;
          return SQLITE_OK;
        },
        &own_log_pages_);
    // Foreign keys and CHECKs are the app's promise about its own writes; merges do not fail on
    // them.
    own_.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
    follow_app(own_);
    own_capture_ = make_capture(own_);
    check_file();
  } catch (...) {
    own_ = sqlite::Connection();  // half set up, it must not be taken for open
    own_capture_.reset();
    throw;
  }
}

void Database::Implementation::sync_own_commits(bool full) {
  if (own_full_ == full) return;
  set_durability(own_, full);
  own_full_ = full;
}

void Database::Implementation::follow_app(sqlite::Connection& connection) {
  read_app_settings();
  if (const int size = app_cache_size_; size != 0) {
    connection.execute("PRAGMA cache_size = " + std::to_string(size));
  }
  connection.execute("PRAGMA temp_store = " + std::to_string(app_temp_store_));
}

void Database::Implementation::read_app_settings() {
  // Never by waiting: whoever is inside the app's connection may wait for a lock that we hold.
  sqlite3_mutex* mutex = sqlite3_db_mutex(app_.raw());
  if (sqlite3_mutex_try(mutex) != SQLITE_OK) return;
  const std::unique_ptr<sqlite3_mutex, void (*)(sqlite3_mutex*)> held(mutex, sqlite3_mutex_leave);
  const auto setting = [&](const char* sql) {
    sqlite::Statement pragma(app_.raw(), sql, false);
    return pragma.step() ? static_cast<int>(pragma.integer(0)) : 0;
  };
  app_cache_size_ = setting("PRAGMA cache_size");
  app_temp_store_ = setting("PRAGMA temp_store");
}

void Database::Implementation::register_rule(const Rule& rule) {
  if (rule.kind() != RuleKind::custom) {
    throw Error(ErrorCode::invalid_argument,
                "the rule " + rule.name() + " is built in; only custom rules are registered");
  }
  registry_.add(rule);
  reload_catalogs();
}

void Database::Implementation::register_rule(const RowRule& rule) {
  registry_.add(rule);
  reload_catalogs();
}

void Database::Implementation::reload_catalogs() {
  const AppLock app(*this);
  app_capture_->reload_catalog();
  const std::lock_guard own(own_mutex_);
  if (own_capture_) own_capture_->reload_catalog();
}

std::vector<ConflictRecord> Database::Implementation::conflicts() {
  const storage::ReaderLease reader = readers_->snapshot();
  return storage::read_conflicts(
      {reader->connection, reader->interner, [&] { return reader->catalog; }});
}

std::vector<std::string> Database::Implementation::replicated_tables(
    const std::vector<std::string>& tables) {
  const storage::ReaderLease reader = readers_->snapshot();
  std::vector<std::string> names;
  for (const std::string& name : tables) {
    const storage::Table* table = reader->catalog->find(name);
    if (table == nullptr) {
      throw Error(ErrorCode::unknown_table,
                  "no replicated table is named " + name + "; replicate it in a migration");
    }
    names.push_back(table->name());
  }
  return names;
}

Subscription Database::Implementation::watch(std::string_view sql,
                                             std::function<void(const Rows&)> changed) {
  const storage::ReaderLease reader = readers_->snapshot();
  std::vector<std::string> read;
  const auto note = [](void* list, int action, const char* table, const char* /*column*/,
                       const char* /*schema*/, const char* /*trigger*/) {
    if (action == SQLITE_READ && table != nullptr) {
      static_cast<std::vector<std::string>*>(list)->emplace_back(table);
    }
    return SQLITE_OK;
  };
  sqlite3_set_authorizer(reader->connection.raw(), note, &read);
  struct Restore {
    sqlite3* db;
    ~Restore() { sqlite3_set_authorizer(db, nullptr, nullptr); }
  } const restore{reader->connection.raw()};
  const sqlite::Statement statement(reader->connection.raw(), sql, false);
  std::erase_if(read,
                [&](const std::string& table) { return reader->catalog->find(table) == nullptr; });
  for (std::string& table : read) table = reader->catalog->find(table)->name();
  if (read.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "the query reads no replicated table, so it would never be run again: \"" +
                    std::string(sql) + "\"");
  }
  return dispatcher_->watch(std::string(sql), std::move(read), std::move(changed));
}

// Database ---------------------------------------------------------------------------------------

Database::Database(const std::filesystem::path& path, DatabaseOptions options)
    : implementation_(std::make_unique<Implementation>(path, std::move(options))) {}

Database::~Database() = default;

void Database::register_rule(const Rule& rule) { implementation_->register_rule(rule); }

void Database::register_rule(const RowRule& rule) { implementation_->register_rule(rule); }

void Database::migrate(std::uint32_t version, const std::function<void(Schema&)>& change) {
  implementation_->migrate(version, change);
}

std::uint32_t Database::schema_version() { return implementation_->schema_version(); }

void Database::recapture(std::string_view table) { implementation_->recapture(table); }

std::vector<Finding> Database::check() { return implementation_->check(); }

std::int64_t Database::execute_values(std::string_view sql, const std::vector<Value>& arguments) {
  return implementation_->execute(sql, arguments);
}

Rows Database::query_values(std::string_view sql, const std::vector<Value>& arguments) {
  return implementation_->query(sql, arguments);
}

void Database::transaction(const std::function<void()>& work) {
  implementation_->transaction(work);
}

sqlite3* Database::handle() noexcept { return implementation_->app_.raw(); }

std::string Database::new_id() {
  std::array<std::byte, 16> bytes{};
  implementation_->options_.random->fill(bytes);
  std::uint64_t random_a = 0;
  std::uint64_t random_b = 0;
  for (std::size_t index = 0; index < 8; ++index) {
    random_a = (random_a << 8U) | std::to_integer<std::uint64_t>(bytes[index]);
    random_b = (random_b << 8U) | std::to_integer<std::uint64_t>(bytes[index + 8]);
  }
  const std::uint64_t ms = implementation_->options_.clock->now_ms() & 0xFFFF'FFFF'FFFFULL;
  const std::uint64_t version_and_random = 0x7000U | (random_a & 0x0FFFU);
  const std::uint64_t variant_and_random = 0x8000U | ((random_a >> 12U) & 0x3FFFU);
  std::string id;
  append_hex(id, ms >> 16U, 8);
  id += '-';
  append_hex(id, ms & 0xFFFFU, 4);
  id += '-';
  append_hex(id, version_and_random, 4);
  id += '-';
  append_hex(id, variant_and_random, 4);
  id += '-';
  append_hex(id, random_b & 0xFFFF'FFFF'FFFFULL, 12);
  return id;
}

std::int64_t Database::new_integer_id() {
  std::array<std::byte, 4> bytes{};
  implementation_->options_.random->fill(bytes);
  std::uint64_t random = 0;
  for (const std::byte byte : bytes) random = (random << 8U) | std::to_integer<std::uint64_t>(byte);
  // 40 bits hold milliseconds for 34 years; they are counted from 2020.
  constexpr std::uint64_t kEpochMs = 1'577'836'800'000ULL;
  const std::uint64_t now = implementation_->options_.clock->now_ms();
  const std::uint64_t ms = (now > kEpochMs ? now - kEpochMs : 0) & 0xFF'FFFF'FFFFULL;
  const std::uint64_t id = (ms << 23U) | (random & 0x7F'FFFFU);
  return static_cast<std::int64_t>(id == 0 ? 1 : id);
}

Subscription Database::observe(const std::vector<std::string>& tables,
                               std::function<void(const ChangeSet&)> changed) {
  return implementation_->dispatcher_->observe(implementation_->replicated_tables(tables),
                                               std::move(changed));
}

Subscription Database::watch(std::string_view sql, std::function<void(const Rows&)> changed) {
  return implementation_->watch(sql, std::move(changed));
}

Subscription Database::on_event(std::function<void(const DatabaseEvent&)> happened) {
  return implementation_->dispatcher_->on_event(std::move(happened));
}

std::vector<ConflictRecord> Database::conflicts() { return implementation_->conflicts(); }

bool Database::resolve(std::string_view table, const std::vector<Value>& key,
                       std::string_view column) {
  return implementation_->resolve(table, key, column);
}

ReplicaId Database::id() { return implementation_->id(); }

VersionVector Database::vector() { return implementation_->vector(); }

const std::filesystem::path& Database::path() const noexcept { return implementation_->path_; }

std::string Database::digest() { return implementation_->digest(); }
std::unique_ptr<DigestScan> Database::digest_scan(const std::vector<std::uint32_t>& listed) {
  return implementation_->digest_scan(listed);
}

ReplicaSummary Database::summary() { return implementation_->summary(); }

std::optional<ReplicaId> Database::check_history(const ReplicaSummary& peer) {
  return implementation_->check_history(peer);
}

ReplicaHistory Database::history(const ReplicaId& replica) {
  return implementation_->history(replica);
}

void Database::settle_fork(const ReplicaHistory& peer) { implementation_->settle_fork(peer); }

std::unique_ptr<ChangeStream> Database::changes_since(const VersionVector& known, SpaceId space,
                                                      const std::optional<InboxSummary>& received) {
  return implementation_->changes_since(known, space, received);
}

ReceiveResult Database::receive(std::string_view encoded_delta) {
  return implementation_->receive(encoded_delta);
}

Subscription Database::on_vector_change(std::function<void()> changed) {
  return implementation_->dispatcher_->on_vector_change(std::move(changed));
}

}  // namespace rill
