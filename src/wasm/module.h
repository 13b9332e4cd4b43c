/*
 * A decoded core module (WebAssembly core specification, sections 2 and 5).
 *
 * Decode (decode.c) makes it from bytes and checks form only; validate (validate.c) checks meaning;
 * after that it is immutable and shared by any number of instances, on any thread. Function bodies
 * stay bytes: both tiers read them from here.
 *
 * Ownership: everything lives in the module's arena or points into the input bytes, which the
 * caller keeps alive as long as the module. Index spaces list imports first, as in the
 * specification.
 */
#ifndef SPINDLE_WASM_MODULE_H
#define SPINDLE_WASM_MODULE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"

/* Value types, by their byte (5.3.1 to 5.3.4). */
enum wasm_type {
    WASM_I32 = 0x7f,
    WASM_I64 = 0x7e,
    WASM_F32 = 0x7d,
    WASM_F64 = 0x7c,
    WASM_FUNCREF = 0x70,
    WASM_EXTERNREF = 0x6f,
};

/* Function type. Types of one module that are equal share one struct, but two modules' do not. */
struct wasm_func_type {
    uint32_t param_count, result_count;
    const uint8_t *params, *results; /* enum wasm_type, a byte each */
};

/* Counts in pages (memories) or elements (tables). */
struct wasm_limits {
    uint32_t min, max;
    bool has_max;
};

struct wasm_table_type {
    uint8_t element; /* WASM_FUNCREF or WASM_EXTERNREF */
    struct wasm_limits limits;
};

struct wasm_global_type {
    uint8_t type;
    bool is_mutable;
};

/* What can be imported and exported (5.5.5), by its byte. */
enum wasm_extern_kind {
    WASM_EXTERN_FUNC = 0,
    WASM_EXTERN_TABLE = 1,
    WASM_EXTERN_MEMORY = 2,
    WASM_EXTERN_GLOBAL = 3,
};

struct wasm_extern_type {
    enum wasm_extern_kind kind;
    union {
        const struct wasm_func_type *func;
        struct wasm_table_type table;
        struct wasm_limits memory;
        struct wasm_global_type global;
    };
};

/* Bytes of an instruction sequence, terminated by `end`, as found in the input. */
struct wasm_code {
    const uint8_t *start, *end; /* `end` is one past the final 0x0b */
};

struct wasm_import {
    struct str module, name;
    struct wasm_extern_type type;
};

struct wasm_export {
    struct str name;
    enum wasm_extern_kind kind;
    uint32_t index;
};

/* A function of the module's own. */
struct wasm_func_def {
    const struct wasm_func_type *type;
    struct wasm_code body;      /* instructions, without the local declarations */
    uint32_t local_count;       /* declared locals, without parameters */
    const uint8_t *local_types; /* one byte for each declared local */
};

struct wasm_global_def {
    struct wasm_global_type type;
    struct wasm_code init;
};

/* A table of the module's own (all elements null at first). */
struct wasm_table_def {
    struct wasm_table_type type;
};

enum wasm_segment_mode { WASM_SEGMENT_PASSIVE, WASM_SEGMENT_ACTIVE, WASM_SEGMENT_DECLARATIVE };

struct wasm_element_segment {
    enum wasm_segment_mode mode;
    uint8_t type;
    uint32_t table;          /* active */
    struct wasm_code offset; /* active */
    uint32_t count;
    const uint32_t *funcs;         /* form with function indices, else NULL */
    const struct wasm_code *exprs; /* form with expressions, else NULL */
};

struct wasm_data_segment {
    enum wasm_segment_mode mode;
    uint32_t memory;         /* active */
    struct wasm_code offset; /* active */
    struct str bytes;
};

struct wasm_custom_section {
    struct str name, bytes;
};

/* Where a section's contents lie in the input, for the code key. Absent: len 0 and ptr NULL. */
enum { WASM_SECTION_COUNT = 14 }; /* by section id; 0, custom, is not used */

struct wasm_module {
    struct str bytes;
    struct str sections[WASM_SECTION_COUNT];

    uint32_t type_count;
    const struct wasm_func_type **types; /* by type index; equal types are the same pointer */

    uint32_t import_count;
    struct wasm_import *imports; /* in the order of the binary */

    /* Index spaces: the first imported_* of each are imports, the rest the module's own. */
    uint32_t imported_funcs, func_count;
    const struct wasm_func_type **func_types; /* by function index, imports included */
    struct wasm_func_def *funcs;              /* own: [index - imported_funcs] */

    uint32_t imported_tables, table_count;
    struct wasm_table_type *tables; /* by table index, imports included */

    uint32_t imported_memories, memory_count;
    struct wasm_limits *memories; /* by memory index, imports included */

    uint32_t imported_globals, global_count;
    struct wasm_global_type *globals;    /* by global index, imports included */
    struct wasm_global_def *global_defs; /* own: [index - imported_globals] */

    uint32_t export_count;
    struct wasm_export *exports;
    struct map export_names; /* name -> struct wasm_export *, the first of that name */

    bool has_start;
    uint32_t start;

    uint32_t element_count;
    struct wasm_element_segment *elements;

    bool has_data_count;
    uint32_t data_count;
    struct wasm_data_segment *datas;

    uint32_t custom_count;
    struct wasm_custom_section *customs;

    struct arena *arena;
};

bool wasm_func_type_equal(const struct wasm_func_type *a, const struct wasm_func_type *b);
/* The type of an export, imports included in its index. */
struct wasm_extern_type wasm_export_type(const struct wasm_module *m, const struct wasm_export *e);
const struct wasm_export *wasm_find_export(const struct wasm_module *m, struct str name);
/* "i32", "funcref" ...; for messages. */
const char *wasm_type_name(uint8_t type);

/*
 * Decodes a module. `a` holds what is made; `bytes` must outlive it. Messages are the
 * specification's
 * ("unexpected end of section or function") with ` at offset 0x…`.
 * ERROR_INVALID when malformed, ERROR_UNSUPPORTED naming the feature when it is valid but not for
 * us, ERROR_LIMIT, ERROR_MEMORY.
 */
int wasm_decode(
    struct str bytes, struct arena *a, struct wasm_module **ret_module, struct error *err);

/*
 * Validates a decoded module by the specification's algorithm (appendix: validation algorithm).
 * Message: "invalid module: <the specification's text> in function 12 at offset 0x…".
 * ERROR_INVALID, ERROR_UNSUPPORTED, ERROR_MEMORY.
 */
int wasm_validate(const struct wasm_module *m, struct error *err);
/* Everything but function bodies: for a module whose code is known to be valid by its code key. */
int wasm_validate_shell(const struct wasm_module *m, struct error *err);

#endif
