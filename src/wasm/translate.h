/*
 * The translator: a valid module becomes C text, in units that are compiled separately.
 *
 *     prelude            defines, translated.h, asserted offsets      once in each C file
 *     unit 0 … n-1       functions, about the same bytes of code in each
 *     unit n-1           besides: uniform thunks and the table that the loader reads
 *
 * A function is static in its unit unless another unit calls it or the table holds it. The table
 * holds the functions that can become a struct wasm_func: exported, in an element segment, the
 * start function, or named by ref.func.
 */
#ifndef SPINDLE_WASM_TRANSLATE_H
#define SPINDLE_WASM_TRANSLATE_H

#include "base/sha256.h"
#include "wasm/code.h"
#include "wasm/instr.h"

/* Part of the code key: to be raised when the same module would give other code. */
#define WASM_TRANSLATOR_VERSION 1

/* What is needed of a type in a unit, as bits. */
enum type_need {
    NEED_POINTER = 1,  /* its function pointer type */
    NEED_SLOTS = 2,    /* a call through struct wasm_func.call */
    NEED_IMPORT = 4,   /* a call of an imported function */
    NEED_INDIRECT = 8, /* call_indirect */
    NEED_THUNK = 16,   /* the uniform entry */
};

enum func_flag {
    FUNC_REFERENCED = 1, /* in the loader's table */
    FUNC_SHARED = 2,     /* called from a unit that is not its own */
};

struct translation {
    const struct wasm_module *module;
    bool use_gs;
    char name[SHA256_HEX_SIZE]; /* the code key in hexadecimal; symbols contain it */
    unsigned unit_count;
    uint32_t *unit_ends;  /* own functions [unit_ends[u-1], unit_ends[u]) */
    uint8_t *func_flags;  /* by own function: enum func_flag */
    uint32_t *type_index; /* by function: the smallest index of its type */
    uint32_t *type_first; /* by type index: the smallest index of an equal type */
    struct arena *arena;
};

/* Plans a translation; everything lives in `arena`. units: 0 chooses by size. */
int translation_plan(const struct wasm_module *module, const struct wasm_translate_options *options,
    const uint8_t key[SHA256_SIZE], struct arena *arena, struct translation *ret,
    struct error *err);
/* What every C file begins with. The same for all modules with these options. */
void translation_write_prelude(const struct wasm_translate_options *options, struct buf *out);
/* One unit, without the prelude. Returns false when memory is short. */
MUST_CHECK bool translation_write_unit(
    const struct translation *translation, unsigned unit, struct buf *out);

/* ---- between translate.c and translate_body.c ---- */

/* A unit being written. */
struct unit {
    const struct translation *translation;
    unsigned number;
    struct arena *arena;  /* for the time of the unit */
    uint8_t *type_needs;  /* by smallest type index: enum type_need */
    uint8_t *func_called; /* by own function: called in this unit */
    struct buf *out;      /* of the functions' text */
};

/* Prefix of all names of the module: "w" and 16 digits of the key. */
#define NAME_FMT       "w%.16s"
#define NAME_ARG(unit) ((unit)->translation->name)

/* "u32" … of a value type; "void" and "struct …" of a result. */
const char *translate_type_name(uint8_t type);
/* Writes one function. Returns false when memory is short. */
MUST_CHECK bool translate_func(struct unit *unit, uint32_t own_index);
/* "u32 w…_f12(struct instance *self, u32 l0, …)" */
void translate_signature(
    const struct unit *unit, uint32_t own_index, const char *parameter, struct buf *out);
/* The result type of a function type: "void", "u32" or "struct w…_r3". */
void translate_result(const struct unit *unit, uint32_t type, struct buf *out);

#endif
