// sync, serve, watch

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "commands.hpp"
#include "endpoint.hpp"
#include "event_log.hpp"
#include "failure.hpp"
#include "rill/tcp.hpp"
#include "stop_signal.hpp"
#include "text.hpp"
#include "value_text.hpp"

namespace notes {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstRetry = 1s;
constexpr std::chrono::milliseconds kLastRetry = 30s;

std::string device_name(const std::string& name) { return name.empty() ? host_name() : name; }

std::string transferred(const rill::SessionProgress& progress) {
  return byte_count(progress.bytes_received) + " received, " + byte_count(progress.bytes_sent) +
         " sent";
}

rill::TcpServerOptions server_options(std::string address, std::uint16_t port,
                                      const std::string& name, EventLog& log) {
  rill::TcpServerOptions options;
  options.address = std::move(address);
  options.port = port;
  options.name = device_name(name);
  options.on_event = [&log](const rill::TcpEvent& event) { log.connection(event); };
  return options;
}

std::string listening(const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return "listening on " + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

/// A connection that is made again when it is lost, with growing pauses while nobody answers.
/// Thread safety: one user.
class LastingConnection {
 public:
  LastingConnection(rill::Replica& replica, Endpoint peer, std::string name, EventLog& log)
      : replica_(replica), peer_(std::move(peer)), name_(std::move(name)), log_(log) {}

  /// Connects if there is no connection; returns after how long to call again.
  std::chrono::milliseconds keep() {
    if (connection_ && connection_->open()) return kFirstRetry;
    connection_.reset();
    try {
      rill::TcpClientOptions options;
      options.name = device_name(name_);
      options.on_event = [this](const rill::TcpEvent& event) { log_.connection(event); };
      connection_.emplace(replica_, peer_.host, peer_.port, options);
      pause_ = kFirstRetry;
      complained_ = false;
      return kFirstRetry;
    } catch (const rill::Error& error) {
      // An address that Rill will not use, or a fork, is the same at the next attempt.
      if (error.code() != rill::ErrorCode::unreachable &&
          error.code() != rill::ErrorCode::peer_gone)
        throw;
      if (!complained_) log_.line(one_line(error.what()) + "; trying again from time to time");
      complained_ = true;
      return std::exchange(pause_, std::min(pause_ * 2, kLastRetry));
    }
  }

 private:
  rill::Replica& replica_;
  Endpoint peer_;
  std::string name_;
  EventLog& log_;
  std::optional<rill::TcpConnection> connection_;
  std::chrono::milliseconds pause_ = kFirstRetry;
  bool complained_ = false;
};

}  // namespace

void sync_once(Application& application, const SyncOptions& options) {
  const Endpoint peer = endpoint_from(options.peer);
  NotesStore& store = application.store();
  Progress progress(application.options().progress);
  std::string name = options.peer;
  rill::TcpClientOptions client;
  client.name = device_name(options.name);
  // Called on another thread, one call at a time, and not after sync_with has returned.
  client.on_event = [&](const rill::TcpEvent& event) {
    if (event.peer) name = peer_name(event);
    if (event.event.kind == rill::SessionEvent::Kind::rules_differ) {
      progress.clear();
      std::cerr << "notes: " << one_line(event.event.message) << '\n';
    }
    progress.show("syncing with " + name + ": " + transferred(event.event.progress));
  };
  const rill::SyncReport report =
      rill::sync_with(store.database(), peer.host, peer.port, std::move(client));
  progress.clear();
  application.out() << "in sync with " << name << ": "
                    << counted(report.rows_received, "note", "notes") << " changed here, "
                    << grouped(report.rows_sent) << " there (" << byte_count(report.bytes_received)
                    << " received, " << byte_count(report.bytes_sent) << " sent)\n";
}

void serve(Application& application, const ServeOptions& options) {
  const StopSignal stop;
  NotesStore& store = application.store();
  EventLog log(application);
  const auto events = store.database().on_event(
      [&log](const rill::DatabaseEvent& event) { log.database_event(event); });
  rill::TcpServer server(store.database(),
                         server_options(options.address, options.port, options.name, log));
  log.line(listening(options.address, server.port()) + "; Ctrl-C ends");
  stop.wait();
  server.stop();
  log.line("stopped");
}

void watch(Application& application, const WatchOptions& options) {
  const StopSignal stop;
  std::optional<Endpoint> peer;
  if (options.peer) peer = endpoint_from(*options.peer);
  NotesStore& store = application.store();
  EventLog log(application);
  const auto events = store.database().on_event(
      [&log](const rill::DatabaseEvent& event) { log.database_event(event); });
  const auto changes =
      store.database().observe({"notes"}, [&log](const rill::ChangeSet& set) { log.changes(set); });

  std::optional<rill::TcpServer> server;
  if (options.port) {
    server.emplace(store.database(),
                   server_options(options.address, *options.port, options.name, log));
    log.line(listening(options.address, server->port()));
  }
  log.line("watching " + counted(store.count(), "note", "notes") + "; Ctrl-C ends");
  if (peer) {
    LastingConnection connection(store.database(), *peer, options.name, log);
    while (!stop.wait_for(connection.keep())) {
    }
  } else {
    stop.wait();
  }
  if (server) server->stop();
  log.line("stopped");
}

}  // namespace notes
