#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "cpu_time.hpp"
#include "metric.hpp"
#include "notes.hpp"
#include "recordings.hpp"
#include "rill/database.hpp"

// What a text costs in a database: keystrokes that are written one by one, and opening it.

namespace rill::bench {
namespace {

using test::Patch;
using test::TraceStep;

constexpr std::size_t kNoteBytes = 100'000;
constexpr std::size_t kKeystrokes = 2'000;
/// The last edits before a text is opened are committed one by one, others in groups.
constexpr std::size_t kSingleCommits = 8'192;
constexpr std::size_t kGroup = 64;

std::string long_text() {
  std::string text;
  for (std::size_t word = 0; text.size() < kNoteBytes; ++word) {
    text += "word" + std::to_string(word * 7919 % 10'000) + (word % 12 == 11 ? ".\n" : " ");
  }
  text.resize(kNoteBytes);
  return text;
}

/// A note in a column of text(), in a file that goes with it.
class TextNote {
 public:
  TextNote(const std::filesystem::path& folder, const std::string& body) : file_(folder) {
    Database& db = file_->database();
    db.migrate(2, [](Schema& schema) {
      schema.execute("CREATE TABLE texts(id TEXT PRIMARY KEY NOT NULL, body TEXT)");
      schema.replicate("texts", {{"body", text()}});
    });
    db.execute("INSERT INTO texts(id, body) VALUES('note', ?)", body);
    file_->checkpoint();
  }
  [[nodiscard]] TextEdit edit() { return file_->database().edit_text("texts", "note", "body"); }
  void checkpoint() { file_->checkpoint(); }

 private:
  Temporary<RillNotes> file_;
};

Preparation keystrokes_in_rill(const Setting& setting, const std::string& body, std::size_t count) {
  return [=] {
    auto note = std::make_shared<TextNote>(setting.folder, body);
    auto edit = std::make_shared<TextEdit>(note->edit());
    // The first edit gives the text its cell.
    edit->insert(0, "x");
    edit->commit();
    return [=] {
      for (std::size_t key = 0; key < count; ++key) {
        edit->insert(body.size() / 2 + key, "x");
        edit->commit();
      }
      note->checkpoint();
    };
  };
}

Preparation keystrokes_in_sqlite(const Setting& setting, const std::string& body,
                                 std::size_t count) {
  return [=] {
    auto file = std::make_shared<Temporary<BareNotes>>(setting.folder);
    auto text = std::make_shared<std::string>(body);
    run((*file)->handle(), "CREATE TABLE texts(id TEXT PRIMARY KEY NOT NULL, body TEXT)");
    Prepared((*file)->handle(), "INSERT INTO texts(id, body) VALUES('note', ?)")
        .bind(1, *text)
        .run();
    (*file)->checkpoint();
    return [=] {
      Prepared update((*file)->handle(), "UPDATE texts SET body = ? WHERE id = ?");
      for (std::size_t key = 0; key < count; ++key) {
        text->insert(body.size() / 2 + key, "x");
        update.bind(1, *text).bind(2, std::string("note")).run();
      }
      (*file)->checkpoint();
    };
  };
}

std::optional<Figures> text_commit(const Setting& setting) {
  const std::size_t count = std::min(kKeystrokes, setting.scale.transactions);
  const std::string body = long_text();
  return compare_cpu_time(setting.scale.rounds, keystrokes_in_rill(setting, body, count),
                          keystrokes_in_sqlite(setting, body, count));
}

/// Replays a trace into a note.
void write(TextEdit& edit, const test::EditingTrace& trace) {
  const std::size_t patches = trace.patches();
  std::size_t done = 0;
  for (const TraceStep& step : trace.steps) {
    for (const Patch& patch : step.patches) {
      edit.erase(patch.position, patch.erased);
      edit.insert(patch.position, patch.inserted);
      ++done;
      if (done % kGroup == 0 || done + kSingleCommits > patches) edit.commit();
    }
  }
  edit.commit();
}

std::optional<Figures> text_open(const Setting& setting,
                                 const std::shared_ptr<Recordings>& recordings) {
  const Trace trace = recordings->find(setting, "automerge-paper");
  if (!trace) return std::nullopt;
  auto note = std::make_shared<TextNote>(setting.folder, "");
  TextEdit writing = note->edit();
  write(writing, trace->trace);
  if (writing.text() != trace->end) throw std::runtime_error("the note ends otherwise");
  // Ready is who has taken an edit.
  const double ms = median_cpu_time(setting.scale.rounds * 3, [note] {
    auto edit = std::make_shared<std::optional<TextEdit>>();
    return [note, edit] {
      edit->emplace(note->edit());
      (*edit)->insert((*edit)->length() / 2, "x");
    };
  });
  return Figures{ms, 0, ms};
}

}  // namespace

std::vector<Metric> text_edit_metrics() {
  const auto recordings = std::make_shared<Recordings>();
  return {{"text_commit", "ms", 1.5, text_commit},
          {"text_open_ms", "ms", 3,
           [recordings](const Setting& setting) { return text_open(setting, recordings); }}};
}

}  // namespace rill::bench
