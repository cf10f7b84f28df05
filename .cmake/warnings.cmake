# CMAKE_COMPILE_WARNING_AS_ERROR, set by the developer presets, makes them errors.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion)
