// notes: a notes app on Rill. Start reading at schema.cpp, which says what merges how.

#include <clocale>
#include <exception>
#include <iostream>
#include <string_view>

#include "application.hpp"
#include "command_line.hpp"
#include "failure.hpp"
#include "rill/error.hpp"
#include "text.hpp"

namespace {

int fail(std::string_view message, int exit_code) {
  std::cout.flush();
  std::cerr << "notes: " << notes::one_line(message) << '\n';
  return exit_code;
}

int run(const notes::Invocation& invocation) {
  notes::Application application(invocation.options);
  invocation.command(application);
  if (!std::cout.flush()) return fail("cannot write to standard output", notes::exit_failed);
  return notes::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  // For the width of characters. Texts are UTF-8 whatever the user's locale says.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  try {
    const notes::Invocation invocation = notes::parse_command_line(argc, argv);
    return invocation.command ? run(invocation) : invocation.exit_code;
  } catch (const notes::Failure& failure) {
    return fail(failure.what(), failure.code());
  } catch (const std::exception& error) {  // rill::Error among them
    return fail(error.what(), notes::exit_failed);
  }
}
