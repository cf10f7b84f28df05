#include "oracle/author.hpp"

#include <algorithm>
#include <utility>

namespace oracle {
namespace {

using Kind = Operation::Kind;

/// The value that a rule keeps of what was written.
Content normal_form(Family family, const Input& input) {
  Content content = input.content;
  if (is_counter(family) && is_null(content.scalar)) content.scalar = std::int64_t{0};
  if (family == Family::real_counter) content.scalar = as_real(content.scalar);
  if (is_set(family)) {
    auto& items = content.items;
    std::sort(items.begin(), items.end(),
              [](const Cell& left, const Cell& right) { return sqlite_order(left, right) < 0; });
    items.erase(std::unique(items.begin(), items.end()), items.end());
  }
  return content;
}

Cell sum(const Cell& left, const Cell& right) {
  const auto* a = std::get_if<std::int64_t>(&left);
  const auto* b = std::get_if<std::int64_t>(&right);
  if (a != nullptr && b != nullptr) return *a + *b;
  return as_real(left) + as_real(right);
}

Cell difference(const Cell& left, const Cell& right) {
  const auto* a = std::get_if<std::int64_t>(&left);
  const auto* b = std::get_if<std::int64_t>(&right);
  if (a != nullptr && b != nullptr) return *a - *b;
  return as_real(left) - as_real(right);
}

/// RFC 7396, for patches without null: each leaf takes its place, and that of what is in its way.
void patch(Content& content, const Content& by) {
  for (const auto& [path, json] : by.leaves) {
    std::erase_if(content.leaves, [&](const auto& leaf) { return comparable(leaf.first, path); });
    content.leaves[path] = json;
  }
}

std::vector<Cell> without(const std::vector<Cell>& cells, const std::vector<Cell>& others) {
  std::vector<Cell> left;
  for (const Cell& cell : cells) {
    if (std::find(others.begin(), others.end(), cell) == others.end()) left.push_back(cell);
  }
  return left;
}

/// What the change from `before` to `after` means. `first` if no write of the column stands, so
/// that nothing but this one keeps what it shows.
Write change(Family family, const Content& before, const Content& after, bool first) {
  Write write;
  if (is_counter(family)) {
    write.delta = first ? after.scalar : difference(after.scalar, before.scalar);
  } else if (is_set(family)) {
    write.added = first ? after.items : without(after.items, before.items);
    write.removed = without(before.items, after.items);
  } else if (family == Family::map) {
    for (const auto& [path, json] : after.leaves) {
      const auto found = before.leaves.find(path);
      if (!first && found != before.leaves.end() && found->second == json) continue;
      write.assigned[path] = json;
      write.touched.push_back(path);
    }
    for (const auto& [path, json] : before.leaves) {
      if (!after.leaves.contains(path)) write.touched.push_back(path);
    }
  } else {
    write.value = after;
  }
  return write;
}

std::vector<Content> shown_of(const RowView& row) {
  std::vector<Content> values;
  values.reserve(row.columns.size());
  for (const ColumnView& column : row.columns) values.push_back(column.shown);
  return values;
}

}  // namespace

Author::Author(History& history, Event event, bool current_schema)
    : history_(history), current_schema_(current_schema), visible_(event.past) {
  event_ = history_.add(std::move(event));
  visible_.set(event_);
}

RowView Author::view(std::size_t table, std::size_t key) const {
  return history_.row(table, key, visible_);
}

const std::vector<Operation>& Author::operations() const {
  return history_.event(event_).operations;
}

void Author::restore(std::vector<Operation> operations) {
  history_.event(event_).operations = std::move(operations);
}

bool Author::knows(const Table& table, std::size_t column) const {
  return oracle::knows(current_schema_, table, table.columns[column]);
}

bool Author::run(const Statement& statement) {
  if (history_.shape().tables[statement.table].late && !current_schema_) return true;
  std::vector<Operation> before = operations();
  bool done = true;
  switch (statement.kind) {
    case Statement::Kind::erase:
      for (const std::size_t key : statement.keys) {
        if (view(statement.table, key).alive) add_erase(statement.table, key);
      }
      break;
    case Statement::Kind::save:
      break;
    case Statement::Kind::update:
      done = update(statement);
      break;
    case Statement::Kind::move:
    case Statement::Kind::move_or_replace:
      done = move(statement);
      break;
    default:
      done = insert(statement);
  }
  if (!done) restore(std::move(before));
  return done;
}

bool Author::assign(std::size_t table, const std::map<std::size_t, Input>& inputs, bool begins,
                    std::vector<Content>& values) const {
  const Table& shape = history_.shape().tables[table];
  for (const auto& [index, input] : inputs) {
    if (!knows(shape, index)) continue;
    const Family family = shape.columns[index].family;
    Content& value = values[index];
    if (family == Family::text) {
      Cell after = changed_text(value.scalar, input);
      if (!begins && !is_text(after) && after != value.scalar) return false;
      value.scalar = std::move(after);
      continue;
    }
    switch (input.mode) {
      case Input::Mode::bad:
        return false;
      case Input::Mode::add:
        value.scalar = sum(value.scalar, input.content.scalar);
        break;
      case Input::Mode::append: {
        Input all;
        all.content.items = value.items;
        all.content.items.push_back(input.content.items.front());
        value = normal_form(family, all);
        break;
      }
      case Input::Mode::patch:
        patch(value, input.content);
        break;
      default:
        value = normal_form(family, input);
    }
  }
  return true;
}

bool Author::insert(const Statement& statement) {
  const Table& shape = history_.shape().tables[statement.table];
  for (const InsertedRow& row : statement.rows) {
    std::vector<Content> values;
    values.reserve(shape.columns.size());
    for (const Column& column : shape.columns) values.push_back(column.default_content);
    if (!assign(statement.table, row.inputs, true, values)) return false;
    const RowView before = view(statement.table, row.key);
    if (!before.alive || statement.kind == Statement::Kind::insert_or_replace) {
      add_insert(statement.table, row.key, std::move(values));
    } else if (statement.kind == Statement::Kind::insert) {
      return false;
    } else if (statement.kind == Statement::Kind::upsert) {
      std::map<std::size_t, Input> inputs = row.inputs;
      for (auto& [index, input] : inputs) {
        // Adding NULL gives NULL.
        if (is_counter(shape.columns[index].family) && !input.null) input.mode = Input::Mode::add;
      }
      std::vector<Content> after = shown_of(before);
      if (!assign(statement.table, inputs, false, after)) return false;
      add_update(statement.table, row.key, before, after);
    }
  }
  return true;
}

bool Author::update(const Statement& statement) {
  for (const std::size_t key : statement.keys) {
    const RowView before = view(statement.table, key);
    if (!before.alive) continue;
    std::vector<Content> after = shown_of(before);
    if (!assign(statement.table, statement.inputs, false, after)) return false;
    add_update(statement.table, key, before, after);
  }
  return true;
}

bool Author::move(const Statement& statement) {
  const std::size_t source = statement.keys.front();
  const RowView before = view(statement.table, source);
  if (!before.alive) return true;
  std::vector<Content> after = shown_of(before);
  const bool stays = source == statement.target;
  if (!assign(statement.table, statement.inputs, !stays, after)) return false;
  if (stays) {
    add_update(statement.table, source, before, after);
    return true;
  }
  const bool taken = view(statement.table, statement.target).alive;
  if (taken && statement.kind == Statement::Kind::move) return false;
  add_erase(statement.table, source);
  add_insert(statement.table, statement.target, std::move(after));
  return true;
}

void Author::add_insert(std::size_t table, std::size_t key, std::vector<Content> values) {
  Operation operation{Kind::insert, table, key, {}};
  const Table& shape = history_.shape().tables[table];
  for (std::size_t column = 0; column < values.size(); ++column) {
    if (!knows(shape, column)) continue;
    operation.writes[column].value = std::move(values[column]);
  }
  history_.event(event_).operations.push_back(std::move(operation));
}

void Author::add_update(std::size_t table, std::size_t key, const RowView& before,
                        const std::vector<Content>& after) {
  const Table& shape = history_.shape().tables[table];
  Operation operation{Kind::update, table, key, {}};
  for (std::size_t column = 0; column < after.size(); ++column) {
    const Content& old_content = before.columns[column].shown;
    if (!knows(shape, column) || after[column] == old_content) continue;
    if (shape.columns[column].family == Family::text) {
      operation.writes[column] =
          write_text(table, key, column, before.columns[column], after[column].scalar);
      continue;
    }
    operation.writes[column] = change(shape.columns[column].family, old_content, after[column],
                                      before.columns[column].untouched);
  }
  if (operation.writes.empty()) return;
  const auto is_version = [&](const auto& write) {
    return shape.columns[write.first].family == Family::row_version;
  };
  if (std::any_of(operation.writes.begin(), operation.writes.end(), is_version)) {
    for (std::size_t column = 0; column < after.size(); ++column) {
      if (shape.columns[column].family == Family::text) continue;
      operation.writes[column].value = after[column];
    }
  }
  history_.event(event_).operations.push_back(std::move(operation));
}

void Author::rewrite(std::size_t table, std::size_t key, std::size_t column) {
  const RowView row = view(table, key);
  Operation operation{Kind::update, table, key, {}};
  const Table& shape = history_.shape().tables[table];
  const Family family = shape.columns[column].family;
  if (family == Family::text) {
    operation.writes[column] = write_text(table, key, column, row.columns[column], std::nullopt);
  }
  for (std::size_t each = 0; each < row.columns.size(); ++each) {
    if (shape.columns[each].family == Family::text) continue;
    if (each != column && family != Family::row_version) continue;
    operation.writes[each].value = row.columns[each].shown;
  }
  history_.event(event_).operations.push_back(std::move(operation));
}

void Author::add_erase(std::size_t table, std::size_t key) {
  history_.event(event_).operations.push_back({Kind::erase, table, key, {}});
}

}  // namespace oracle
