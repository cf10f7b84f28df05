#include "deadlines.hpp"

namespace rill {

std::chrono::milliseconds Deadlines::Standstill::update(std::chrono::milliseconds now,
                                                        std::uint64_t current) {
  if (value != current) {
    value = current;
    since = now;
  }
  return now - since;
}

Deadlines::Verdict Deadlines::tick(std::chrono::milliseconds now, const Activity& activity) {
  if (!began_) began_ = now;
  if (activity.greeting && now - *began_ >= timeouts_.hello) return Verdict::no_hello;

  const auto silence = bytes_.update(now, activity.bytes);
  if (silence >= timeouts_.silence) return Verdict::silent;

  if (!activity.inside_frame) frame_ = {};
  if (activity.inside_frame && frame_.update(now, activity.frames) >= timeouts_.frame) {
    return Verdict::slow_frame;
  }

  if (!activity.owed) {
    steps_ = {};
    signs_ = {};
  } else {
    const auto without_step = steps_.update(now, activity.steps);
    const auto without_sign = signs_.update(now, activity.steps + activity.working);
    if (without_sign >= timeouts_.stall || without_step >= timeouts_.work) return Verdict::stalled;
  }

  if (silence >= timeouts_.ping && pinged_at_ != activity.bytes) {
    pinged_at_ = activity.bytes;
    return Verdict::ping;
  }
  return Verdict::fine;
}

}  // namespace rill
