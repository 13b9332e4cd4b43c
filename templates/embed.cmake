# Writes OUTPUT, a C file with every file below FOLDER as bytes (src/template/template.h).
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
    string(APPEND table "    {\"${path}\", file_${number}, ${len}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* Made by templates/embed.cmake from templates/. */
#include \"template/template.h\"

${arrays}
const struct template_file template_files[] = {
${table}};
const size_t template_file_count = ${number};
")
