/*
 * What exists while modules run: stores, instances, functions, memories, tables, globals.
 *
 *     store ──owns──> instances ──> module (shared, immutable)
 *       │               ├─ own funcs[], own globals (inline)
 *       │               └─ pointers to the memories, tables and globals that it defines or imports
 *       ├──owns──> memories (reservation, hot set)      ── all numbered in order of creation, so
 * that └──owns──> tables                                  an image taken of one store fits another
 *
 * A store is the unit of isolation: everything of one component instance. One thread runs a store
 * at a time. It is rewound as a whole (rewind.h). Nothing in it refers to another store.
 *
 * The structs below are read by translated code: their layout is part of the code key
 * (WASM_LAYOUT_VERSION; translate.c prints the same declarations into the generated C).
 */
#ifndef SPINDLE_WASM_RUNTIME_H
#define SPINDLE_WASM_RUNTIME_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "wasm/module.h"
#include "wasm/trap.h"

#define WASM_LAYOUT_VERSION 2
#define WASM_PAGE           ((uint64_t)65536)

struct wasm_store;
struct wasm_instance;
struct wasm_func;

/* One value in a uniform slot. Floats are kept as their bits; refs are struct wasm_func * or a
 * host's pointer. */
union wasm_value {
    uint32_t i32;
    uint64_t i64;
    uint32_t f32;
    uint64_t f64;
    void *ref;
};

/*
 * A function: host, interpreted or translated. Lives as long as its store.
 *
 * `call` is the uniform entry: slots holds the parameters, is long enough for the results too, and
 * holds the results afterwards. A trap leaves through the thread's innermost wasm_call, never by
 * returning. `native` is the typed C entry `R (*)(struct wasm_instance *, params…)` of a translated
 * function, else NULL; only translated code uses it, after comparing types, and with `gs` at
 * memory_base. `thunk` calls `native` with parameters and results in slots.
 */
struct wasm_func {
    const struct wasm_func_type *type;
    void (*call)(struct wasm_func *self, union wasm_value *slots);
    void *native;
    struct wasm_instance *instance; /* NULL for a host function */
    void (*thunk)(struct wasm_func *self, union wasm_value *slots);
    uint8_t *memory_base;        /* of the instance's memory 0, else NULL */
    uint32_t index;              /* in its instance's function index space; of host functions:
                                    in order of creation in the store */
    uint32_t target_id;          /* what a struct wasm_target of it has; 0 if not translated */
    struct wasm_host_func *host; /* a host function's, else NULL */
};

/*
 * A host function's body. Parameters in slots, results to slots. Returns WASM_TRAP_NONE or the trap
 * to raise, then with trap->detail filled or empty. It holds nothing that a jump could leak: memory
 * comes from the store's arena or is released before it returns. It may call back into the store by
 * wasm_call.
 */
typedef enum wasm_trap_kind (*wasm_host_body)(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap);

struct wasm_host_func {
    wasm_host_body body;
    void *data;
    struct wasm_store *store;
};

/* A linear memory: 8 GiB and a guard reserved, so that any 32-bit index + 32-bit offset lies
 * inside. */
struct wasm_memory {
    uint8_t *base;
    uint64_t size;      /* bytes; a multiple of WASM_PAGE */
    uint32_t max_pages; /* of its type, and of the store's limit */
    uint32_t ordinal;
    struct wasm_limits type;
    struct wasm_memory_pages *pages; /* hot set and image: rewind.c */
};

/*
 * What call_indirect of translated code looks at first, one for each element of a table. The id
 * stands for an instance and a type of its module: if it is the caller's own instance's for the
 * type that it wants, then `native` is called at once. Any other element (null, another instance's,
 * of another type, not translated) has another id, and what it means is found the long way.
 */
struct wasm_target {
    void *native;
    uint32_t id; /* 0 for none */
};

struct wasm_table {
    union wasm_value *elements;  /* ref: struct wasm_func * for funcref; NULL is null */
    struct wasm_target *targets; /* of the elements; both change by wasm_table_put */
    uint32_t size;
    uint32_t capacity;
    uint32_t ordinal;
    struct wasm_table_type type;
    bool written; /* an element or the size, since the store was made or rewound */
};

/* A global that is imported or exported is reached by pointer; own globals live in their instance.
 */
struct wasm_global {
    union wasm_value *value;
    struct wasm_global_type type;
};

/* Functions of the engine that translated code calls; one table, shared by all instances
 * (native.c). */
struct wasm_helpers;

/* Fixed part first; own globals follow the struct, so that translated code reaches them at a
 * constant offset. */
struct wasm_instance {
    const struct wasm_helpers *helpers;
    struct wasm_memory **memories;             /* by memory index */
    struct wasm_table **tables;                /* by table index */
    struct wasm_func **imports;                /* imported functions, by index */
    union wasm_value **imported_globals;       /* by index */
    const struct wasm_func_type **types;       /* the module's, by type index */
    struct wasm_func *funcs;                   /* own, [index - imported_funcs] */
    uint8_t *memory_base;                      /* of memory 0, else NULL */
    struct wasm_table *table_0;                /* table 0, else NULL */
    uint8_t *dropped_elements, *dropped_datas; /* 1 = dropped, by segment: wasm_drop_... */
    struct wasm_store *store;
    const struct wasm_module *module;
    struct wasm_code_unit *code; /* translated code or the interpreter's, shared by instances */
    uint32_t ordinal;
    uint32_t global_count;      /* own */
    uint32_t target_id_base;    /* + type index = id of a target; 0 if not translated */
    bool has_dropped;           /* a segment, since the store was made or rewound */
    union wasm_value globals[]; /* own */
};

/* Anything that can be imported or exported, with its value. */
struct wasm_extern {
    enum wasm_extern_kind kind;
    union {
        struct wasm_func *func;
        struct wasm_table *table;
        struct wasm_memory *memory;
        struct wasm_global global;
    };
};

/* How a module is to be executed. */
enum wasm_tier { WASM_TIER_INTERPRETER, WASM_TIER_NATIVE };

struct wasm_store_limits {
    uint64_t memory_bytes;   /* of all memories together; growing past it answers -1 */
    uint64_t table_elements; /* of all tables together */
};

/*
 * A new, empty store. `image` is NULL, or an image (rewind.h) taken of a store in which exactly the
 * same instantiations were made; then memories start as the image's, and data segments, element
 * segments and start functions are skipped.
 */
struct wasm_image;
int wasm_store_new(const struct wasm_store_limits *limits, struct wasm_image *image,
    struct wasm_store **ret_store, struct error *err);
/* Frees the store and all that it owns. Takes NULL. */
void wasm_store_free(struct wasm_store *store);
/* Memory that lives as long as the store. */
struct arena *wasm_store_arena(struct wasm_store *store);
/* A pointer of the embedder's, for host functions. */
void wasm_store_set_data(struct wasm_store *store, void *data);
void *wasm_store_data(const struct wasm_store *store);

/* A host function of the given type; `type` must outlive the store. */
struct wasm_func *wasm_host_func_new(
    struct wasm_store *store, const struct wasm_func_type *type, wasm_host_body body, void *data);

/*
 * Instantiates (4.5.4): `imports` in the order of module->imports, kinds and types are checked
 * here. `code` comes from wasm_code_interpret or wasm_code_load (code.h) for this module.
 * ERROR_LINK ("incompatible import type …"), ERROR_TRAP when a segment is out of bounds or the
 * start function traps (*ret_trap filled; the instance stays in the store, as the specification
 * wants), ERROR_LIMIT, ERROR_MEMORY.
 */
int wasm_instantiate(struct wasm_store *store, const struct wasm_module *module,
    struct wasm_code_unit *code, const struct wasm_extern *imports,
    struct wasm_instance **ret_instance, struct wasm_trap *ret_trap, struct error *err);
/* Returns false if there is no such export. */
bool wasm_instance_export(
    const struct wasm_instance *instance, struct str name, struct wasm_extern *ret_extern);
/* The function at an index of the instance's function index space. */
struct wasm_func *wasm_instance_func(const struct wasm_instance *instance, uint32_t index);

/*
 * Calls `target` wherever the instance would call its import `slot` (index among imported
 * functions): by the import itself and by elements of its tables. Both have the same type, and the
 * store is not running. A guest cannot tell, since references to functions cannot be
 * compared. In a store made from an image, taken of a store that was redirected alike, the tables
 * are the image's already.
 */
void wasm_instance_redirect(
    struct wasm_instance *instance, uint32_t slot, struct wasm_func *target);

/* Tables and memories without an instance, for tests and hosts that export them. */
struct wasm_memory *wasm_memory_new(
    struct wasm_store *store, struct wasm_limits type, struct error *err);
struct wasm_table *wasm_table_new(
    struct wasm_store *store, struct wasm_table_type type, struct error *err);
/* Old size in pages, or UINT32_MAX. */
uint32_t wasm_memory_grow(struct wasm_store *store, struct wasm_memory *memory, uint32_t pages);
/* Old size, or UINT32_MAX. */
uint32_t wasm_table_grow(
    struct wasm_store *store, struct wasm_table *table, uint32_t count, union wasm_value fill);

/*
 * Calls a function from the host: the only way in. `slots` must hold max(params, results) values.
 * Returns 0, or -1 with *ret_trap filled. May be nested (guest -> host -> guest); the inner call
 * returns its trap, and the host function passes it on by returning its kind. The outermost call
 * takes the deadline from wasm_store_set_deadline.
 */
MUST_CHECK int wasm_call(
    struct wasm_func *func, union wasm_value *slots, struct wasm_trap *ret_trap);

/*
 * The running request's budget of guest execution: CPU time of the thread while in guest code, in
 * nanoseconds (time in blocked host calls does not count). 0 for none. Takes effect at the next
 * outermost wasm_call.
 */
void wasm_store_set_budget(struct wasm_store *store, uint64_t cpu_ns);
/*
 * For host functions that run what may take long or recurse: has the running outermost call of this
 * thread used up its budget, so that the guest will be stopped anyway? How many bytes of the
 * thread's stack may still be used? On threads that run no guest: false, and SIZE_MAX.
 */
bool wasm_budget_is_over(void);
size_t wasm_stack_left(void);

#endif
