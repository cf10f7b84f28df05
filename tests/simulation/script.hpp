#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "oracle/generator.hpp"
#include "oracle/script.hpp"
#include "simulation/device.hpp"
#include "simulation/scheduler.hpp"

namespace simulation {

/// Something that is done in a life. All chance in it comes from its own seed, so that it can be
/// left out without a change to the others.
struct Action {
  enum class Kind : std::uint8_t {
    write,        ///< A device runs a transaction.
    meet,         ///< Two devices talk.
    restart,      ///< The app is closed and opened.
    crash,        ///< The power goes, or the process dies.
    crash_later,  ///< The same in the middle of some disk call to come.
    fail_disk,
    fill_disk,
    lie,  ///< The drive lies for a while, then the power goes.
    jump_clock,
    freeze_clock,
    back_up,
    restore,        ///< The file of the last backup is put back.
    restore_image,  ///< The whole device of the last backup.
    copy,           ///< The file goes to a new device.
    lose_witness,
    upgrade,  ///< To the current schema.
    visit,    ///< Another process writes to the file.
    replay,   ///< A session hears again what an earlier one heard.
    check,    ///< `Database::check`.
    pair,     ///< A device joins the group by a code.
    revoke,
    edit,  ///< Somebody types in an editor, and may write that to the database.
  };

  Kind kind = Kind::write;
  /// Time that passes before it.
  Time wait = 0;
  std::size_t device = 0;
  std::size_t peer = 0;
  std::uint64_t seed = 0;
  /// write, visit: what is written. edit: which editor, the text to open where none is, and what is
  /// typed.
  oracle::Step step;
};
inline constexpr std::size_t kActionKinds = 22;

/// "write": the enumerator's own name.
std::string_view name_of(Action::Kind kind);

/// What lives are drawn from.
struct Flavour {
  /// Actions in a life; 0: from 80 to 200.
  std::size_t steps = 0;
  /// Whether two files may come to use the same dots.
  bool forks = true;
};

/// A life before it is lived.
struct Script {
  std::uint64_t seed = 0;
  oracle::Plan plan;
  std::vector<DeviceTerms> devices;
  std::vector<Action> actions;
};

/// The life that a seed stands for.
Script random_script(std::uint64_t seed, const Flavour& flavour);

}  // namespace simulation
