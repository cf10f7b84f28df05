#include "app_triggers.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "table_shape.hpp"

namespace rill::storage {
namespace {

/// A word or sign of SQL, with its place in the text.
struct Token {
  std::size_t start = 0;
  std::size_t end = 0;
  std::string word;  // capitals for bare words, the name itself for quoted ones, else the sign
  bool quoted = false;
};

bool is_word(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '$' ||
         (static_cast<unsigned char>(character) & 0x80U) != 0;
}

/// Splits SQL that SQLite has accepted: words, quoted names, strings, comments, single signs.
class Tokenizer {
 public:
  explicit Tokenizer(const std::string& sql) : sql_(sql) {}

  std::vector<Token> tokens() {
    std::vector<Token> result;
    while (skip_space()) result.push_back(next());
    return result;
  }

 private:
  bool skip_space() {
    while (at_ < sql_.size()) {
      if (sql_.compare(at_, 2, "--") == 0) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (sql_.compare(at_, 2, "/*") == 0) {
        const std::size_t end = sql_.find("*/", at_ + 2);
        at_ = end == std::string::npos ? sql_.size() : end + 2;
      } else if (sql_[at_] <= ' ' && sql_[at_] >= 0) {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  Token next() {
    Token token;
    token.start = at_;
    const char first = sql_[at_];
    if (first == '"' || first == '`' || first == '[' || first == '\'') {
      token.quoted = true;
      token.word = quoted(first == '[' ? ']' : first);
    } else if (is_word(first)) {
      while (at_ < sql_.size() && is_word(sql_[at_])) {
        const char letter = sql_[at_++];
        token.word +=
            static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
      }
    } else {
      token.word = sql_[at_++];
    }
    token.end = at_;
    return token;
  }

  std::string quoted(char close) {
    std::string text;
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == close) {
        if (close == ']' || at_ + 1 >= sql_.size() || sql_[at_ + 1] != close) break;
        ++at_;  // doubled: stands for itself
      }
      text += sql_[at_];
    }
    ++at_;
    return text;
  }

  const std::string& sql_;
  std::size_t at_ = 0;
};

bool is(const Token& token, const char* word) { return !token.quoted && token.word == word; }

std::size_t find(const std::vector<Token>& tokens, std::size_t from, const char* word) {
  while (from < tokens.size() && !is(tokens[from], word)) ++from;
  return from;
}

/// The name of the table that the statement beginning at `at` writes, or an empty string.
std::string written_table(const std::vector<Token>& tokens, std::size_t at) {
  std::size_t name = tokens.size();
  if (is(tokens[at], "INSERT") || is(tokens[at], "REPLACE")) {
    name = find(tokens, at, "INTO") + 1;
  } else if (is(tokens[at], "DELETE")) {
    name = find(tokens, at, "FROM") + 1;
  } else if (is(tokens[at], "UPDATE")) {
    name = at + 1;
    if (name < tokens.size() && is(tokens[name], "OR")) name += 2;
  }
  return name < tokens.size() ? tokens[name].word : std::string();
}

bool writes_any(const std::vector<Token>& tokens, std::size_t body,
                const std::vector<std::string>& tables) {
  for (std::size_t at = body; at < tokens.size(); ++at) {
    const bool starts = is(tokens[at - 1], "BEGIN") || is(tokens[at - 1], ";") ||
                        is(tokens[at - 1], ")");  // after WITH … AS (…)
    if (!starts) continue;
    const std::string table = written_table(tokens, at);
    const auto same = [&](const std::string& name) { return same_name(name, table); };
    if (!table.empty() && std::any_of(tables.begin(), tables.end(), same)) return true;
  }
  return false;
}

std::string list_of(const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns) {
    text += (text.empty() ? "" : ", ") + sqlite::quoted(column);
  }
  return text;
}

}  // namespace

std::string fitted_trigger(const std::string& sql, const std::vector<std::string>& replicated,
                           const std::vector<std::string>& columns) {
  const std::vector<Token> tokens = Tokenizer(sql).tokens();
  const std::size_t begin = find(tokens, 0, "BEGIN");
  if (begin >= tokens.size()) return sql;
  // Edits go from the back, so that earlier places stay true.
  std::string fitted = sql;
  const bool guarded = find(tokens, 0, "RILL_APPLYING") < tokens.size();
  if (!guarded && writes_any(tokens, begin + 1, replicated)) {
    const std::size_t when = find(tokens, 0, "WHEN");
    if (when < begin) {
      fitted.insert(tokens[begin].start, ") AND NOT rill_applying() ");
      fitted.insert(tokens[when].end, " (");
    } else {
      fitted.insert(tokens[begin].start, "WHEN NOT rill_applying() ");
    }
  }
  const std::size_t update = find(tokens, 0, "UPDATE");
  const bool unlisted = update + 1 < begin && is(tokens[update + 1], "ON");
  if (unlisted && !columns.empty()) {
    fitted.insert(tokens[update].end, " OF " + list_of(columns));
  }
  return fitted;
}

void fit_app_triggers(sqlite::Connection& connection, const Catalog& catalog) {
  std::vector<std::string> replicated;
  for (const Table& table : catalog.tables()) replicated.push_back(table.name());
  std::vector<std::pair<std::string, std::string>> changed;
  {
    sqlite::Statement triggers(connection.raw(),
                               "SELECT name, tbl_name, sql FROM main.sqlite_schema WHERE type = "
                               "'trigger' AND substr(name, 1, 5) <> 'rill_'",
                               false);
    while (triggers.step()) {
      const std::string sql(triggers.bytes(2));
      std::vector<std::string> columns;
      if (const Table* table = catalog.find(triggers.bytes(1))) {
        for (const auto& column : read_shape(connection, table->name()).columns) {
          if (!column.name.starts_with("_rill_")) columns.push_back(column.name);
        }
      }
      std::string fitted = fitted_trigger(sql, replicated, columns);
      if (fitted != sql) changed.emplace_back(triggers.bytes(0), std::move(fitted));
    }
  }
  for (const auto& [name, sql] : changed) {
    connection.execute("DROP TRIGGER main." + sqlite::quoted(name));
    connection.execute(sql);
  }
}

}  // namespace rill::storage
