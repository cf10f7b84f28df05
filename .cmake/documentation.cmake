# `docs`: the API reference as HTML, in docs/html of the build folder. A public symbol without
# documentation is an error.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  set(RILL_DOCS_DIR "${PROJECT_BINARY_DIR}/docs")
  file(MAKE_DIRECTORY "${RILL_DOCS_DIR}")
  configure_file("${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in" "${PROJECT_BINARY_DIR}/Doxyfile" @ONLY)
  add_custom_target(
    docs
    COMMAND Doxygen::doxygen "${PROJECT_BINARY_DIR}/Doxyfile"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    COMMENT "API reference: ${RILL_DOCS_DIR}/html/index.html"
    VERBATIM)
endif()
