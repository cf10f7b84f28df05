#include <gtest/gtest.h>

#include <clocale>
#include <sstream>
#include <string>

#include "editor.hpp"
#include "event_log.hpp"
#include "failure.hpp"
#include "table.hpp"
#include "value_text.hpp"

namespace notes {
namespace {

TEST(Table, aligns_columns_by_what_they_take_on_the_screen) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  Table table({{.heading = "NAME"}, {.heading = "N", .align = Align::right}, {.heading = "TEXT"}});
  table.add({"世界", "7", "a"});
  table.add({"x", "1234", "b"});
  std::ostringstream out;
  table.print(out, Terminal(-1));
  EXPECT_EQ(out.str(),
            "NAME     N  TEXT\n"
            "世界     7  a\n"
            "x     1234  b\n");
}

TEST(ByteCount, has_a_unit_that_fits) {
  EXPECT_EQ(byte_count(1), "1 byte");
  EXPECT_EQ(byte_count(999), "999 bytes");
  EXPECT_EQ(byte_count(1'234), "1.2 kB");
  EXPECT_EQ(byte_count(999'999), "1.0 MB");
  EXPECT_EQ(byte_count(34'000'000), "34.0 MB");
}

TEST(QuotedValue, is_one_line_and_says_what_it_cut) {
  EXPECT_EQ(quoted_value("a\nb"), "“a b”");
  EXPECT_EQ(quoted_value(7), "7");
  EXPECT_EQ(quoted_value(std::string(100, 'x')), "“" + std::string(59, 'x') + "…” (100 bytes)");
}

TEST(DescribeColumn, names_the_tags_that_came_and_went) {
  EXPECT_EQ(describe_column({"tags", rill::Value(R"(["a","b"])"), rill::Value(R"(["b","c"])")}),
            "tags: +c -a");
}

TEST(DescribeColumn, shows_old_and_new_values) {
  EXPECT_EQ(describe_column({"title", rill::Value("Milk"), rill::Value("Bread")}),
            "title: “Milk” → “Bread”");
  EXPECT_EQ(describe_column({"views", rill::Value(2), rill::Value(3)}), "views: 2 → 3");
  EXPECT_EQ(describe_column({"updated", rill::Value(2), rill::Value(3)}), "");
}

TEST(Draft, survives_the_editor) {
  const Draft draft{"Milk", "2 litres\n\nand bread\n"};
  EXPECT_EQ(draft_from(to_text(draft)), draft);
  EXPECT_EQ(draft_from("Milk\n2 litres\n"), (Draft{"Milk", "2 litres\n"}));
  EXPECT_EQ(draft_from("Milk"), (Draft{"Milk", ""}));
  EXPECT_EQ(draft_from(""), Draft{});
}

}  // namespace
}  // namespace notes
