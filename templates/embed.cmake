# Writes OUTPUT, a C file with every file below FOLDER as bytes (src/template/files.h).
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*/metadata/* ${FOLDER}/*/content/*)
list(SORT files)
set(arrays "")
set(table "")
set(number 0)
foreach(path ${files})
    file(READ ${FOLDER}/${path} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(LENGTH "${hex}" digits)
    math(EXPR len "${digits} / 2")
    string(APPEND arrays "static const unsigned char file_${number}[] = {${bytes}0};\n")
    string(LENGTH "${path}" path_len)
    string(APPEND table "    {.path = {\"${path}\", ${path_len}}, "
        ".bytes = {(const char *)file_${number}, ${len}}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* Made by templates/embed.cmake from templates/. */
#include \"template/files.h\"

${arrays}
const struct template_file template_built_in_files[] = {
${table}};
const size_t template_built_in_count = ${number};
")
