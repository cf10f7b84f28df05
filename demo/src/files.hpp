#pragma once

#include <filesystem>
#include <istream>
#include <string>

namespace notes {

/// All bytes of a file. Throws `Failure` that names it.
std::string read_file(const std::filesystem::path& path);
/// All that comes from a stream, as text. Throws `Failure`, calling it `name`, if it is none.
std::string read_text(std::istream& stream, const std::string& name);

}  // namespace notes
