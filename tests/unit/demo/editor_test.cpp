#include "editor.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace notes {
namespace {

TEST(Draft, is_the_title_an_empty_line_and_the_text) {
  EXPECT_EQ(to_text({"Milk", "2 litres\n"}), "Milk\n\n2 litres\n");
  for (const Draft& draft : {Draft{"Milk", "2 litres\nor 3"}, Draft{"", "\n\nno title\n"},
                             Draft{"Milk", ""}, Draft{"Milk", "\n"}}) {
    EXPECT_EQ(draft_from(to_text(draft)), draft);
  }
}

TEST(Draft, needs_no_empty_line) {
  EXPECT_EQ(draft_from("Milk\n2 litres"), (Draft{"Milk", "2 litres"}));
  EXPECT_EQ(draft_from("Milk"), (Draft{"Milk", ""}));
}

TEST(Draft, changes_what_a_person_changed) {
  const Draft shown{"Milk", "2 litres"};
  EXPECT_TRUE(changes(shown, shown).empty());
  EXPECT_EQ(changes(shown, {"Oat milk", "2 litres"}).title, "Oat milk");
  EXPECT_EQ(changes(shown, {"Oat milk", "2 litres"}).body, std::nullopt);
  EXPECT_EQ(changes(shown, {"Milk", "3 litres"}).title, std::nullopt);
  EXPECT_EQ(changes(shown, {"Milk", "3 litres"}).body, "3 litres");
  EXPECT_TRUE(changes({"Milk \x1b", ""}, {"Milk", ""}).empty()) << "the draft has a clean title";
}

TEST(Draft, keeps_the_line_ends_at_the_end) {
  EXPECT_TRUE(changes({"", "a"}, {"", "a\n"}).empty());
  EXPECT_TRUE(changes({"", "a\n\n"}, {"", "a"}).empty());
  EXPECT_EQ(changes({"", "a"}, {"", "b\n"}).body, "b");
  EXPECT_EQ(changes({"", "a\n\n"}, {"", "b"}).body, "b\n\n");
  EXPECT_EQ(changes({"", "a\n"}, {"", "\n"}).body, "") << "all of it was erased";
  EXPECT_EQ(changes({"", ""}, {"", "a\n"}).body, "a");
}

}  // namespace
}  // namespace notes
