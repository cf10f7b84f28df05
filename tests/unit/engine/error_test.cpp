#include "rill/error.hpp"

#include <gtest/gtest.h>

namespace rill {
namespace {

TEST(Error, CarriesCodeAndMessage) {
  const Error error(ErrorCode::bad_value, "the column is full");
  EXPECT_EQ(error.code(), ErrorCode::bad_value);
  EXPECT_STREQ(error.what(), "the column is full");
}

TEST(Error, CodesAreNamedAsTheirEnumerators) {
  EXPECT_EQ(to_string(ErrorCode::invalid_argument), "invalid_argument");
  EXPECT_EQ(to_string(ErrorCode::not_found), "not_found");
  EXPECT_EQ(to_string(ErrorCode::cannot_open), "cannot_open");
  EXPECT_EQ(to_string(ErrorCode::unsupported), "unsupported");
  EXPECT_EQ(to_string(ErrorCode::malformed), "malformed");
  EXPECT_EQ(to_string(ErrorCode::forked), "forked");
  EXPECT_EQ(to_string(ErrorCode::peer_gone), "peer_gone");
  EXPECT_EQ(to_string(ErrorCode::internal), "internal");
}

}  // namespace
}  // namespace rill
