# ps_sync_module(NAME SOURCES … [USES module…] [PRIVATE target…])
#
# One static library for each room of src/. USES is what its headers and sources may include (scripts/check-layers
# holds it to that); PRIVATE is for third-party targets, which never show in a header.
function(ps_sync_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;PRIVATE" ${ARGN})
  set(target ps_sync_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ps_sync_settings)
  foreach(used IN LISTS ARG_USES)
    target_link_libraries(${target} PUBLIC ps_sync_${used})
  endforeach()
  target_link_libraries(${target} PRIVATE ${ARG_PRIVATE})
  target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp)
endfunction()
