/*
 * What every unit of translated code includes: the engine's structs as translated code sees them,
 * and one inline function for each instruction that is not plain C.
 *
 * This file is compiled with the generated C, never with the engine, which carries its text
 * (translate.c). Nothing is included: no headers need be installed. USE_GS and LOAD_BARRIER are
 * the options of struct wasm_translate_options. The structs must agree with runtime.h; the
 * generated C asserts the offsets that the engine was built with.
 *
 * Names: self is the calling instance, w_… are helpers, an instruction is its name with `_` for
 * `.`.
 */
#ifndef SPINDLE_WASM_TRANSLATED_H
#define SPINDLE_WASM_TRANSLATED_H

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef short s16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
typedef float f32;
typedef double f64;
typedef void *ref;
typedef __UINTPTR_TYPE__ uptr;

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define INLINE      static inline __attribute__((always_inline))
#define COLD        __attribute__((noinline, cold, unused))

/* As in trap.h. */
enum {
    TRAP_UNREACHABLE = 1,
    TRAP_OUT_OF_BOUNDS_MEMORY,
    TRAP_OUT_OF_BOUNDS_TABLE,
    TRAP_UNDEFINED_ELEMENT,
    TRAP_UNINITIALIZED_ELEMENT,
    TRAP_INDIRECT_CALL_TYPE,
    TRAP_DIVIDE_BY_ZERO,
    TRAP_INTEGER_OVERFLOW,
    TRAP_INVALID_CONVERSION,
};

union value {
    u32 i32;
    u64 i64;
    u32 f32;
    u64 f64;
    ref ref;
};

struct instance;

struct func {
    const void *type;
    void (*call)(struct func *, union value *);
    void *native;
    struct instance *instance;
    void (*thunk)(struct func *, union value *);
    u8 *memory_base;
};

struct memory {
    u8 *base;
    u64 size;
};

struct target {
    void *native;
    u32 id;
};

struct table {
    union value *elements;
    struct target *targets;
    u32 size;
};

struct helpers {
    void (*trap)(u32 kind) __attribute__((noreturn));
    _Bool (*type_equal)(const void *a, const void *b);
    u32 (*memory_grow)(struct instance *, u32 memory, u32 pages);
    void (*memory_init)(struct instance *, u32 memory, u32 segment, u32 to, u32 from, u32 count);
    void (*data_drop)(struct instance *, u32 segment);
    u32 (*table_grow)(struct instance *, u32 table, ref value, u32 count);
    void (*table_fill)(struct instance *, u32 table, u32 start, ref value, u32 count);
    void (*table_copy)(
        struct instance *, u32 to_table, u32 from_table, u32 to, u32 from, u32 count);
    void (*table_init)(struct instance *, u32 table, u32 segment, u32 to, u32 from, u32 count);
    void (*elem_drop)(struct instance *, u32 segment);
    void (*table_set)(struct instance *, u32 table, u32 index, ref value);
};

struct instance {
    const struct helpers *helpers;
    struct memory **memories;
    struct table **tables;
    struct func **imports;
    union value **imported_globals;
    const void **types;
    struct func *funcs;
    u8 *memory_base;
    struct table *table_0;
    u8 *dropped_elements, *dropped_datas;
    void *store;
    const void *module;
    void *code;
    u32 ordinal;
    u32 global_count;
    u32 target_id_base;
    union value globals[];
};

/* The table that the loader reads, an entry for each function of the module's own. */
struct entry {
    void *native;
    void (*thunk)(struct func *, union value *);
    u32 type;
};

static COLD __attribute__((noreturn)) void w_trap(struct instance *self, u32 kind)
{
    self->helpers->trap(kind);
}

/* ---- values ---- */

INLINE u32 w_bits32(f32 x)
{
    u32 bits;
    __builtin_memcpy(&bits, &x, 4);
    return bits;
}

INLINE u64 w_bits64(f64 x)
{
    u64 bits;
    __builtin_memcpy(&bits, &x, 8);
    return bits;
}

INLINE f32 w_f32(u32 bits)
{
    f32 x;
    __builtin_memcpy(&x, &bits, 4);
    return x;
}

INLINE f64 w_f64(u64 bits)
{
    f64 x;
    __builtin_memcpy(&x, &bits, 8);
    return x;
}

/*
 * Hides a float from the compiler, which would make x of x * 1, x - 0 or demote(promote(x)): right
 * but for a signalling NaN, which an operation must make quiet.
 */
#if defined(__x86_64__)
#define HIDE_FLOAT(x) __asm__("" : "+x"(x))
#elif defined(__aarch64__)
#define HIDE_FLOAT(x) __asm__("" : "+w"(x))
#else
#define HIDE_FLOAT(x) __asm__("" : "+m"(x))
#endif

INLINE f32 w_hidden_f32(u32 bits)
{
    f32 x = w_f32(bits);
    HIDE_FLOAT(x);
    return x;
}

INLINE f64 w_hidden_f64(u64 bits)
{
    f64 x = w_f64(bits);
    HIDE_FLOAT(x);
    return x;
}

/* ---- memory: `at` is a 32-bit index plus a 32-bit offset ---- */

typedef u16 __attribute__((aligned(1))) u16_at;
typedef u32 __attribute__((aligned(1))) u32_at;
typedef u64 __attribute__((aligned(1))) u64_at;
typedef u8 u8_at;

#if USE_GS
#define MEMORY_0(type, base, at) (*(__seg_gs type##_at *)(uptr)(at))
#else
#define MEMORY_0(type, base, at) (*(type##_at *)((base) + (at)))
#endif
#define MEMORY_N(type, base, at) (*(type##_at *)((base) + (at)))

#if LOAD_BARRIER
#define KEEP_LOAD(x) __asm__ volatile("" : : "r"(x))
#else
#define KEEP_LOAD(x) (void)0
#endif

/* A load for memory 0 and, with _m, one for other memories; `convert` widens the bits. */
#define LOAD(name, result, type, convert)     \
    INLINE result name(u8 *base, u64 at)      \
    {                                         \
        type bits = MEMORY_0(type, base, at); \
        KEEP_LOAD(bits);                      \
        return convert(bits);                 \
    }                                         \
    INLINE result name##_m(u8 *base, u64 at)  \
    {                                         \
        type bits = MEMORY_N(type, base, at); \
        KEEP_LOAD(bits);                      \
        return convert(bits);                 \
    }

LOAD(i32_load, u32, u32, )
LOAD(i64_load, u64, u64, )
LOAD(f32_load, f32, u32, w_f32)
LOAD(f64_load, f64, u64, w_f64)
LOAD(i32_load8_s, u32, u8, (u32)(s32)(s8))
LOAD(i32_load8_u, u32, u8, )
LOAD(i32_load16_s, u32, u16, (u32)(s32)(s16))
LOAD(i32_load16_u, u32, u16, )
LOAD(i64_load8_s, u64, u8, (u64)(s64)(s8))
LOAD(i64_load8_u, u64, u8, )
LOAD(i64_load16_s, u64, u16, (u64)(s64)(s16))
LOAD(i64_load16_u, u64, u16, )
LOAD(i64_load32_s, u64, u32, (u64)(s64)(s32))
LOAD(i64_load32_u, u64, u32, )

#define STORE(name, value, type, convert)            \
    INLINE void name(u8 *base, u64 at, value x)      \
    {                                                \
        MEMORY_0(type, base, at) = (type)convert(x); \
    }                                                \
    INLINE void name##_m(u8 *base, u64 at, value x)  \
    {                                                \
        MEMORY_N(type, base, at) = (type)convert(x); \
    }

STORE(i32_store, u32, u32, )
STORE(i64_store, u64, u64, )
STORE(f32_store, f32, u32, w_bits32)
STORE(f64_store, f64, u64, w_bits64)
STORE(i32_store8, u32, u8, )
STORE(i32_store16, u32, u16, )
STORE(i64_store8, u64, u8, )
STORE(i64_store16, u64, u16, )
STORE(i64_store32, u64, u32, )

INLINE u32 memory_size(struct instance *self, u32 memory)
{
    return (u32)(self->memories[memory]->size >> 16);
}

INLINE void memory_copy(
    struct instance *self, u32 to_memory, u32 from_memory, u32 to, u32 from, u32 count)
{
    struct memory *t = self->memories[to_memory], *f = self->memories[from_memory];
    if (unlikely((u64)to + count > t->size || (u64)from + count > f->size))
        w_trap(self, TRAP_OUT_OF_BOUNDS_MEMORY);
    __builtin_memmove(t->base + to, f->base + from, count);
}

INLINE void memory_fill(struct instance *self, u32 memory, u32 start, u32 value, u32 count)
{
    struct memory *m = self->memories[memory];
    if (unlikely((u64)start + count > m->size))
        w_trap(self, TRAP_OUT_OF_BOUNDS_MEMORY);
    __builtin_memset(m->base + start, (int)(value & 255), count);
}

/* ---- tables ---- */

INLINE ref table_get(struct instance *self, u32 table, u32 index)
{
    struct table *t = self->tables[table];
    if (unlikely(index >= t->size))
        w_trap(self, TRAP_OUT_OF_BOUNDS_TABLE);
    return t->elements[index].ref;
}

INLINE u32 table_size(struct instance *self, u32 table)
{
    return self->tables[table]->size;
}

/* Table k. The first is kept in the instance: nearly every call_indirect goes through it. */
#define TABLE(self, k) ((k) == 0 ? (self)->table_0 : (self)->tables[k])

/*
 * The long way of call_indirect: the function, checked as the specification says. Types of one
 * module are compared by address, those of two by contents.
 */
static COLD struct func *w_callee(
    struct instance *self, struct table *t, u32 index, const void *type)
{
    if (index >= t->size)
        w_trap(self, TRAP_UNDEFINED_ELEMENT);
    struct func *f = t->elements[index].ref;
    if (!f)
        w_trap(self, TRAP_UNINITIALIZED_ELEMENT);
    if (f->type != type && !self->helpers->type_equal(f->type, type))
        w_trap(self, TRAP_INDIRECT_CALL_TYPE);
    return f;
}

/* ---- integers ---- */

#define INTEGER_OPERATIONS(i, u, s, bits, suffix)                                         \
    INLINE u32 i##_eqz(u a)                                                               \
    {                                                                                     \
        return a == 0;                                                                    \
    }                                                                                     \
    INLINE u32 i##_eq(u a, u b)                                                           \
    {                                                                                     \
        return a == b;                                                                    \
    }                                                                                     \
    INLINE u32 i##_ne(u a, u b)                                                           \
    {                                                                                     \
        return a != b;                                                                    \
    }                                                                                     \
    INLINE u32 i##_lt_s(u a, u b)                                                         \
    {                                                                                     \
        return (s)a < (s)b;                                                               \
    }                                                                                     \
    INLINE u32 i##_lt_u(u a, u b)                                                         \
    {                                                                                     \
        return a < b;                                                                     \
    }                                                                                     \
    INLINE u32 i##_gt_s(u a, u b)                                                         \
    {                                                                                     \
        return (s)a > (s)b;                                                               \
    }                                                                                     \
    INLINE u32 i##_gt_u(u a, u b)                                                         \
    {                                                                                     \
        return a > b;                                                                     \
    }                                                                                     \
    INLINE u32 i##_le_s(u a, u b)                                                         \
    {                                                                                     \
        return (s)a <= (s)b;                                                              \
    }                                                                                     \
    INLINE u32 i##_le_u(u a, u b)                                                         \
    {                                                                                     \
        return a <= b;                                                                    \
    }                                                                                     \
    INLINE u32 i##_ge_s(u a, u b)                                                         \
    {                                                                                     \
        return (s)a >= (s)b;                                                              \
    }                                                                                     \
    INLINE u32 i##_ge_u(u a, u b)                                                         \
    {                                                                                     \
        return a >= b;                                                                    \
    }                                                                                     \
    INLINE u i##_clz(u a)                                                                 \
    {                                                                                     \
        return a ? (u)__builtin_clz##suffix(a) : bits;                                    \
    }                                                                                     \
    INLINE u i##_ctz(u a)                                                                 \
    {                                                                                     \
        return a ? (u)__builtin_ctz##suffix(a) : bits;                                    \
    }                                                                                     \
    INLINE u i##_popcnt(u a)                                                              \
    {                                                                                     \
        return (u)__builtin_popcount##suffix(a);                                          \
    }                                                                                     \
    INLINE u i##_add(u a, u b)                                                            \
    {                                                                                     \
        return a + b;                                                                     \
    }                                                                                     \
    INLINE u i##_sub(u a, u b)                                                            \
    {                                                                                     \
        return a - b;                                                                     \
    }                                                                                     \
    INLINE u i##_mul(u a, u b)                                                            \
    {                                                                                     \
        return a * b;                                                                     \
    }                                                                                     \
    INLINE u i##_and(u a, u b)                                                            \
    {                                                                                     \
        return a & b;                                                                     \
    }                                                                                     \
    INLINE u i##_or(u a, u b)                                                             \
    {                                                                                     \
        return a | b;                                                                     \
    }                                                                                     \
    INLINE u i##_xor(u a, u b)                                                            \
    {                                                                                     \
        return a ^ b;                                                                     \
    }                                                                                     \
    INLINE u i##_shl(u a, u b)                                                            \
    {                                                                                     \
        return a << (b & (bits - 1));                                                     \
    }                                                                                     \
    INLINE u i##_shr_s(u a, u b)                                                          \
    {                                                                                     \
        return (u)((s)a >> (b & (bits - 1)));                                             \
    }                                                                                     \
    INLINE u i##_shr_u(u a, u b)                                                          \
    {                                                                                     \
        return a >> (b & (bits - 1));                                                     \
    }                                                                                     \
    INLINE u i##_rotl(u a, u b)                                                           \
    {                                                                                     \
        return (a << (b & (bits - 1))) | (a >> ((bits - (b & (bits - 1))) & (bits - 1))); \
    }                                                                                     \
    INLINE u i##_rotr(u a, u b)                                                           \
    {                                                                                     \
        return (a >> (b & (bits - 1))) | (a << ((bits - (b & (bits - 1))) & (bits - 1))); \
    }                                                                                     \
    INLINE u i##_div_s(struct instance *self, u a, u b)                                   \
    {                                                                                     \
        if (unlikely(b == 0))                                                             \
            w_trap(self, TRAP_DIVIDE_BY_ZERO);                                            \
        if (unlikely(a == (u)1 << (bits - 1) && b == (u) - 1))                            \
            w_trap(self, TRAP_INTEGER_OVERFLOW);                                          \
        return (u)((s)a / (s)b);                                                          \
    }                                                                                     \
    INLINE u i##_div_u(struct instance *self, u a, u b)                                   \
    {                                                                                     \
        if (unlikely(b == 0))                                                             \
            w_trap(self, TRAP_DIVIDE_BY_ZERO);                                            \
        return a / b;                                                                     \
    }                                                                                     \
    INLINE u i##_rem_s(struct instance *self, u a, u b)                                   \
    {                                                                                     \
        if (unlikely(b == 0))                                                             \
            w_trap(self, TRAP_DIVIDE_BY_ZERO);                                            \
        return b == (u) - 1 ? 0 : (u)((s)a % (s)b);                                       \
    }                                                                                     \
    INLINE u i##_rem_u(struct instance *self, u a, u b)                                   \
    {                                                                                     \
        if (unlikely(b == 0))                                                             \
            w_trap(self, TRAP_DIVIDE_BY_ZERO);                                            \
        return a % b;                                                                     \
    }

INTEGER_OPERATIONS(i32, u32, s32, 32, )
INTEGER_OPERATIONS(i64, u64, s64, 64, ll)

#define CONVERSION(name, result, value, expression) \
    INLINE result name(value x)                     \
    {                                               \
        return expression;                          \
    }

CONVERSION(i32_extend8_s, u32, u32, (u32)(s32)(s8)x)
CONVERSION(i32_extend16_s, u32, u32, (u32)(s32)(s16)x)
CONVERSION(i64_extend8_s, u64, u64, (u64)(s64)(s8)x)
CONVERSION(i64_extend16_s, u64, u64, (u64)(s64)(s16)x)
CONVERSION(i64_extend32_s, u64, u64, (u64)(s64)(s32)x)
CONVERSION(i32_wrap_i64, u32, u64, (u32)x)
CONVERSION(i64_extend_i32_s, u64, u32, (u64)(s64)(s32)x)
CONVERSION(i64_extend_i32_u, u64, u32, x)
CONVERSION(f32_convert_i32_s, f32, u32, (f32)(s32)x)
CONVERSION(f32_convert_i32_u, f32, u32, (f32)x)
CONVERSION(f32_convert_i64_s, f32, u64, (f32)(s64)x)
CONVERSION(f32_convert_i64_u, f32, u64, (f32)x)
CONVERSION(f64_convert_i32_s, f64, u32, (f64)(s32)x)
CONVERSION(f64_convert_i32_u, f64, u32, (f64)x)
CONVERSION(f64_convert_i64_s, f64, u64, (f64)(s64)x)
CONVERSION(f64_convert_i64_u, f64, u64, (f64)x)
CONVERSION(i32_reinterpret_f32, u32, f32, w_bits32(x))
CONVERSION(i64_reinterpret_f64, u64, f64, w_bits64(x))
CONVERSION(f32_reinterpret_i32, f32, u32, w_f32(x))
CONVERSION(f64_reinterpret_i64, f64, u64, w_f64(x))
CONVERSION(f32_demote_f64, f32, f64, (f32)x)

INLINE f64 f64_promote_f32(f32 x)
{
    f64 result = x;
    HIDE_FLOAT(result);
    return result;
}

/* ---- floats ---- */

/* min and max: a NaN wins, made quiet by the addition; of two zeros the sign decides. */
#define FLOAT_OPERATIONS(f, t, unsigned_t, bits_of, of_bits, sign, suffix) \
    INLINE u32 f##_eq(t a, t b)                                            \
    {                                                                      \
        return a == b;                                                     \
    }                                                                      \
    INLINE u32 f##_ne(t a, t b)                                            \
    {                                                                      \
        return a != b;                                                     \
    }                                                                      \
    INLINE u32 f##_lt(t a, t b)                                            \
    {                                                                      \
        return a < b;                                                      \
    }                                                                      \
    INLINE u32 f##_gt(t a, t b)                                            \
    {                                                                      \
        return a > b;                                                      \
    }                                                                      \
    INLINE u32 f##_le(t a, t b)                                            \
    {                                                                      \
        return a <= b;                                                     \
    }                                                                      \
    INLINE u32 f##_ge(t a, t b)                                            \
    {                                                                      \
        return a >= b;                                                     \
    }                                                                      \
    INLINE t f##_abs(t a)                                                  \
    {                                                                      \
        return of_bits(bits_of(a) & ~(sign));                              \
    }                                                                      \
    INLINE t f##_neg(t a)                                                  \
    {                                                                      \
        return of_bits(bits_of(a) ^ (sign));                               \
    }                                                                      \
    INLINE t f##_ceil(t a)                                                 \
    {                                                                      \
        return __builtin_ceil##suffix(a);                                  \
    }                                                                      \
    INLINE t f##_floor(t a)                                                \
    {                                                                      \
        return __builtin_floor##suffix(a);                                 \
    }                                                                      \
    INLINE t f##_trunc(t a)                                                \
    {                                                                      \
        return __builtin_trunc##suffix(a);                                 \
    }                                                                      \
    INLINE t f##_nearest(t a)                                              \
    {                                                                      \
        return __builtin_rint##suffix(a);                                  \
    }                                                                      \
    INLINE t f##_sqrt(t a)                                                 \
    {                                                                      \
        return __builtin_sqrt##suffix(a);                                  \
    }                                                                      \
    INLINE t f##_add(t a, t b)                                             \
    {                                                                      \
        return a + b;                                                      \
    }                                                                      \
    INLINE t f##_sub(t a, t b)                                             \
    {                                                                      \
        return a - b;                                                      \
    }                                                                      \
    INLINE t f##_mul(t a, t b)                                             \
    {                                                                      \
        return a * b;                                                      \
    }                                                                      \
    INLINE t f##_div(t a, t b)                                             \
    {                                                                      \
        return a / b;                                                      \
    }                                                                      \
    INLINE t f##_copysign(t a, t b)                                        \
    {                                                                      \
        return of_bits((bits_of(a) & ~(sign)) | (bits_of(b) & (sign)));    \
    }                                                                      \
    INLINE t f##_min(t a, t b)                                             \
    {                                                                      \
        if (unlikely(a != a || b != b))                                    \
            return a + b;                                                  \
        if (a == b)                                                        \
            return of_bits(bits_of(a) | bits_of(b));                       \
        return a < b ? a : b;                                              \
    }                                                                      \
    INLINE t f##_max(t a, t b)                                             \
    {                                                                      \
        if (unlikely(a != a || b != b))                                    \
            return a + b;                                                  \
        if (a == b)                                                        \
            return of_bits(bits_of(a) & bits_of(b));                       \
        return a > b ? a : b;                                              \
    }

FLOAT_OPERATIONS(f32, f32, u32, w_bits32, w_f32, 0x80000000u, f)
FLOAT_OPERATIONS(f64, f64, u64, w_bits64, w_f64, 0x8000000000000000ull, )

/*
 * Truncation: `in_range` is the condition under which the C conversion is defined. Saturating:
 * 0 for NaN, else the nearer bound.
 */
#define TRUNCATION(i, f, s, result, type, value, in_range, low, high)               \
    INLINE result i##_trunc_##f##_##s(struct instance *self, value x)               \
    {                                                                               \
        if (unlikely(!(in_range)))                                                  \
            w_trap(self, x != x ? TRAP_INVALID_CONVERSION : TRAP_INTEGER_OVERFLOW); \
        return (result)(type)x;                                                     \
    }                                                                               \
    INLINE result i##_trunc_sat_##f##_##s(value x)                                  \
    {                                                                               \
        if (unlikely(!(in_range)))                                                  \
            return x != x ? 0 : x < 0 ? (result)(low) : (result)(high);             \
        return (result)(type)x;                                                     \
    }

TRUNCATION(i32, f32, s, u32, s32, f32, x >= -0x1p31f && x < 0x1p31f, 0x80000000u, 0x7fffffffu)
TRUNCATION(i32, f32, u, u32, u32, f32, x > -1.0f && x < 0x1p32f, 0u, 0xffffffffu)
TRUNCATION(i32, f64, s, u32, s32, f64, x > -2147483649.0 && x < 0x1p31, 0x80000000u, 0x7fffffffu)
TRUNCATION(i32, f64, u, u32, u32, f64, x > -1.0 && x < 0x1p32, 0u, 0xffffffffu)
TRUNCATION(i64, f32, s, u64, s64, f32, x >= -0x1p63f && x < 0x1p63f, 1ull << 63, ~0ull >> 1)
TRUNCATION(i64, f32, u, u64, u64, f32, x > -1.0f && x < 0x1p64f, 0ull, ~0ull)
TRUNCATION(i64, f64, s, u64, s64, f64, x >= -0x1p63 && x < 0x1p63, 1ull << 63, ~0ull >> 1)
TRUNCATION(i64, f64, u, u64, u64, f64, x > -1.0 && x < 0x1p64, 0ull, ~0ull)

#endif
