/* An archive of templates. No path of it may leave the folder that it is unpacked to. */
#include "fuzz.h"
#include "template/files.h"

static void check_path(struct str path)
{
    while (path.len) {
        ptrdiff_t slash = str_find_byte(path, '/');
        struct str part = str_make(path.ptr, slash < 0 ? path.len : (size_t)slash);
        BUG_IF(!part.len || str_is(part, ".") || str_is(part, ".."));
        BUG_IF(str_find_byte(part, '\0') >= 0);
        path = str_skip(path, part.len + 1);
    }
}

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(128 * MIB);
    struct error err = ERROR_INIT;
    struct template_files files;
    if (!fuzz_succeeded(template_files_unpack(&arena, fuzz_file(input), &files, &err), &err))
        return;
    for (size_t i = 0; i < files.count; i++) {
        check_path(files.items[i].path);
        BUG_IF(i && str_compare(files.items[i - 1].path, files.items[i].path) >= 0);
    }
}
