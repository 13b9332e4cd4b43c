/*
 * A guest of tests/unit/fake.h that is granted stores and databases in a folder of its own.
 */
#ifndef SPINDLE_TESTS_SPIN_GRANTED_H
#define SPINDLE_TESTS_SPIN_GRANTED_H

#include "../fake.h"

#include <ftw.h>
#include <unistd.h>

#include "spin/key_value.h"
#include "spin/spin.h"
#include "spin/sqlite.h"

enum { AREA = 1024 };

static char folder[64];
static struct spin_context *granted_context;

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/spindle-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* A path in the folder; valid until the next call. */
static UNUSED const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static UNUSED void start_guest(const struct spin_config *config)
{
    static const struct wasi_config wasi;
    struct error err = ERROR_INIT;
    fake_start(&wasi);
    assert_int_equal(spin_context_new(config, fake.context, &granted_context, &err), 0);
}

/* What a rewind does between two requests. */
static UNUSED void next_request(void)
{
    fake_drop_all();
    wasi_context_reset(fake.context);
    spin_context_reset(granted_context);
    fake.heap = FAKE_HEAP;
    arena_reset(&fake.arena);
}

static UNUSED void stop_guest(void)
{
    fake_drop_all();
    spin_context_free(granted_context);
    fake_stop();
}

#endif
