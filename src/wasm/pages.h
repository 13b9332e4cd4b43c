/*
 * The pages of a memory that comes from an image: which of them are writable.
 *
 *     image file   |  A  |  B  |  C  |  D  |  E  |        shared by all instances
 *     instance     |  A  |  B' |  C  |  D' |  E  | grown… B and D were written: private copies,
 *     runs              [1,1]       [3,1]                 writable; all else below the image's
 *                                                         size is read-only
 *
 * Invariants: runs are sorted, do not touch each other, at most WASM_RUNS; a page of the image is
 * writable exactly if a run holds it; `writable` is the sum of their lengths. Only the thread that
 * runs the store changes them: in its fault handler, or between calls.
 */
#ifndef SPINDLE_WASM_PAGES_H
#define SPINDLE_WASM_PAGES_H

#include "wasm/runtime_int.h"

enum {
    WASM_RUNS = 24,             /* each run costs two mappings; a process may have 65,530 */
    WASM_RUN_GAP = 2,           /* pages between two runs that are not worth a mapping */
    WASM_HOT_PAGES = 2048,      /* an instance that ends a request with more gives the rest up */
    WASM_REVIEW_INTERVAL = 256, /* rewinds between two looks at which pages are still written */
    WASM_REVIEW_LENGTH = 16,    /* rewinds that such a look takes */
    WASM_REVIEW_GROWTH = 64,    /* pages more than after the last look: time for the next one */
};

struct wasm_run {
    uint32_t first, count;
};

/* One memory of an image; immutable but for `hot`. */
struct wasm_image_memory {
    int fd;
    uint64_t size;
    const uint8_t *bytes; /* the whole file, read-only */
    uint32_t page_size, page_count;
    /*
     * The shared hot set, a bit for each page: pages that some instance wrote lately. Only a hint,
     * used when an instance is made or gives up its pages.
     */
    _Atomic uint64_t *hot;
};

struct wasm_memory_pages {
    struct wasm_store *store;
    struct wasm_image_memory *image; /* NULL: nothing below is used */
    uint32_t run_count, writable;
    struct wasm_run runs[WASM_RUNS + 1]; /* one more while two are being merged */
    uint32_t rewinds;                    /* since the last review */
    uint32_t settled;                    /* `writable` at its end */
    uint64_t *seen;                      /* during a review: pages found written */
};

/* Maps the image's pages and makes the hot ones writable. */
int wasm_pages_map(struct wasm_memory *memory, struct error *err);
/*
 * Fault handler: if the offset lies in a page of the image that is not writable yet, makes it so
 * and returns true. Async-signal-safe.
 */
bool wasm_pages_first_write(struct wasm_memory *memory, uint64_t offset);
/* Puts every written page back; returns how many were copied. */
uint32_t wasm_pages_rewind(struct wasm_memory *memory);
void wasm_pages_release(struct wasm_memory_pages *pages);

/* rewind.c: the image's memory of an ordinal, NULL if it has none. */
struct wasm_image_memory *wasm_image_memory(struct wasm_image *image, uint32_t ordinal);

#endif
