# Every library that Rill uses, as a target. Their headers are system headers: no warnings from them.

set(RILL_SQLITE_MINIMUM 3.37)  # STRICT tables
find_package(SQLite3 ${RILL_SQLITE_MINIMUM} REQUIRED)
set(RILL_OPENSSL_MINIMUM 3.0)
find_package(OpenSSL ${RILL_OPENSSL_MINIMUM} REQUIRED COMPONENTS Crypto SSL)
set(RILL_ZSTD_MINIMUM 1.4)
find_package(zstd ${RILL_ZSTD_MINIMUM} CONFIG REQUIRED)
find_package(Threads REQUIRED)
find_package(cereal REQUIRED)
find_package(nlohmann_json REQUIRED)

# The one SQLite that Rill links. Whatever else in the process uses SQLite must link it too: two copies
# on one file break each other's locks.
add_library(rill_sqlite INTERFACE)
add_library(rill::sqlite ALIAS rill_sqlite)
set_target_properties(rill_sqlite PROPERTIES EXPORT_NAME sqlite)
target_link_libraries(rill_sqlite INTERFACE SQLite::SQLite3)

# Debian's Asio has neither a CMake package nor a pkg-config file.
find_path(RILL_ASIO_INCLUDE_DIR asio.hpp REQUIRED)
mark_as_advanced(RILL_ASIO_INCLUDE_DIR)
add_library(rill_asio INTERFACE)
target_include_directories(rill_asio SYSTEM INTERFACE "${RILL_ASIO_INCLUDE_DIR}")
target_compile_definitions(
  rill_asio
  INTERFACE
    ASIO_STANDALONE
    ASIO_NO_DEPRECATED
    # Asio 1.22 looks for <experimental/coroutine> under clang and so misses the standard one.
    ASIO_HAS_CO_AWAIT
    ASIO_HAS_STD_COROUTINE)
# g++ 12 sees only one of the two allocation functions of Asio's coroutine frames.
target_compile_options(rill_asio INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
if(RILL_SANITIZE MATCHES "thread")
  # The sanitizer does not understand fences. Asio's only back up what its locks order already.
  target_compile_definitions(rill_asio INTERFACE ASIO_DISABLE_FENCED_BLOCK)
endif()
target_link_libraries(rill_asio INTERFACE Threads::Threads)

if(RILL_BUILD_DEMO)
  find_package(CLI11 REQUIRED)
  # libqrencode has no CMake package.
  find_path(RILL_QRENCODE_INCLUDE_DIR qrencode.h REQUIRED)
  find_library(RILL_QRENCODE_LIBRARY qrencode REQUIRED)
  mark_as_advanced(RILL_QRENCODE_INCLUDE_DIR RILL_QRENCODE_LIBRARY)
  add_library(rill_qrencode INTERFACE)
  target_include_directories(rill_qrencode SYSTEM INTERFACE "${RILL_QRENCODE_INCLUDE_DIR}")
  target_link_libraries(rill_qrencode INTERFACE "${RILL_QRENCODE_LIBRARY}")
endif()
if(RILL_BUILD_TESTS)
  find_package(benchmark REQUIRED)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  find_package(ZLIB REQUIRED)  # recorded editing traces are compressed
endif()
