#pragma once

#include <string_view>

#include "rill/rule.hpp"

namespace notes {

/// The states of a note. `open` is how it begins; `done` and `reopened` are what a person decided.
inline constexpr std::string_view kOpen = "open";
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kReopened = "reopened";

/// The app's own merge rule for `notes.status`: done beats open, unless it was reopened later.
///
/// Among statuses written concurrently the latest decision (done or reopened) stands, by the
/// writers' clocks and then by replica, whatever the time of an `open`: who still saw the note open
/// did not decide anything. Without a decision among them the latest write stands.
///
///     done 10:00 | open 10:05                      ->  done
///     done 10:00 | reopened 10:05                  ->  reopened
///     reopened 10:00 | done 10:05 | open 10:10     ->  done
rill::Rule status_rule();

/// The function behind it: pure, as a custom rule has to be. Precondition: there are siblings.
rill::Value settle_status(const rill::Conflict& conflict);

}  // namespace notes
