# The product: liblibos.a, and what `cmake --install` lays down for programs outside the tree.
#
# Modules call each other by names such as pool_get or tcp_input, which an application may well use too. So all
# modules become one object (with link-time optimisation, the optimised one: no compiler plugin is needed to link it),
# in which only demi_ and tern_ names stay global, and that object alone is the archive.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

find_program(TERN_OBJCOPY objcopy REQUIRED)

get_property(modules GLOBAL PROPERTY TERN_MODULES)
set(LIBOS_REQUIRES "")
set(archives "")
set(libraries "")
foreach(module ${modules})
  list(APPEND archives $<TARGET_FILE:${module}>)
  get_target_property(libs ${module} INTERFACE_LINK_LIBRARIES)
  foreach(lib ${libs})
    if(lib MATCHES "^PkgConfig::(.*)$")
      list(APPEND libraries ${${CMAKE_MATCH_1}_LIBRARIES})
      list(APPEND LIBOS_REQUIRES ${${CMAKE_MATCH_1}_MODULE_NAME})
    endif()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES libraries)
list(REMOVE_DUPLICATES LIBOS_REQUIRES)
list(JOIN LIBOS_REQUIRES " " LIBOS_REQUIRES)

set(merge ${CMAKE_C_COMPILER} -r -nostdlib)
if(TERN_LTO)
  separate_arguments(optimise UNIX_COMMAND "${CMAKE_C_FLAGS_${CMAKE_BUILD_TYPE}} ${CMAKE_C_FLAGS_RELEASE}")
  list(APPEND merge -flto=auto -flinker-output=nolto-rel -march=${TERN_MARCH} ${optimise})
endif()
add_custom_command(OUTPUT libos.o
  COMMAND ${merge} -o libos.o -Wl,--whole-archive ${archives} -Wl,--no-whole-archive
  COMMAND ${TERN_OBJCOPY} --wildcard --keep-global-symbol=demi_* --keep-global-symbol=tern_* libos.o
  DEPENDS ${modules} ${archives}
  COMMENT "Merging all modules into libos.o"
  VERBATIM)

# CMake gives it the prefix "lib", so the target libos is liblibos.a.
add_library(libos STATIC ${CMAKE_BINARY_DIR}/libos.o)
add_library(libos::libos ALIAS libos)
set_target_properties(libos PROPERTIES LINKER_LANGUAGE C
  ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_include_directories(libos INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(libos INTERFACE Threads::Threads
  "$<BUILD_INTERFACE:${libraries}>" $<INSTALL_INTERFACE:PkgConfig::libos_requires>)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/libos)
# Relative, so that an installed tree can be moved, or installed with another --prefix.
file(RELATIVE_PATH LIBOS_PC_UP /x/${CMAKE_INSTALL_LIBDIR}/pkgconfig /x)
configure_file(${CMAKE_CURRENT_LIST_DIR}/libos.pc.in libos.pc @ONLY)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/libosConfig.cmake.in libosConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(libosConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS libos EXPORT libosTargets ARCHIVE)
install(EXPORT libosTargets NAMESPACE libos:: DESTINATION ${package})
install(FILES ${CMAKE_BINARY_DIR}/libosConfig.cmake ${CMAKE_BINARY_DIR}/libosConfigVersion.cmake
  DESTINATION ${package})
install(FILES ${CMAKE_BINARY_DIR}/libos.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY include/demi include/tern DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
foreach(section 3 7)
  install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
    FILES_MATCHING PATTERN "*.${section}")
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
