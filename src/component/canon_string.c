/*
 * Strings of the canonical ABI: three encodings in memory, re-encoded when the two sides of a call
 * differ. Sizes asked of realloc follow the specification step by step, since a guest can see them.
 */
#include "component/canon_int.h"

#include "base/limits.h"
#include "base/utf8.h"

/* The code points of a lifted string, in order. */
struct chars {
    const struct canon_string *string;
    size_t pos; /* in bytes */
};

static uint32_t unit16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

static size_t string_bytes(const struct canon_string *string)
{
    return (size_t)string->units * (string->form == CANON_FORM_UTF16 ? 2 : 1);
}

/* False at the end. */
static bool chars_next(struct chars *c, uint32_t *ret)
{
    const struct canon_string *s = c->string;
    if (c->pos == string_bytes(s))
        return false;
    if (s->form == CANON_FORM_LATIN1) {
        *ret = s->bytes[c->pos++];
    } else if (s->form == CANON_FORM_UTF8) {
        *ret = (uint32_t)utf8_next(str_make(s->bytes, s->units), &c->pos);
    } else {
        uint32_t unit = unit16(s->bytes + c->pos);
        c->pos += 2;
        if (is_high(unit)) {
            uint32_t low = unit16(s->bytes + c->pos);
            c->pos += 2;
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        }
        *ret = unit;
    }
    return true;
}

static bool utf16_valid(const uint8_t *bytes, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        uint32_t unit = unit16(bytes + 2 * i);
        if (is_low(unit))
            return false;
        if (is_high(unit) && (++i == units || !is_low(unit16(bytes + 2 * i))))
            return false;
    }
    return true;
}

static size_t put_utf16(uint8_t *out, uint32_t c)
{
    uint32_t units[2] = {c, 0};
    size_t n = 1;
    if (c >= 0x10000) {
        units[0] = 0xd800 + ((c - 0x10000) >> 10);
        units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
        n = 2;
    }
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = (uint8_t)units[i];
        out[2 * i + 1] = (uint8_t)(units[i] >> 8);
    }
    return 2 * n;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    return utf8_encode(c, (char *)out);
}

static size_t encoded_size(const struct canon_string *s, size_t (*put)(uint8_t *out, uint32_t c))
{
    struct chars chars = {s, 0};
    uint8_t scratch[4];
    uint32_t c;
    size_t size = 0;
    while (chars_next(&chars, &c))
        size += put(scratch, c);
    return size;
}

static void encode(
    const struct canon_string *s, size_t (*put)(uint8_t *out, uint32_t c), uint8_t *out)
{
    struct chars chars = {s, 0};
    uint32_t c;
    while (chars_next(&chars, &c))
        out += put(out, c);
}

enum wasm_trap_kind canon_load_string(
    struct canon_context *cx, uint32_t ptr, uint32_t length, struct canon_string *ret)
{
    struct canon_string s = {.units = length};
    uint32_t align = 1;
    switch (cx->encoding) {
    case CANON_UTF8:
        s.form = CANON_FORM_UTF8;
        break;
    case CANON_UTF16:
        s.form = CANON_FORM_UTF16;
        align = 2;
        break;
    case CANON_LATIN1_UTF16:
        s.dynamic = true;
        s.form = length & CANON_UTF16_TAG ? CANON_FORM_UTF16 : CANON_FORM_LATIN1;
        s.units = length & ~CANON_UTF16_TAG;
        align = 2;
        break;
    }
    size_t size = string_bytes(&s);
    if (size > LIMIT_STRING_BYTES)
        return canon_trap(cx, "string of %zu bytes is too long", size);
    if (ptr & (align - 1))
        return canon_trap(cx, "unaligned pointer");
    if (!cx->memory || ptr + (uint64_t)size > cx->memory->size)
        return canon_trap(cx, "string content out-of-bounds");
    uint8_t *copy;
    CANON_TRY(canon_allocate(cx, size, 1, &copy));
    memcpy(copy, cx->memory->base + ptr, size);
    s.bytes = copy;
    if (s.form == CANON_FORM_UTF8 && !utf8_valid(str_make(copy, size)))
        return canon_trap(cx, "invalid utf-8 encoding: incomplete or invalid byte sequence");
    if (s.form == CANON_FORM_UTF16 && !utf16_valid(copy, s.units))
        return canon_trap(cx, "invalid utf-16 encoding: unpaired surrogate found");
    *ret = s;
    return WASM_TRAP_NONE;
}

/* Same code units on both sides, or Latin-1 widened to UTF-16. */
static enum wasm_trap_kind store_copy(struct canon_context *cx, const struct canon_string *s,
    uint32_t unit_size, uint32_t align, uint32_t *ret_ptr, uint32_t *ret_length)
{
    uint32_t ptr;
    CANON_TRY(canon_realloc(cx, 0, 0, align, s->units * unit_size, &ptr));
    uint8_t *out = cx->memory->base + ptr;
    if (unit_size == 2 && s->form == CANON_FORM_LATIN1)
        encode(s, put_utf16, out);
    else if (s->units)
        memcpy(out, s->bytes, string_bytes(s));
    *ret_ptr = ptr;
    *ret_length = s->units;
    return WASM_TRAP_NONE;
}

static void put_ascii_prefix(const struct canon_string *s, uint8_t *out)
{
    struct chars chars = {s, 0};
    uint32_t c;
    while (chars_next(&chars, &c) && c < 0x80)
        *out++ = (uint8_t)c;
}

static enum wasm_trap_kind store_to_utf8(struct canon_context *cx, const struct canon_string *s,
    uint32_t worst_case, uint32_t *ret_ptr, uint32_t *ret_length)
{
    uint32_t ptr;
    CANON_TRY(canon_realloc(cx, 0, 0, 1, s->units, &ptr));
    uint32_t size = (uint32_t)encoded_size(s, put_utf8);
    /* Only ASCII has as many bytes as code units; the prefix is there for realloc to copy. */
    if (size > s->units) {
        put_ascii_prefix(s, cx->memory->base + ptr);
        CANON_TRY(canon_realloc(cx, ptr, s->units, 1, worst_case, &ptr));
        encode(s, put_utf8, cx->memory->base + ptr);
        if (worst_case > size)
            CANON_TRY(canon_realloc(cx, ptr, worst_case, 1, size, &ptr));
    } else {
        encode(s, put_utf8, cx->memory->base + ptr);
    }
    *ret_ptr = ptr;
    *ret_length = size;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind store_utf8_to_utf16(
    struct canon_context *cx, const struct canon_string *s, uint32_t *ret_ptr, uint32_t *ret_length)
{
    uint32_t ptr, worst_case = 2 * s->units;
    CANON_TRY(canon_realloc(cx, 0, 0, 2, worst_case, &ptr));
    uint32_t size = (uint32_t)encoded_size(s, put_utf16);
    encode(s, put_utf16, cx->memory->base + ptr);
    if (size < worst_case)
        CANON_TRY(canon_realloc(cx, ptr, worst_case, 2, size, &ptr));
    *ret_ptr = ptr;
    *ret_length = size / 2;
    return WASM_TRAP_NONE;
}

/* How many leading code points fit Latin-1; all of them: *ret_all. */
static uint32_t latin1_prefix(const struct canon_string *s, bool *ret_all)
{
    struct chars chars = {s, 0};
    uint32_t c, count = 0;
    *ret_all = true;
    while (chars_next(&chars, &c)) {
        if (c > 0xff) {
            *ret_all = false;
            break;
        }
        count++;
    }
    return count;
}

/* `count` leading code points, all within Latin-1, a byte each. */
static void put_latin1(const struct canon_string *s, uint32_t count, uint8_t *out)
{
    struct chars chars = {s, 0};
    uint32_t c;
    while (count-- > 0 && chars_next(&chars, &c))
        *out++ = (uint8_t)c;
}

static enum wasm_trap_kind store_to_latin1_or_utf16(
    struct canon_context *cx, const struct canon_string *s, uint32_t *ret_ptr, uint32_t *ret_length)
{
    uint32_t ptr;
    bool all;
    CANON_TRY(canon_realloc(cx, 0, 0, 2, s->units, &ptr));
    uint32_t prefix = latin1_prefix(s, &all);
    if (all) {
        put_latin1(s, prefix, cx->memory->base + ptr);
        if (prefix < s->units)
            CANON_TRY(canon_realloc(cx, ptr, s->units, 2, prefix, &ptr));
        *ret_ptr = ptr;
        *ret_length = prefix;
        return WASM_TRAP_NONE;
    }
    /* Seen by the guest's realloc, which copies it. */
    put_latin1(s, prefix, cx->memory->base + ptr);
    uint32_t worst_case = 2 * s->units;
    CANON_TRY(canon_realloc(cx, ptr, s->units, 2, worst_case, &ptr));
    uint32_t size = (uint32_t)encoded_size(s, put_utf16);
    encode(s, put_utf16, cx->memory->base + ptr);
    if (worst_case > size)
        CANON_TRY(canon_realloc(cx, ptr, worst_case, 2, size, &ptr));
    *ret_ptr = ptr;
    *ret_length = size / 2 | CANON_UTF16_TAG;
    return WASM_TRAP_NONE;
}

/* The other side keeps UTF-16 only where it must, so it is likely to be needed here too. */
static enum wasm_trap_kind store_probably_utf16(
    struct canon_context *cx, const struct canon_string *s, uint32_t *ret_ptr, uint32_t *ret_length)
{
    uint32_t ptr, size = 2 * s->units;
    bool all;
    CANON_TRY(canon_realloc(cx, 0, 0, 2, size, &ptr));
    if (size)
        memcpy(cx->memory->base + ptr, s->bytes, size);
    uint32_t prefix = latin1_prefix(s, &all);
    if (!all) {
        *ret_ptr = ptr;
        *ret_length = s->units | CANON_UTF16_TAG;
        return WASM_TRAP_NONE;
    }
    put_latin1(s, prefix, cx->memory->base + ptr);
    CANON_TRY(canon_realloc(cx, ptr, size, 1, prefix, ret_ptr));
    *ret_length = prefix;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind canon_store_string(
    struct canon_context *cx, const struct canon_string *s, uint32_t *ret_ptr, uint32_t *ret_length)
{
    switch (cx->encoding) {
    case CANON_UTF8:
        if (s->form == CANON_FORM_UTF8)
            return store_copy(cx, s, 1, 1, ret_ptr, ret_length);
        return store_to_utf8(
            cx, s, s->units * (s->form == CANON_FORM_UTF16 ? 3 : 2), ret_ptr, ret_length);
    case CANON_UTF16:
        if (s->form == CANON_FORM_UTF8)
            return store_utf8_to_utf16(cx, s, ret_ptr, ret_length);
        return store_copy(cx, s, 2, 2, ret_ptr, ret_length);
    case CANON_LATIN1_UTF16:
        if (!s->dynamic)
            return store_to_latin1_or_utf16(cx, s, ret_ptr, ret_length);
        if (s->form == CANON_FORM_LATIN1)
            return store_copy(cx, s, 1, 2, ret_ptr, ret_length);
        return store_probably_utf16(cx, s, ret_ptr, ret_length);
    }
    BUG("encoding %d", cx->encoding);
}
