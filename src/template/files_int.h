/*
 * How sets of files are collected. Only src/template/{files,archive}.c include it.
 */
#ifndef SPINDLE_TEMPLATE_FILES_INT_H
#define SPINDLE_TEMPLATE_FILES_INT_H

#include "base/limits.h"
#include "base/vec.h"
#include "template/files.h"

struct collecting {
    struct arena *arena;
    const char *from; /* for messages */
    size_t bytes;     /* so far */
    VEC(struct template_file) files;
};

/* The path must be well formed (template_path_is_inside). Takes no copy of the bytes. */
int collecting_add(struct collecting *c, const struct template_file *file, struct error *err);
/* Sorts. ERROR_INVALID if a path is there twice. */
int collecting_finish(struct collecting *c, struct template_files *ret, struct error *err);
/* How much one more file may have; 0 if it is too much already. */
size_t collecting_left(const struct collecting *c);
int collecting_fail_full(const struct collecting *c, struct error *err);
/* A relative path without empty parts, "." and ".."; shorter than PATH_MAX. */
bool template_path_is_inside(struct str path);

#endif
