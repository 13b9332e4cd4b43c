/*
 * A temporary folder for a test.
 */
#ifndef SPINDLE_TESTS_TEMPLATE_FOLDER_H
#define SPINDLE_TESTS_TEMPLATE_FOLDER_H

#include "../unit.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"

struct folder {
    struct arena arena;
    char *path;
};

static inline struct folder folder_new(void)
{
    struct folder f = {.arena = ARENA_INIT(GIB)};
    const char *base = getenv("TMPDIR");
    f.path = arena_printf(&f.arena, "%s/spindle-test-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(f.path));
    return f;
}

static inline char *folder_path(struct folder *f, const char *name)
{
    return path_join(&f->arena, f->path, name);
}

static inline void folder_write(struct folder *f, const char *name, struct str text)
{
    struct error err = ERROR_INIT;
    char *path = folder_path(f, name);
    assert_int_equal(file_make_dirs(path_dir(&f->arena, path), 0777, &err), 0);
    assert_int_equal(file_write(path, text, 0666, &err), 0);
}

static inline void folder_check(struct folder *f, const char *name, const char *expected)
{
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT(0);
    assert_int_equal(file_read(folder_path(f, name), MIB, &text, &err), 0);
    assert_string_equal(buf_cstr(&text), expected);
    buf_release(&text);
}

static inline void folder_release(struct folder *f)
{
    file_remove_tree(f->path);
    arena_release(&f->arena);
}

#endif
