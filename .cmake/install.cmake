include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(rill_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rill")
set(rill_pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

install(
  TARGETS rill_sqlite rill_engine rill_storage rill_sync rill
  EXPORT rill
  FILE_SET HEADERS)
install(EXPORT rill NAMESPACE rill:: FILE rillTargets.cmake DESTINATION "${rill_package_dir}")

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/rillConfig.cmake.in" "${PROJECT_BINARY_DIR}/rillConfig.cmake"
  INSTALL_DESTINATION "${rill_package_dir}"
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the API.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rillConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rillConfig.cmake" "${PROJECT_BINARY_DIR}/rillConfigVersion.cmake"
        DESTINATION "${rill_package_dir}")

file(RELATIVE_PATH rill_pc_to_prefix "/prefix/${rill_pc_dir}" "/prefix")
string(REGEX REPLACE "/$" "" rill_pc_to_prefix "${rill_pc_to_prefix}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/rill.pc.in" "${PROJECT_BINARY_DIR}/rill.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/rill.pc" DESTINATION "${rill_pc_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
