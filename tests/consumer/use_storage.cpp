// A database without sync: it captures, and hands out deltas to whoever carries them.
#include <filesystem>
#include <iostream>
#include <rill/database.hpp>

int main() {
  const std::filesystem::path folder = std::filesystem::current_path() / "use_storage";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const auto migrate = [](rill::Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT)");
    schema.replicate("notes");
  };
  rill::Database here(folder / "here.db");
  rill::Database there(folder / "there.db");
  here.migrate(1, migrate);
  there.migrate(1, migrate);
  here.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
  const auto changes = here.changes_since(there.vector());
  while (const auto chunk = changes->next(1'000)) there.receive(*chunk);
  const auto title = there.query("SELECT title FROM notes").front().get<std::string>("title");
  std::cout << title << '\n';
  return title == "Milk" ? 0 : 1;
}
