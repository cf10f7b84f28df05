# The app's tests: tests/unit/demo by its classes, tests/integration/notes_*.cpp by its program.
include(GoogleTest)

file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/demo/*.cpp")
rill_add_tests(demo_tests PREFIX demo LABEL unit SOURCES ${sources} LIBRARIES notes_app)

if(TARGET integration_tests)
  target_compile_definitions(integration_tests PRIVATE NOTES_PROGRAM="$<TARGET_FILE:notes>")
  add_dependencies(integration_tests notes)
endif()
