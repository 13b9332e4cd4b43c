/*
 * The interpreter while a component is built: python.wasm in a component of its own, run natively
 * with the real WASI.
 *
 * Life: guest_start -> guest_prepare (imports the application, warms) -> guest_seal -> the instance
 * is read -> guest_release.
 */
#ifndef SPINDLE_COMPONENTIZE_GUEST_H
#define SPINDLE_COMPONENTIZE_GUEST_H

#include "componentize/hosts.h"
#include "componentize/options.h"
#include "wasi/wasi.h"

/* What the guest's configuration block holds (guest/runtime/config.h). */
struct guest_setting {
    struct str key, value;
};

struct setting_list {
    struct guest_setting *data;
    size_t len, cap;
};

struct guest {
    struct arena *arena;
    struct component *component;
    struct component_program *program;
    struct component_instance *instance;
    struct wasi_context *context;
    struct wasm_instance *core; /* of python.wasm */
    struct wasi_config config;
    struct build_host host;
    struct buf output; /* what the guest has printed, both streams in order */
};

/*
 * `component` is the encoded component; `code` the folder of python.wasm's native code. Folders of
 * the search path are /0, /1 and so on, read-only.
 */
int guest_start(struct guest *g, struct arena *a, struct str component, const char *code,
    const struct string_list *search_path, struct error *err);
/*
 * Runs the guest's part of the build but for the seal. ERROR_CHILD when the application cannot be
 * imported: the traceback is in g->output.
 */
int guest_prepare(struct guest *g, const struct setting_list *settings, struct error *err);
/*
 * Whether the application uses an interface of the settings, numbered in their order, by number or
 * by name.
 */
int guest_uses(
    struct guest *g, uint32_t interface, bool *ret_numbered, bool *ret_named, struct error *err);
/* Makes the memory ready to be written down. */
int guest_seal(struct guest *g, struct error *err);
/* Takes one that was not started, or only in part. */
void guest_release(struct guest *g);

#endif
