# ps_sync_stand_in(PKGCONFIG-NAME…) once, then ps_sync_lazy(TARGET PKGCONFIG-NAME…) for each target that uses some of them:
# links against libraries without loading them at program start.
#
# Loading libgit2 and what it needs takes longer than most commands' own work, and many commands do not need it. The linker
# is given a stand-in with the same function names, whose soname is a library that every glibc program can load at no cost;
# the real one is opened by name on first use (ps_sync/platform/library.hpp), and the first call of each function finds it.
# docs/decisions/0002-lazy-libraries.md tells why not otherwise. Where it cannot work, the library is linked as usual.

set(PS_SYNC_LAZY OFF)
if(PS_SYNC_LAZY_LIBRARIES AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT PS_SYNC_SANITIZE AND CMAKE_NM AND CMAKE_READELF)
  file(WRITE ${CMAKE_BINARY_DIR}/lazy/check.c "#include <gnu/libc-version.h>\nint main(void) { return 0; }\n")
  try_compile(PS_SYNC_HAS_GLIBC ${CMAKE_BINARY_DIR}/lazy/check SOURCES ${CMAKE_BINARY_DIR}/lazy/check.c
    LINK_OPTIONS -Wl,-z,lazy -Wl,--export-dynamic-symbol=main)
  set(PS_SYNC_LAZY ${PS_SYNC_HAS_GLIBC})
endif()

# One stand-in for all of them: the linker takes two libraries of one soname for the same.
function(ps_sync_stand_in)
  if(NOT PS_SYNC_LAZY)
    return()
  endif()
  set(source "/* Stand-in for ${ARGN}: names only. */\n")
  foreach(library IN LISTS ARGN)
    find_library(PS_SYNC_${library}_FILE NAMES ${${library}_LIBRARIES} HINTS ${${library}_LIBRARY_DIRS} ${${library}_LIBDIR} REQUIRED)
    execute_process(COMMAND ${CMAKE_NM} -D --defined-only ${PS_SYNC_${library}_FILE} OUTPUT_VARIABLE symbols
      COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL " T (git_|EVP_|curl_)[A-Za-z0-9_]+" functions "${symbols}")
    foreach(function IN LISTS functions)
      string(SUBSTRING ${function} 3 -1 function)
      string(APPEND source "void ${function}(void) {}\n")
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/lazy/stand_in.c CONTENT "${source}" @ONLY)
  add_library(ps_sync_stand_in SHARED ${CMAKE_BINARY_DIR}/lazy/stand_in.c)
  set_target_properties(ps_sync_stand_in PROPERTIES NO_SONAME ON)
  target_compile_options(ps_sync_stand_in PRIVATE -w -fno-builtin)
  target_link_options(ps_sync_stand_in PRIVATE -Wl,-soname,libdl.so.2 -nostdlib)
endfunction()

function(ps_sync_lazy target)
  if(NOT PS_SYNC_LAZY)
    foreach(library IN LISTS ARGN)
      target_link_libraries(${target} PRIVATE PkgConfig::${library})
    endforeach()
    return()
  endif()
  foreach(library IN LISTS ARGN)
    get_target_property(includes PkgConfig::${library} INTERFACE_INCLUDE_DIRECTORIES)
    if(includes)
      target_include_directories(${target} PRIVATE ${includes})
    endif()
    execute_process(COMMAND ${CMAKE_READELF} -d ${PS_SYNC_${library}_FILE} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCH "SONAME[^[]*\\[([^]]+)\\]" found "${dynamic}")
    target_compile_definitions(${target} PRIVATE PS_SYNC_${library}_SONAME="${CMAKE_MATCH_1}")
  endforeach()
  target_link_libraries(${target} PRIVATE ps_sync_stand_in)
  target_link_options(${target} INTERFACE -Wl,-z,lazy)
endfunction()
