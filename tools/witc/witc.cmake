# witc_host(TARGET INTERFACE...): adds the host C of these interfaces ("wasi:io/streams@0.2.0") to a
# library. Its headers are included as "host/<prefix>.h".
function(witc_host target)
    file(GLOB_RECURSE wit_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/wit/*.wit)
    set(outputs)
    foreach(interface ${ARGN})
        # As make_prefix in load.c: versions below 1 leave no trace.
        string(REGEX REPLACE "@0\\..*$" "" prefix ${interface})
        string(REGEX REPLACE "^([^@]*)/([^@]*)@([0-9]+)\\.0\\..*$" "\\1_v\\3_\\2" prefix ${prefix})
        string(REGEX REPLACE "^([^@]*)/([^@]*)@([0-9]+)\\.([0-9]+)\\..*$" "\\1_v\\3_\\4_\\2" prefix
            ${prefix})
        string(REGEX REPLACE "[:/-]" "_" prefix ${prefix})
        list(APPEND outputs ${CMAKE_BINARY_DIR}/generated/host/${prefix}.c
            ${CMAKE_BINARY_DIR}/generated/host/${prefix}.h)
    endforeach()
    add_custom_command(OUTPUT ${outputs}
        COMMAND witc host -o ${CMAKE_BINARY_DIR}/generated ${CMAKE_SOURCE_DIR}/wit ${ARGN}
        DEPENDS witc ${wit_files}
        COMMENT "Writing the host C of ${target}'s interfaces"
        VERBATIM)
    target_sources(${target} PRIVATE ${outputs})
    target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR}/generated)
endfunction()
