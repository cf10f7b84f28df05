#include "oracle/script.hpp"

// Scripts for people.

namespace oracle {
namespace {

std::string place_of(const Step& step, const Shape& shape, const KeySpace& keys) {
  const Table& table = shape.tables[step.table];
  return table.name + "[" + sql_literal(keys.cells(table, step.key).back()) + "]." +
         table.columns[step.column].name;
}

std::string describe_editing(const Step& step) {
  const std::string editor = " editor " + std::to_string(step.slot);
  if (step.kind == Step::Kind::save) return " saves" + editor;
  if (step.kind == Step::Kind::refresh) return " refreshes" + editor;
  std::string text = " types in" + editor + ":";
  for (const Typing& typing : step.typed) {
    text += " at " + std::to_string(typing.position) + " -" + std::to_string(typing.erased) + " +" +
            sql_literal(typing.inserted) + ";";
  }
  return text;
}

}  // namespace

std::string describe(const Step& step, const Shape& shape, const std::vector<bool>& current_schema,
                     const KeySpace& keys) {
  const std::string who = "r" + std::to_string(step.replica);
  const std::string peer = "r" + std::to_string(step.peer);
  const std::string size = ", chunks of " + std::to_string(step.chunk_bytes) + " bytes";
  std::string text = "+" + std::to_string(step.advance_ms) + "ms ";
  switch (step.kind) {
    case Step::Kind::pull:
      return text + who + " pulls from " + peer + size;
    case Step::Kind::exchange:
      return text + who + " and " + peer + " pull from each other" + size;
    case Step::Kind::pack:
      return text + peer + " packs a delta " + std::to_string(step.slot) + " for " + who + size;
    case Step::Kind::deliver:
      return text + "chunks " + std::to_string(step.first_chunk) + " to " +
             std::to_string(step.first_chunk + step.chunks) + " of delta " +
             std::to_string(step.slot) + " reach " + who;
    case Step::Kind::restart:
      return text + who + " restarts";
    case Step::Kind::adopt:
      return text + who + " migrates to the current schema";
    case Step::Kind::resolve:
      return text + who + " resolves " + place_of(step, shape, keys);
    case Step::Kind::open:
      return text + who + " opens " + place_of(step, shape, keys) + " in editor " +
             std::to_string(step.slot);
    case Step::Kind::type:
    case Step::Kind::save:
    case Step::Kind::refresh:
      return text + who + describe_editing(step);
    case Step::Kind::write:
      break;
  }
  text += who + (step.autocommit ? ":" : ": BEGIN;");
  for (const Block& block : step.blocks) {
    if (block.savepoint) text += " SAVEPOINT s;";
    for (const Statement& statement : block.statements) {
      const Sql sql = sql_of(statement, shape, current_schema[step.replica], keys);
      if (!sql.text.empty()) text += " " + sql.readable() + ";";
      if (statement.kind != Statement::Kind::save) continue;
      text += " (saves editor " + std::to_string(statement.target) + ")";
    }
    if (block.savepoint) text += block.undone ? " ROLLBACK TO s; RELEASE s;" : " RELEASE s;";
  }
  if (!step.autocommit) text += step.aborted ? " ROLLBACK;" : " COMMIT;";
  return text;
}

}  // namespace oracle
