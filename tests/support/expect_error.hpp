#pragma once

#include <gtest/gtest.h>

#include "rill/error.hpp"

/// Expects `statement` to throw `rill::Error` with the code.
#define EXPECT_ERROR(statement, expected)                                                \
  try {                                                                                  \
    static_cast<void>(statement);                                                        \
    ADD_FAILURE() << #statement " threw nothing";                                        \
  } catch (const rill::Error& error) {                                                   \
    EXPECT_EQ(rill::to_string(error.code()), rill::to_string(expected)) << error.what(); \
  }
