# rill_sources(<variable> <file> ...)
#
# Sets the variable to the files, or, when there are none, to one empty source: CMake has no library
# without sources.
function(rill_sources variable)
  set(sources ${ARGN})
  if(NOT sources)
    set(sources "${PROJECT_BINARY_DIR}/empty.cpp")
    if(NOT EXISTS "${sources}")
      file(WRITE "${sources}" "")
    endif()
  endif()
  set(${variable} "${sources}" PARENT_SCOPE)
endfunction()

# rill_add_layer(<name>)
#
# Defines the library rill_<name>, alias rill::<name>, from the current folder: public headers in
# include/rill, sources and private headers in src.
function(rill_add_layer name)
  set(target rill_${name})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS include/rill/*.hpp)
  list(REMOVE_ITEM headers "${CMAKE_CURRENT_SOURCE_DIR}/include/rill/rill.hpp")  # target rill's
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/*.cpp)
  rill_sources(sources ${sources})

  add_library(${target} ${sources})
  add_library(rill::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  target_include_directories(${target} PRIVATE src)
  rill_unite(${target})
endfunction()

# rill_unite(<target>)
#
# With RILL_UNITY, the target's sources are compiled several at a time: a third of the time for a build
# from nothing, as most of it goes into reading headers. Other builds leave it off, so that a source
# includes what it uses, and little is compiled anew after a change.
function(rill_unite target)
  if(RILL_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # United sources are included by their whole paths; with those in __FILE__, ccache would not know them again in
    # another checkout.
    target_compile_options(${target} PRIVATE "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}=.")
  endif()
endfunction()
