#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oracle/naive_text.hpp"
#include "oracle/random.hpp"
#include "rill/text_document.hpp"

namespace oracle {

/// What a random history of a text may hold.
struct TextHistoryOptions {
  std::size_t replicas = 3;
  std::size_t steps = 80;
  /// Whether all meet now and then, promise to build upon no erased character, and some of them,
  /// sooner or later, forget those.
  bool collects = false;
  /// Whether edits are undone and redone. How is the document's affair: copies are then compared
  /// with each other, not with the naive text.
  bool undoes = false;
  /// The naive texts' mistake.
  NaiveFault fault = NaiveFault::none;
};

/// Replicas that edit one text and exchange operations and checkpoints, from one seed. Beside each
/// document stands a naive text and what an editor shows that is told of changes only; all three
/// are compared after every step.
class TextHistory {
 public:
  TextHistory(Random random, const TextHistoryOptions& options);

  /// What went wrong, with the steps that led there; empty if nothing did.
  std::optional<std::string> run();

 private:
  struct Site {
    Site(char site_name, NaiveFault fault);

    char name;
    rill::TextDocument document;
    NaiveText naive;
    /// What has been committed or applied here.
    rill::VersionVector known;
    /// What an editor shows.
    std::string shown;
    /// Whether there are edits without a commit.
    bool pending = false;
    /// The last vector that was sealed here.
    rill::VersionVector sealed;
    /// Vectors that all have sealed, and that this one has not yet compacted.
    std::vector<rill::VersionVector> compactable;
  };
  /// A commit, as it was made.
  struct Event {
    rill::TextOp op;
    NaiveOp naive;
    /// What its author had applied before.
    rill::VersionVector known;
  };

  // text_history.cpp: what happens.
  void step();
  void local_step(Site& site);
  void remote_step(Site& site);
  void edit(Site& site);
  void insert(Site& site);
  void erase(Site& site);
  void assign(Site& site);
  void undo_or_redo(Site& site);
  void commit(Site& site);
  void restart(Site& site);
  void mark(Site& site);
  void deliver(Site& site);
  void repeat(Site& site);
  void pull(Site& site, Site& from);
  void merge(Site& site, Site& from);
  void join(Site& from);
  void meet();
  void compact(Site& site);
  void exchange_all();

  // text_history_checks.cpp: what is compared.
  void compare(Site& site);
  void compare_places(Site& site);
  void compare_marks(Site& site);
  [[nodiscard]] static bool shows(const Site& site, const TextId& id);
  void compare_operations(const Site& site, const Site& from, const std::vector<rill::TextOp>& ops);
  void compare_all();

  /// Applies to the naive text what the document has learnt.
  void follow(Site& site, const rill::VersionVector& learnt);
  void show(Site& site, const std::vector<rill::TextChange>& changes);
  void note(const std::string& text) { script_ += text + "\n"; }
  [[nodiscard]] bool naive() const { return naive_; }
  Site& any_site() { return sites_[random_.below(sites_.size())]; }
  std::u32string any_text(std::size_t longest);

  TextHistoryOptions options_;
  Random random_;
  /// Whether the naive texts still say what is to be shown.
  bool naive_;
  /// Whether some promise what others do not.
  bool promises_apart_;
  std::vector<Site> sites_;
  std::vector<Event> events_;  // each after those that it builds upon
  std::vector<rill::TextAnchor> marks_;
  std::vector<rill::VersionVector> sealed_;
  std::string script_;
};

}  // namespace oracle
