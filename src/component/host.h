/*
 * How the host offers interfaces to components. tools/witc writes one `struct
 * component_host_interface` for each WIT interface: types, and for each function a wrapper that
 * checks and lifts everything that came from the guest, calls the C function of the hand-written
 * part, and lowers its result.
 *
 * A wrapper holds nothing that a trap could leak: copies live in the call's arena, which the
 * embedder resets after the request.
 */
#ifndef SPINDLE_COMPONENT_HOST_H
#define SPINDLE_COMPONENT_HOST_H

#include "wasm/runtime.h"
#include "wit/type.h"

struct component_instance;
struct component_part;

/* A resource type that the host implements. Identity is the pointer. */
struct component_host_resource {
    const char *name; /* "input-stream" */
    /* Called when a guest drops its own handle, or when the instance is rewound with handles left.
     */
    void (*drop)(void *host, void *rep);
};

/* One call of a guest into the host. Lives on the stack of the linker's trampoline. */
struct component_call {
    struct component_instance *instance; /* the caller */
    struct wasm_memory *memory;          /* of its canonical options; NULL if it gave none */
    struct wasm_func *realloc;           /* likewise */
    struct arena *arena;                 /* the running request's */
    void *host;                          /* data registered with the interface */
    struct wasm_trap *trap;              /* detail of a trap to raise */
    struct component_part *part;         /* whose handles these are; for the functions below */
};

/*
 * A lowered function: flat parameters in slots as the canonical ABI says (spilled: one pointer), a
 * pointer to the result area last if the result does not fit; a flat result in slots[0].
 */
typedef enum wasm_trap_kind (*component_host_body)(
    struct component_call *call, union wasm_value *slots);

struct component_host_func {
    const char *name; /* "[method]input-stream.read" */
    const struct wit_func_type *type;
    component_host_body body;
};

struct component_host_interface {
    const char *name; /* "wasi:io/streams@0.2.0" */
    size_t func_count;
    const struct component_host_func *funcs;
    size_t resource_count;
    /* wit_resource.tag of every own and borrow type in `funcs` is one of these or of another
     * interface. */
    const struct component_host_resource *const *resources;
    /* Named types that components may import by name (`use`): for type checking. */
    size_t type_count;
    const struct wit_type *const *types;
};

/* For wrappers. Each returns WASM_TRAP_NONE, or the trap to return, with call->trap->detail set. */

/* `len` bytes of guest memory at ptr, which must be aligned; valid until the guest runs again. */
enum wasm_trap_kind component_guest_bytes(
    struct component_call *call, uint32_t ptr, uint32_t len, uint32_t align, uint8_t **ret_bytes);
/* The same for count elements of `size` bytes; checks the product against the ABI's limit. */
enum wasm_trap_kind component_guest_array(struct component_call *call, uint32_t ptr, uint32_t count,
    uint32_t size, uint32_t align, uint8_t **ret_bytes);
/* A string parameter (UTF-8 checked): a view of guest memory, valid until the guest runs again. */
enum wasm_trap_kind component_guest_string(
    struct component_call *call, uint32_t ptr, uint32_t len, struct str *ret_string);
/* Calls the guest's realloc for a new block and checks the answer. */
enum wasm_trap_kind component_guest_alloc(
    struct component_call *call, uint32_t size, uint32_t align, uint32_t *ret_ptr);
/*
 * Copies bytes to a new guest block; used for strings and list<u8>. An empty one has its block
 * too, as the canonical ABI says: guests may free what they get. Functions with strings can only be
 * lowered with UTF-8: the linker sees to that.
 */
enum wasm_trap_kind component_guest_copy(
    struct component_call *call, struct str bytes, uint32_t align, uint32_t *ret_ptr);

/* Handles (canonical ABI: the instance's table). Own and borrow differ in C: they come by different
 * calls. */

/* The object behind a handle that is lent for this call. */
enum wasm_trap_kind component_handle_borrow(struct component_call *call,
    const struct component_host_resource *type, uint32_t handle, void **ret_rep);
/* The object behind an own handle, which leaves the guest's table: the host owns it now. */
enum wasm_trap_kind component_handle_take(struct component_call *call,
    const struct component_host_resource *type, uint32_t handle, void **ret_rep);
/* Gives an object to the guest: a new own handle. Dropped when the guest has too many. */
enum wasm_trap_kind component_handle_give(struct component_call *call,
    const struct component_host_resource *type, void *rep, uint32_t *ret_handle);
/* Sets the trap's detail and returns WASM_TRAP_COMPONENT. */
PRINTF_LIKE(2, 3)
enum wasm_trap_kind component_trap(struct component_call *call, const char *fmt, ...);

#endif
