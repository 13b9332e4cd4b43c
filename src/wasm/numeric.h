/*
 * Numeric instructions whose meaning differs from C's (core specification 4.3), on plain C types.
 * Those that can trap raise it. Rounding and NaN: any result that the specification allows.
 */
#ifndef SPINDLE_WASM_NUMERIC_H
#define SPINDLE_WASM_NUMERIC_H

#include <math.h>

#include "wasm/runtime_int.h"

static inline float f32_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_of_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double f64_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t bits_of_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Integers. */

static inline uint32_t i32_clz(uint32_t a)
{
    return a ? (uint32_t)__builtin_clz(a) : 32;
}

static inline uint32_t i32_ctz(uint32_t a)
{
    return a ? (uint32_t)__builtin_ctz(a) : 32;
}

static inline uint64_t i64_clz(uint64_t a)
{
    return a ? (uint64_t)__builtin_clzll(a) : 64;
}

static inline uint64_t i64_ctz(uint64_t a)
{
    return a ? (uint64_t)__builtin_ctzll(a) : 64;
}

static inline uint32_t i32_rotl(uint32_t a, uint32_t count)
{
    return a << (count & 31) | a >> (-count & 31);
}

static inline uint32_t i32_rotr(uint32_t a, uint32_t count)
{
    return a >> (count & 31) | a << (-count & 31);
}

static inline uint64_t i64_rotl(uint64_t a, uint64_t count)
{
    return a << (count & 63) | a >> (-count & 63);
}

static inline uint64_t i64_rotr(uint64_t a, uint64_t count)
{
    return a >> (count & 63) | a << (-count & 63);
}

#define DEFINE_DIVISIONS(prefix, unsigned_type, signed_type, least)                         \
    static inline unsigned_type prefix##_div_s(unsigned_type a, unsigned_type b)            \
    {                                                                                       \
        if (b == 0)                                                                         \
            wasm_raise(WASM_TRAP_DIVIDE_BY_ZERO);                                           \
        if ((signed_type)a == (least) && (signed_type)b == -1)                              \
            wasm_raise(WASM_TRAP_INTEGER_OVERFLOW);                                         \
        return (unsigned_type)((signed_type)a / (signed_type)b);                            \
    }                                                                                       \
    static inline unsigned_type prefix##_div_u(unsigned_type a, unsigned_type b)            \
    {                                                                                       \
        if (b == 0)                                                                         \
            wasm_raise(WASM_TRAP_DIVIDE_BY_ZERO);                                           \
        return a / b;                                                                       \
    }                                                                                       \
    static inline unsigned_type prefix##_rem_s(unsigned_type a, unsigned_type b)            \
    {                                                                                       \
        if (b == 0)                                                                         \
            wasm_raise(WASM_TRAP_DIVIDE_BY_ZERO);                                           \
        return (signed_type)b == -1 ? 0 : (unsigned_type)((signed_type)a % (signed_type)b); \
    }                                                                                       \
    static inline unsigned_type prefix##_rem_u(unsigned_type a, unsigned_type b)            \
    {                                                                                       \
        if (b == 0)                                                                         \
            wasm_raise(WASM_TRAP_DIVIDE_BY_ZERO);                                           \
        return a % b;                                                                       \
    }

DEFINE_DIVISIONS(i32, uint32_t, int32_t, INT32_MIN)
DEFINE_DIVISIONS(i64, uint64_t, int64_t, INT64_MIN)

/*
 * Floats. A NaN operand gives a quiet NaN (x + x quiets); zeroes are ordered by sign, which the
 * bits tell.
 */
#define DEFINE_FLOATS(prefix, type, bits_type, of, bits_of, suffix) \
    static inline type prefix##_min(type a, type b)                 \
    {                                                               \
        if (isnan(a) || isnan(b))                                   \
            return a + b;                                           \
        if (a == b)                                                 \
            return of(bits_of(a) | bits_of(b));                     \
        return a < b ? a : b;                                       \
    }                                                               \
    static inline type prefix##_max(type a, type b)                 \
    {                                                               \
        if (isnan(a) || isnan(b))                                   \
            return a + b;                                           \
        if (a == b)                                                 \
            return of(bits_of(a) & bits_of(b));                     \
        return a > b ? a : b;                                       \
    }                                                               \
    static inline type prefix##_ceil(type a)                        \
    {                                                               \
        return isnan(a) ? a + a : __builtin_ceil##suffix(a);        \
    }                                                               \
    static inline type prefix##_floor(type a)                       \
    {                                                               \
        return isnan(a) ? a + a : __builtin_floor##suffix(a);       \
    }                                                               \
    static inline type prefix##_trunc(type a)                       \
    {                                                               \
        return isnan(a) ? a + a : __builtin_trunc##suffix(a);       \
    }                                                               \
    static inline type prefix##_nearest(type a)                     \
    {                                                               \
        return isnan(a) ? a + a : __builtin_rint##suffix(a);        \
    }                                                               \
    static inline type prefix##_sqrt(type a)                        \
    {                                                               \
        return isnan(a) ? a + a : __builtin_sqrt##suffix(a);        \
    }

DEFINE_FLOATS(f32, float, uint32_t, f32_of, bits_of_f32, f)
DEFINE_FLOATS(f64, double, uint64_t, f64_of, bits_of_f64, )

/*
 * Truncation, from a double (every float is one): `below` and `above` are the nearest values
 * outside the range that a double can hold, or for i64's lower end the first inside.
 */
#define DEFINE_TRUNCATION(name, type, unsigned_type, least, most, too_small, above) \
    static inline unsigned_type name(double a)                                      \
    {                                                                               \
        if (isnan(a))                                                               \
            wasm_raise(WASM_TRAP_INVALID_CONVERSION);                               \
        if (too_small || a >= (above))                                              \
            wasm_raise(WASM_TRAP_INTEGER_OVERFLOW);                                 \
        return (unsigned_type)(type)a;                                              \
    }                                                                               \
    static inline unsigned_type name##_sat(double a)                                \
    {                                                                               \
        if (isnan(a))                                                               \
            return 0;                                                               \
        if (too_small)                                                              \
            return (unsigned_type)(least);                                          \
        if (a >= (above))                                                           \
            return (unsigned_type)(most);                                           \
        return (unsigned_type)(type)a;                                              \
    }

DEFINE_TRUNCATION(
    i32_trunc_s, int32_t, uint32_t, INT32_MIN, INT32_MAX, a <= -2147483649.0, 2147483648.0)
DEFINE_TRUNCATION(i32_trunc_u, uint32_t, uint32_t, 0, UINT32_MAX, a <= -1.0, 4294967296.0)
DEFINE_TRUNCATION(i64_trunc_s, int64_t, uint64_t, INT64_MIN, INT64_MAX, a < -9223372036854775808.0,
    9223372036854775808.0)
DEFINE_TRUNCATION(i64_trunc_u, uint64_t, uint64_t, 0, UINT64_MAX, a <= -1.0, 18446744073709551616.0)

#endif
