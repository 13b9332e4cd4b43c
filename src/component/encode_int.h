/*
 * Shared by the encode*.c files.
 *
 * The component is a stream of sections, one definition each. A type scope is a place where types
 * get indices: the component itself, an instance type being declared, or the small component that
 * gives an exported interface its names.
 */
#ifndef SPINDLE_COMPONENT_ENCODE_INT_H
#define SPINDLE_COMPONENT_ENCODE_INT_H

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "component/canon.h"
#include "component/encode.h"
#include "wasm/module.h"

/* Section ids and the sorts of names (Binary.md). */
enum {
    SECTION_CORE_MODULE = 1,
    SECTION_CORE_INSTANCE = 2,
    SECTION_COMPONENT = 4,
    SECTION_INSTANCE = 5,
    SECTION_ALIAS = 6,
    SECTION_TYPE = 7,
    SECTION_CANON = 8,
    SECTION_IMPORT = 10,
    SECTION_EXPORT = 11,
};

enum type_scope_kind {
    TYPE_SCOPE_INSTANCE, /* the type of an imported instance */
    TYPE_SCOPE_NESTED,   /* the component around an exported interface: its imports */
    TYPE_SCOPE_EXPORTED, /* the same, afterwards: what it exports */
    TYPE_SCOPE_OUTER,    /* the component itself, on behalf of one interface */
};

/* What the encoder knows of an interface. */
struct interface_state {
    const struct encode_interface *interface;
    bool is_export, is_root;
    bool live;            /* written at all */
    bool *type_live;      /* by type */
    bool *func_live;      /* by function */
    bool *func_imported;  /* by function: main imports it itself */
    bool has_instance;    /* imported or exported already: */
    uint32_t instance;    /* its index */
    uint32_t *outer_type; /* by type: its alias in the component, or NO_TYPE */
    uint32_t *resource;   /* by type: of an exported resource, its type index */
    uint32_t *func;       /* by function: index of the component function */
};

enum { NO_TYPE = UINT32_MAX };

struct encoder {
    const struct encode_input *input;
    struct arena arena;
    struct buf *out;
    struct error *err;
    struct interface_state *states; /* imports, exports, root imports, root exports */
    size_t state_count;
    const struct wasm_module *module;
    uint32_t types, funcs, instances, components; /* next indices */
    uint32_t core_funcs, core_instances;
    uint32_t main, glue; /* core instances; NO_TYPE: no glue */
};

/* A type that a nested component imports: what its instantiation supplies. */
struct nested_import {
    struct str name;
    struct interface_state *state;
    size_t type;
};

struct type_scope {
    struct encoder *encoder;
    enum type_scope_kind kind;
    struct interface_state *state;     /* whose names are meant */
    struct buf *out;                   /* declarations or sections */
    uint32_t *types;                   /* next type index */
    uint32_t count;                    /* of declarations */
    struct map known;                  /* type or resource, by pointer: index + 1 */
    struct map named;                  /* names given so far, to whoever looks from outside */
    struct map imported;               /* TYPE_SCOPE_EXPORTED: what was known before */
    VEC(struct nested_import) imports; /* TYPE_SCOPE_NESTED */
};

void type_scope_init(struct type_scope *scope, struct encoder *e, enum type_scope_kind kind,
    struct interface_state *state, struct buf *out, uint32_t *types);
/* Makes a named type known to the scope (importing, exporting or aliasing it there). */
int scope_name_type(struct type_scope *scope, size_t type, uint32_t *ret_index);
/* The same unless it is known already. */
int scope_name_live(struct type_scope *scope, size_t type);
/* Defines a value type from its parts, without a name. */
int scope_define(struct type_scope *scope, const struct wit_type *type, uint32_t *ret_index);
/* The index of a function type. */
int scope_func_type(
    struct type_scope *scope, const struct wit_func_type *type, uint32_t *ret_index);
/*
 * After a nested component has imported its types: exports them, and means those from now on. Types
 * of its own are defined afresh from exported ones, since the outside sees only these.
 */
int scope_export_types(struct type_scope *scope);

/* Starts and ends a section with one definition. */
struct buf body_start(const struct encoder *e);
void body_end(struct encoder *e, uint8_t section, struct buf *body);
/* A section with one definition. */
void emit_section(struct buf *out, uint8_t id, const struct buf *body);
void append_name(struct buf *out, struct str name);
/* The leading byte 0 and the name, as imports and exports have it. */
void append_extern_name(struct buf *out, struct str name);
/* Alias of an instance's export; sort is the byte of the component sort. */
void emit_alias(struct encoder *e, uint8_t sort, uint32_t instance, struct str name);

/* The same of a core instance; sort is the byte of the core sort. */
void emit_core_alias(struct encoder *e, uint8_t sort, uint32_t instance, struct str name);
uint32_t alias_core_func(struct encoder *e, uint32_t instance, struct str name);

/* The interface's state; it is one of the input's. */
struct interface_state *state_of(struct encoder *e, const struct encode_interface *interface);
/* Which named type of the interface the pointer is; SIZE_MAX: none. */
size_t find_named(const struct encode_interface *interface, const struct wit_type *type);
size_t find_resource(const struct encode_interface *interface, const struct wit_resource *resource);
size_t find_type_name(const struct encode_interface *interface, struct str name);
/* The type's index in the component itself. */
int outer_type(struct encoder *e, struct interface_state *state, size_t type, uint32_t *ret_index);

/* What main imports through the shim, or a destructor there. */
enum slot_kind { SLOT_LOWERED, SLOT_DTOR, SLOT_CALL, SLOT_ABSENT };

struct slot {
    enum slot_kind kind;
    struct interface_state *state;
    size_t func;                      /* SLOT_LOWERED: index in the interface */
    struct str dtor;                  /* SLOT_DTOR: main's export */
    const struct wasm_import *import; /* SLOT_CALL, SLOT_ABSENT */
    const struct wasm_func_type *type;
};

/* The shim's functions, in order: absent ones, which nothing fills, are last. */
struct plan {
    VEC(struct slot) slots;
    uint32_t filled;
};

/* A core function by the name that a core import has. */
struct core_name {
    struct str module, name;
};

/* encode_core.c */
/* The module must bring what its functions' types need. */
int check_memory(struct encoder *e);
int check_export(struct encoder *e, struct str name, const struct wasm_func_type *type);
/* What a canonical definition needs: [0] memory, [1] realloc. */
void func_needs(const struct wit_func_type *type, bool lift, bool ret_needs[2]);
void append_options(struct buf *body, const bool needs[2], uint32_t realloc_func);
const struct wasm_func_type *core_func_type(
    struct encoder *e, const struct wit_func_type *type, bool lift);
/* What goes through the shim: functions lowered with memory, and destructors. */
int make_plan(struct encoder *e, struct plan *plan);
/* In this order: */
void write_modules(struct encoder *e, const struct plan *plan);
void define_resources(struct encoder *e, const struct plan *plan);
int instantiate_main(struct encoder *e, const struct plan *plan);
void write_fixups(struct encoder *e, const struct plan *plan, uint32_t realloc_func);
void write_module(struct encoder *e, struct str bytes);
/* The core function behind an import, lowered with main's memory. */
int lower_name(struct encoder *e, const struct core_name *name, uint32_t realloc_func,
    uint32_t *ret_func, const struct wasm_func_type **ret_type);

/* encode_glue.c: the core module between main and what it reaches, or is reached, by number. */
bool is_call(const struct wasm_import *import);
const struct wasm_func_type *glue_call_type(void);
/* Whether the glue exports it under that core name, because main does not. */
bool glue_exports(const struct encoder *e, struct str name);
/* Defines it where main imports `call`. */
int write_glue(struct encoder *e, uint32_t realloc_func);

/* encode_glue_module.c: its bytes. */

/* A number's function; type NULL: none. */
struct glue_func {
    uint32_t core; /* core function of the component */
    const struct wasm_func_type *type;
};

/* What the glue exports for a number: a function, what follows it, or a destructor. */
struct glue_export {
    struct str name;
    const struct wasm_func_type *type;
    uint32_t number;
    bool after; /* calls spindle_dispatched */
};

struct glue {
    const struct glue_func *funcs; /* by number */
    uint32_t count, imported;      /* imported: those with a type */
    VEC(struct glue_export) exports;
};

void build_glue(const struct glue *g, struct buf *out);
/* The functions of main that exports are made of: spindle_arguments and so on. */
enum { DISPATCH_FUNCS = 3 };
extern const char *const glue_dispatch_names[DISPATCH_FUNCS];
const struct wasm_func_type *glue_dispatch_type(size_t which);

/* encode_exports.c */
int write_exports(struct encoder *e, uint32_t realloc_func);

/* encode_live.c: marks what must be written. */
int mark_live(struct encoder *e);
/* Whether the component does without that core import. */
bool is_absent(const struct encoder *e, const struct wasm_import *import);
/* What a core import names: a state, and a function of it or (then SIZE_MAX) a resource's type. */
int find_core_name(struct encoder *e, const struct core_name *name, struct interface_state **ret,
    size_t *ret_func, size_t *ret_type);

/* encode_shim.c: the core modules that break the cycle between memory and lowered functions, and
 * parts of modules. */
void preamble(struct buf *out);
void append_func_type(struct buf *body, const struct wasm_func_type *type);
void append_number_name(struct buf *body, uint32_t number);
void build_shim(struct buf *out, const struct wasm_func_type *const *types, uint32_t count);
/* Fills the first `count` elements of a table of `size`. */
void build_fixups(
    struct buf *out, const struct wasm_func_type *const *types, uint32_t count, uint32_t size);

#endif
