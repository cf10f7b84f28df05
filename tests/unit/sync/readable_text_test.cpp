#include "readable_text.hpp"

#include <gtest/gtest.h>

namespace rill {
namespace {

TEST(ReadableText, HasNothingThatWouldSpoilATerminal) {
  EXPECT_EQ(readable_text("Grüße 世界 🌍"), "Grüße 世界 🌍");
  EXPECT_EQ(readable_text("\u0085\u202Egpj.exe"), "??gpj.exe");
  EXPECT_EQ(readable_text("a\tb\x7F"), "a?b?");
  EXPECT_EQ(readable_text("\xC2\x9B[31m"), "?[31m");             // CSI as one character
  EXPECT_EQ(readable_text("\xE2\x81\xA6x\xE2\x80\xA8"), "?x?");  // direction, line end
  EXPECT_EQ(readable_text("\xC0\xAF"), "??");                    // overlong
  EXPECT_EQ(readable_text("\xED\xA0\x80"), "???");               // a surrogate
  EXPECT_EQ(readable_text("\xF4\x90\x80\x80"), "????");          // beyond Unicode
  EXPECT_EQ(readable_text("\xE4\xB8"), "??");                    // cut short
}

}  // namespace
}  // namespace rill
