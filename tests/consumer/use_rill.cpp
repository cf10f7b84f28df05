// All of Rill, and the SQLite that it links, for an ORM's sake.
#include <sqlite3.h>

#include <filesystem>
#include <iostream>
#include <rill/rill.hpp>

int main() {
  const std::filesystem::path folder = std::filesystem::current_path() / "use_rill";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const auto migrate = [](rill::Schema& schema) {
    schema.execute(
        "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, views INTEGER DEFAULT 0)");
    schema.replicate("notes", {{"views", rill::counter()}});
  };
  rill::Database tablet(folder / "tablet.db");
  rill::Database phone(folder / "phone.db");
  tablet.migrate(1, migrate);
  phone.migrate(1, migrate);
  if (sqlite3_exec(tablet.handle(), "INSERT INTO notes(id, title) VALUES('n', 'Milk')", nullptr,
                   nullptr, nullptr) != SQLITE_OK) {
    std::cerr << sqlite3_errmsg(tablet.handle()) << '\n';
    return 1;
  }
  rill::sync(tablet, phone);
  tablet.execute("UPDATE notes SET views = views + 1");
  phone.execute("UPDATE notes SET views = views + 1");
  rill::sync(tablet, phone);
  const int views = phone.query("SELECT views FROM notes").front().get<int>("views");
  std::cout << views << " views\n";
  return views == 2 ? 0 : 1;
}
