#include "compression.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>
#include <string>

#include "rill/bytes.hpp"
#include "rill/error.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

std::string zstd_frame(const std::string& content) {
  std::string out(ZSTD_compressBound(content.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), 3));
  return out;
}

/// A piece that says that `frame` unpacks to `size` bytes.
std::string piece(std::size_t size, const std::string& frame) {
  ByteWriter writer;
  writer.varint(size);
  return writer.take() + frame;
}

std::string random_bytes(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
  return bytes;
}

TEST(Compression, PiecesComeBackAsTheyWere) {
  Compressor compressor;
  for (const std::size_t size : {kMinCompressedBytes, std::size_t{65'536}, kMaxUnpackedBytes}) {
    std::string text;
    while (text.size() < size) text += "note " + std::to_string(text.size()) + "; ";
    text.resize(size);
    const std::string packed = compressor.compress(text);
    ASSERT_FALSE(packed.empty());
    EXPECT_LT(packed.size(), text.size() / 2);
    EXPECT_EQ(unpack(packed), text);
  }
}

TEST(Compression, WhatWouldNotShrinkIsLeftAlone) {
  Compressor compressor;
  EXPECT_EQ(compressor.compress(std::string(kMinCompressedBytes - 1, 'x')), "");
  EXPECT_EQ(compressor.compress(std::string(kMaxUnpackedBytes + 1, 'x')), "");
  EXPECT_EQ(compressor.compress(random_bytes(10'000)), "");
}

TEST(Compression, SizeAboveTheLimitIsRefusedBeforeItIsAllocated) {
  const std::string bomb = zstd_frame(std::string(std::size_t{64} << 20U, '\0'));
  EXPECT_LT(bomb.size(), 10'000U);
  EXPECT_ERROR(unpack(piece(std::size_t{64} << 20U, bomb)), ErrorCode::limit_exceeded);
  EXPECT_ERROR(unpack(piece(std::size_t{1} << 62U, bomb)), ErrorCode::limit_exceeded);
}

TEST(Compression, FrameThatUnpacksToAnotherSizeIsRefused) {
  const std::string frame = zstd_frame(std::string(10'000, 'x'));
  EXPECT_EQ(unpack(piece(10'000, frame)).size(), 10'000U);
  EXPECT_ERROR(unpack(piece(9'999, frame)), ErrorCode::malformed);
  EXPECT_ERROR(unpack(piece(10'001, frame)), ErrorCode::malformed);
  EXPECT_ERROR(unpack(piece(0, frame)), ErrorCode::malformed);
  const std::string bomb = zstd_frame(std::string(std::size_t{64} << 20U, '\0'));
  EXPECT_ERROR(unpack(piece(kMaxUnpackedBytes, bomb)), ErrorCode::malformed);
}

TEST(Compression, TruncatedTrailingAndDoubledFramesAreRefused) {
  const std::string frame = zstd_frame(random_bytes(600) + std::string(600, 'x'));
  const std::string whole = piece(1'200, frame);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_ERROR(unpack(whole.substr(0, size)), ErrorCode::malformed);
  }
  EXPECT_ERROR(unpack(whole + "x"), ErrorCode::malformed);
  EXPECT_ERROR(unpack(piece(2'400, frame + frame)), ErrorCode::malformed);
}

TEST(Compression, SkippableFramesAndGarbageAreRefused) {
  const std::string skippable("\x50\x2A\x4D\x18\x04\x00\x00\x00skip", 12);
  EXPECT_ERROR(unpack(piece(0, skippable)), ErrorCode::malformed);
  std::mt19937 random(3);
  const std::string whole = piece(5'000, zstd_frame(random_bytes(100) + std::string(4'900, 'x')));
  for (int round = 0; round < 2'000; ++round) {
    std::string spoilt = whole;
    spoilt[random() % spoilt.size()] = static_cast<char>(random() & 0xFFU);
    try {
      EXPECT_LE(unpack(spoilt).size(), kMaxUnpackedBytes);
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::internal);
    }
  }
}

}  // namespace
}  // namespace rill
