# ps_sync_lazy(TARGET NAME LIBRARY_TARGET): link against a library without loading it at program start.
#
# Loading libgit2 and what it needs takes longer than most commands' own work, and many commands do not need it. The linker
# is given a stand-in with the same function names, whose soname is a library that every glibc program can load at no cost;
# the real one is opened by name on first use (src/git/libraries.cpp), and the first call of each function finds it there.
# docs/decisions/0002-lazy-libraries.md tells why not otherwise. Where it cannot work, the library is linked as usual.

set(PS_SYNC_LAZY OFF)
if(PS_SYNC_LAZY_LIBRARIES AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT PS_SYNC_SANITIZE AND CMAKE_NM AND CMAKE_READELF)
  file(WRITE ${CMAKE_BINARY_DIR}/lazy/check.c "#include <gnu/libc-version.h>\nint main(void) { return 0; }\n")
  try_compile(PS_SYNC_HAS_GLIBC ${CMAKE_BINARY_DIR}/lazy/check SOURCES ${CMAKE_BINARY_DIR}/lazy/check.c
    LINK_OPTIONS -Wl,-z,lazy -Wl,--export-dynamic-symbol=main)
  set(PS_SYNC_LAZY ${PS_SYNC_HAS_GLIBC})
endif()

function(ps_sync_lazy target name library)
  if(NOT PS_SYNC_LAZY)
    target_link_libraries(${target} PRIVATE ${library})
    return()
  endif()
  string(TOUPPER ${name} upper)
  # The compile options of the library without its link options.
  get_target_property(includes ${library} INTERFACE_INCLUDE_DIRECTORIES)
  if(includes)
    target_include_directories(${target} PRIVATE ${includes})
  endif()
  find_library(PS_SYNC_${upper}_FILE NAMES ${name} HINTS ${${upper}_LIBRARY_DIRS} ${${upper}_LIBDIR} REQUIRED)
  execute_process(COMMAND ${CMAKE_READELF} -d ${PS_SYNC_${upper}_FILE} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "SONAME[^[]*\\[([^]]+)\\]" found "${dynamic}")
  set(soname ${CMAKE_MATCH_1})
  execute_process(COMMAND ${CMAKE_NM} -D --defined-only ${PS_SYNC_${upper}_FILE} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL " T [A-Za-z_][A-Za-z0-9_]*" functions "${symbols}")
  set(source "/* Stand-in for ${soname}: names only. */\n")
  foreach(function IN LISTS functions)
    string(SUBSTRING ${function} 3 -1 function)
    string(APPEND source "void ${function}(void) {}\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/lazy/${name}.c CONTENT "${source}" @ONLY)
  add_library(ps_sync_${name}_stand_in SHARED ${CMAKE_BINARY_DIR}/lazy/${name}.c)
  set_target_properties(ps_sync_${name}_stand_in PROPERTIES NO_SONAME ON)
  target_compile_options(ps_sync_${name}_stand_in PRIVATE -w -fno-builtin)
  target_link_options(ps_sync_${name}_stand_in PRIVATE -Wl,-soname,libdl.so.2 -nostdlib)
  target_compile_definitions(${target} PRIVATE PS_SYNC_${upper}_SONAME="${soname}")
  target_link_libraries(${target} PRIVATE ps_sync_${name}_stand_in)
  target_link_options(${target} INTERFACE -Wl,-z,lazy -Wl,--export-dynamic-symbol=mbedtls_x509_crt_parse_file)
endfunction()
