/*
 * Components: from bytes to running instances (component model, Binary.md, Explainer.md,
 * CanonicalABI.md; the synchronous part).
 *
 *     bytes ─component_decode─> component ─component_program_new─> program ─component_instantiate─>
 * instance (validated)  (linked: imports checked    (a store, handle tables, against host
 * interfaces,    exported functions) code chosen)
 */
#ifndef SPINDLE_COMPONENT_COMPONENT_H
#define SPINDLE_COMPONENT_COMPONENT_H

#include "component/host.h"
#include "wasm/code.h"
#include "wasm/rewind.h"

struct component;
struct component_program;
struct component_func;

/*
 * Decodes and validates, nested core modules included. `bytes` must outlive the component. Bodies
 * of a core module whose native code exists under its key (options in `native`, may be NULL) are
 * not validated again.
 */
struct component_native_options {
    struct wasm_translate_options translate;
    const char *shipped; /* folder of code that came with the program; may be NULL */
};
int component_decode(struct str bytes, const struct component_native_options *native,
    struct component **ret_component, struct error *err);
void component_free(struct component *component);

/* What a component imports and exports at its top level, in the order of the binary. */
struct component_extern_name {
    struct str name;  /* "wasi:io/streams@0.2.0" */
    const char *sort; /* "instance", "func", "component", "module", "type", "value" */
    bool only_types;  /* an instance of types without resources: there is nothing to supply */
};
size_t component_import_count(const struct component *component);
struct component_extern_name component_import(const struct component *component, size_t index);
size_t component_export_count(const struct component *component);
struct component_extern_name component_export(const struct component *component, size_t index);

/* What the host offers; `host` is passed to the interface's functions. */
struct component_host {
    const struct component_host_interface *interface;
    void *host; /* NULL: taken from component_instance_set_host at each call, see there */
};

struct component_program_options {
    const struct component_host *hosts;
    size_t host_count;
    bool interpret; /* never use native code: for tests */
    struct component_native_options native;
    struct wasm_store_limits limits;
};

/*
 * Checks every import against the hosts (by name; 0.2.x of the same WASI interface is compatible
 * when its types match) and chooses each core module's code: native from the cache, else the
 * interpreter. The component must outlive the program. ERROR_LINK names the import that is missing
 * or of another type.
 */
int component_program_new(const struct component *component,
    const struct component_program_options *options, struct component_program **ret_program,
    struct error *err);
void component_program_free(struct component_program *program);
/*
 * The index-th of the core modules that are instantiated, have at least `least` bytes of code and
 * no native code under their key, so that they are interpreted. NULL past the last.
 */
const struct wasm_module *component_program_interpreted(const struct component_program *program,
    const struct component_native_options *native, size_t least, size_t index);

/*
 * Makes an instance. With an image (from component_image of an earlier instance of the same
 * program) its memory is shared with the image until written.
 */
int component_instantiate(const struct component_program *program, struct wasm_image *image,
    struct component_instance **ret_instance, struct wasm_trap *ret_trap, struct error *err);
/*
 * The same with component_instance_set_host before anything runs: for components whose start
 * functions call the host. Without a host such a call traps.
 */
int component_instantiate_with(const struct component_program *program, struct wasm_image *image,
    void *host, struct component_instance **ret_instance, struct wasm_trap *ret_trap,
    struct error *err);
void component_instance_free(struct component_instance *instance);
/* The image of an instance that has no handles open (checked) and is not running. */
int component_image(
    struct component_instance *instance, struct wasm_image **ret_image, struct error *err);
/* Drops handles left over (calling their drop functions), empties the arena, rewinds the store. */
void component_instance_rewind(struct component_instance *instance);
/* wasm_store_compare, and handle tables. */
int component_instance_compare(struct component_instance *instance, struct error *err);
struct wasm_store *component_instance_store(struct component_instance *instance);
/*
 * The embedder's data: component_call.host for hosts registered with NULL, so that one program
 * serves many instances, each with its own.
 */
void component_instance_set_host(struct component_instance *instance, void *host);
struct arena *component_instance_arena(struct component_instance *instance);

/*
 * A lifted function by path: instance export ("wasi:http/incoming-handler@0.2.0", "handle"), or a
 * top-level function with an empty interface. NULL if there is none.
 */
struct component_func *component_instance_func(
    struct component_instance *instance, struct str interface, struct str name);
const struct wit_func_type *component_func_type(const struct component_func *func);
/*
 * The fast call, for functions whose parameters and result are handles and scalars: flat core
 * values in and out; post-return is called. Own handles are made with component_instance_give, in
 * the table of the component instance that implements the function last looked up.
 */
MUST_CHECK int component_call_flat(
    struct component_func *func, union wasm_value *slots, struct wasm_trap *ret_trap);
int component_instance_give(struct component_instance *instance,
    const struct component_host_resource *type, void *rep, uint32_t *ret_handle);

/* A core instance's export in the outermost component, by order of core instantiation; for
 * componentize. */
struct wasm_instance *component_core_instance(struct component_instance *instance, size_t index);

#endif
