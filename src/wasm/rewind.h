/*
 * Images and rewinding: how an instance becomes byte for byte new again, for the price of the pages
 * that it wrote.
 *
 *     store A, just instantiated ──wasm_image_take──> image: memory file (memfd), globals, tables,
 *                                                     dropped flags, in order of ordinals
 *     wasm_store_new(image) ──> store B: memories are private mappings of the file, read-only at
 *                               first; first write to a page: fault -> writable, in a run of the
 *                               instance's writable pages and in the image's hot set
 *     wasm_store_rewind(B): writable pages copied back, sizes, globals, tables, flags as in the
 *                           image
 *
 * Rules for those who use it:
 * - A page inside the image costs 0.09 us to rewind, a page grown beyond it 0.9 us. So whoever
 * makes an image lets the guest grow its memory beforehand: at least 4 MiB of zero pages should lie
 *   inside the image (componentize does so before it seals).
 * - A system call that writes into guest memory does not fault there, it fails with EFAULT: read
 *   into a buffer of the host and copy, which faults as it should, or touch the pages first.
 * - Host functions and their tables hold state too: whoever owns it rewinds it.
 */
#ifndef SPINDLE_WASM_REWIND_H
#define SPINDLE_WASM_REWIND_H

#include "wasm/runtime.h"

struct wasm_image;

/*
 * Takes an image of a store that is not running. Reference-counted; stores made from it hold one.
 * ERROR_UNSUPPORTED if a global or table holds an external reference, which means nothing in
 * another store.
 */
int wasm_image_take(struct wasm_store *store, struct wasm_image **ret_image, struct error *err);
void wasm_image_unref(struct wasm_image *image);
/*
 * Ends the making of a store from an image: after the same instantiations, sets globals, tables and
 * dropped flags. ERROR_LINK if what was made does not fit the image.
 */
int wasm_store_restore(struct wasm_store *store, struct error *err);
/* Back to the image. The store must come from one and not be running. */
void wasm_store_rewind(struct wasm_store *store);
/*
 * Compares every byte of memory, size, global, table element and flag with the image: the test
 * mode. Returns 0 or -1 with the first difference named.
 */
int wasm_store_compare(struct wasm_store *store, struct error *err);
/* Pages that the last rewind copied. */
uint32_t wasm_store_hot_pages(const struct wasm_store *store);

#endif
