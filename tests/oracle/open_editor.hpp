#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oracle/author.hpp"
#include "oracle/history.hpp"
#include "oracle/naive_editor.hpp"
#include "oracle/script.hpp"
#include "oracle/site.hpp"
#include "rill/text_edit.hpp"

namespace oracle {

/// An editor of the library's, what it must show, and a view of it that only follows the changes
/// which it tells.
///
/// It may be behind its database, and several may be open on one text. All of it throws `Mismatch`
/// where one does what the other does not, and `rill::Error` where neither the row nor its text are
/// to blame.
class OpenEditor {
 public:
  /// Opens the text that `step` names, as `replica`, which has seen `seen`. Empty if there is none.
  static std::optional<OpenEditor> open(Site& site, const ReplicaBytes& replica,
                                        const History& history, const EventSet& seen,
                                        const Step& step, const KeySpace& keys);

  void type(const std::vector<Typing>& typed);
  /// Writes the edits as part of the author's event. False if there are none, or if they cannot be
  /// written, for the reason that `caught_up` gives then.
  ///
  /// Where `rill::Error` is thrown, the edits stay, and `refresh` is to be called next.
  bool save(Author& author, CatchUp& caught_up);
  /// Brings it to what `seen` comes to. False if it cannot be, for it has edits of a text that is
  /// gone, or there is nothing to show.
  bool refresh(const History& history, const EventSet& seen);
  /// Goes on as `replica`, in a file that calls events by other names than when this editor looked
  /// last. Its edits may be lost then; false if they are, as they are where `refresh` says so.
  bool refresh_as(const ReplicaBytes& replica, const History& history, const EventSet& seen);

  /// Compares what the editor and the view show with what they must.
  void check() const;

 private:
  OpenEditor(rill::TextEdit edit, NaiveEditor naive);
  [[nodiscard]] RowView row(const History& history, const EventSet& seen) const;
  void follow(const std::vector<rill::TextChange>& changes);

  rill::TextEdit edit_;
  NaiveEditor naive_;
  std::string view_;
};

}  // namespace oracle
