/*
 * What the files of src/wasm share beyond runtime.h: the store, code units, the calling thread.
 */
#ifndef SPINDLE_WASM_RUNTIME_INT_H
#define SPINDLE_WASM_RUNTIME_INT_H

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "base/vec.h"
#include "wasm/code.h"
#include "wasm/runtime.h"

/*
 * A store. The lists are in order of creation; an item's `ordinal` is its index in its list.
 * All structs that it lists are allocated in `arena`; memories and tables own mappings besides.
 */
struct wasm_store {
    struct arena arena;
    struct wasm_store_limits limits;
    uint64_t memory_used;     /* bytes of all memories, at most limits.memory_bytes */
    uint64_t table_used;      /* elements of all tables, at most limits.table_elements */
    struct wasm_image *image; /* what it starts from (a reference), or NULL */
    void *data;               /* the embedder's */
    uint32_t next_target_id;  /* one less than the first free one */
    uint64_t budget_ns;       /* CPU time of the next outermost call; 0 for none */
    uint32_t hot_pages;       /* copied by the last rewind */
    VEC(struct wasm_instance *) instances;
    VEC(struct wasm_memory *) memories;
    VEC(struct wasm_table *) tables;
    VEC(struct wasm_func *) host_funcs; /* func->index is the index here */
    union wasm_value *saved_globals; /* own globals of all instances, as in the image (rewind.c) */
};

/*
 * One executable form of a module. The first member of the interpreter's and of the translated
 * unit's own struct.
 */
struct wasm_code_ops {
    /*
     * Prepares a new instance: sets instance->helpers, and `call` and `native` of each of
     * instance->funcs, whose other fields are set already. Called once for each instance, before
     * anything of it runs.
     */
    int (*bind)(struct wasm_code_unit *code, struct wasm_instance *instance, struct error *err);
    void (*free)(struct wasm_code_unit *code);
};

struct wasm_code_unit {
    const struct wasm_code_ops *ops;
    atomic_uint references;
};

/*
 * Compiles several modules with few calls of clang and stores each under its own key, so that
 * wasm_code_load finds them. Modules whose code is there already are skipped. wasm_code_compile is
 * this with one module. (cache.c)
 */
int wasm_code_compile_many(const struct wasm_module *const *modules, size_t count,
    const struct wasm_translate_options *options, const char *folder, struct error *err);

/*
 * What a thread is doing, for signal handlers. Set by entries and wrappers:
 * wasm_call and a host function's wrapper save and restore it around what they run, so do the
 * uniform entries (wasm_func.call) of interpreted and of translated functions.
 */
enum wasm_thread_mode {
    WASM_MODE_HOST,      /* a fault is our bug; a passed deadline is seen on return to the guest */
    WASM_MODE_GUEST,     /* translated code: faults are traps, the preemption handler jumps out */
    WASM_MODE_INTERPRET, /* the interpreter: it checks bounds and polls `expired` itself */
};

/*
 * Of each thread that runs guests (process.c). Handlers write `expired`, `seen_serial` and
 * `seen_at`, and nothing else.
 */
struct wasm_thread {
    volatile sig_atomic_t mode; /* enum wasm_thread_mode */
    atomic_bool expired;        /* the running outermost call's budget is used up */
    uintptr_t stack_low;        /* lowest address that code may use; below lies the guard */
    struct wasm_store *store;   /* that runs in the innermost wasm_call, or NULL */
    struct wasm_entry *entry;   /* innermost wasm_call: its jump buffer and trap (call.c) */
    uint8_t *gs_base;           /* where gs points; NULL before the first translated function */
    bool has_wrgsbase;          /* the kernel lets programs write gs without a system call */

    /* Preemption: a timer on this thread's CPU clock ticks every tick_ns (process.c). */
    volatile uint64_t serial;    /* counts outermost calls */
    volatile uint64_t budget_ns; /* of the running outermost call; 0 for none */
    uint64_t tick_ns;            /* 0: the timer is not running */
    uint64_t seen_serial,
        seen_at; /* the call that the last tick found, and its first tick's time */
    void *timer; /* timer_t */

    void *signal_stack; /* mapping of WASM_SIGNAL_STACK bytes */
};

/* A wasm_call that has not returned; linked from the innermost outwards. */
struct wasm_entry {
    jmp_buf jump;
    struct wasm_entry *outer;
    struct wasm_trap *ret_trap;
};

/* The calling thread's; inside wasm_call it is always there. */
extern _Thread_local struct wasm_thread *wasm_thread_now;

/* Is there room for a frame of `bytes` and LIMIT_STACK_RESERVE below it? */
static inline bool wasm_stack_has(const struct wasm_thread *thread, size_t bytes)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here > thread->stack_low &&
           here - thread->stack_low > (uintptr_t)LIMIT_STACK_RESERVE + bytes;
}

/* Leaves through the innermost wasm_call (call.c). */
NORETURN void wasm_raise(enum wasm_trap_kind kind);
/* The same with a detail. */
NORETURN void wasm_raise_trap(const struct wasm_trap *trap);

/* memory.c: wasm_memory_new appends to store->memories and, if the store has an image, maps the
 * memory of the same ordinal. Unmaps; the struct itself is the arena's. */
void wasm_memory_release(struct wasm_memory *memory);
/* table.c: the same for tables. */
void wasm_table_release(struct wasm_table *table);
/* rewind.c */
struct wasm_image *wasm_image_ref(struct wasm_image *image);

/*
 * process.c: reservations are found by address, so that a fault in one is known whatever thread and
 * code caused it. They are aligned to WASM_RESERVATION_ALIGN.
 */
#define WASM_RESERVATION_ALIGN (16 * GIB)
/* Any 32-bit index plus any 32-bit offset plus the widest access lies inside. */
#define WASM_RESERVED_BYTES (8 * GIB + MIB)
void wasm_reservation_add(struct wasm_memory *memory);
void wasm_reservation_remove(struct wasm_memory *memory);
/* Asks that pages of a file mapping be mapped one by one as they are read. */
void wasm_map_sparingly(void *start, size_t size);
/* Makes the calling thread's timer tick at least every `tick_ns`. */
void wasm_thread_tick(struct wasm_thread *thread, uint64_t tick_ns);

/* call.c: `call` of every translated function; runs func->thunk with gs at func->memory_base. */
void wasm_call_native(struct wasm_func *func, union wasm_value *slots);
/* call.c: `call` of every host function. */
void wasm_call_host(struct wasm_func *func, union wasm_value *slots);

/* constant.c: the value of a constant expression of the instance's module. */
union wasm_value wasm_constant(struct wasm_instance *instance, struct wasm_code code);
/* instance.c: an element of a segment. */
union wasm_value wasm_instance_element(
    struct wasm_instance *instance, const struct wasm_element_segment *segment, uint32_t index);
/* table.c: wasm_table_init for instantiation: false when it is out of bounds. */
bool wasm_table_try_init(struct wasm_instance *instance, uint32_t table, uint32_t segment,
    uint32_t to, uint32_t from, uint32_t count);

/* Sets an element that is there. */
static inline void wasm_table_put(struct wasm_table *table, uint32_t index, union wasm_value value)
{
    const struct wasm_func *func = table->type.element == WASM_FUNCREF ? value.ref : NULL;
    table->elements[index] = value;
    table->targets[index] =
        func ? (struct wasm_target){func->native, func->target_id} : (struct wasm_target){0};
    table->written = true;
}

/*
 * table.c: bulk operations, shared by both tiers. They raise OUT_OF_BOUNDS_TABLE, nothing written.
 */
void wasm_table_init(struct wasm_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
    uint32_t from, uint32_t count);
void wasm_table_copy(struct wasm_table *to_table, struct wasm_table *from_table, uint32_t to,
    uint32_t from, uint32_t count);
void wasm_table_fill(
    struct wasm_table *table, uint32_t start, union wasm_value value, uint32_t count);
/* memory.c: the same for memories; OUT_OF_BOUNDS_MEMORY. */
void wasm_memory_init(struct wasm_instance *instance, uint32_t memory, uint32_t segment,
    uint32_t to, uint32_t from, uint32_t count);
void wasm_memory_copy(struct wasm_memory *to_memory, struct wasm_memory *from_memory, uint32_t to,
    uint32_t from, uint32_t count);
void wasm_memory_fill(struct wasm_memory *memory, uint32_t start, uint8_t value, uint32_t count);

/* data.drop and elem.drop. */
static inline void wasm_drop_data(struct wasm_instance *instance, uint32_t segment)
{
    instance->dropped_datas[segment] = 1;
    instance->has_dropped = true;
}

static inline void wasm_drop_elements(struct wasm_instance *instance, uint32_t segment)
{
    instance->dropped_elements[segment] = 1;
    instance->has_dropped = true;
}

/* The value of global `index` of the instance's index space. */
static inline union wasm_value *wasm_instance_global(struct wasm_instance *instance, uint32_t index)
{
    uint32_t imported = instance->module->imported_globals;
    return index < imported ? instance->imported_globals[index]
                            : &instance->globals[index - imported];
}

#endif
