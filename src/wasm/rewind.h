/*
 * Images and rewinding: how an instance becomes byte for byte new again, for the price of the pages
 * that it wrote.
 *
 *     store A, just instantiated ──wasm_image_take──> image: memory file (memfd), globals, tables,
 *                                                     dropped flags, in order of ordinals
 *     wasm_store_new(image) ──> store B: memories are private mappings of the file, read-only at
 * first first write to a page: fault -> writable, in the instance's bitmap and the image's hot set
 *     wasm_store_rewind(B): writable pages copied back, sizes, globals, tables, flags as in the
 * image
 */
#ifndef SPINDLE_WASM_REWIND_H
#define SPINDLE_WASM_REWIND_H

#include "wasm/runtime.h"

struct wasm_image;

/* Takes an image of a store that is not running. Reference-counted; stores made from it hold one.
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
