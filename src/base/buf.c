#include "base/buf.h"

void buf_release(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT(b->max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

bool buf_reserve(struct buf *b, size_t n)
{
    if (b->cap - b->len >= n)
        return true;
    if (b->failed || n > b->max || b->len > b->max - n) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + n;
    size_t cap = b->cap < 64 ? 64 : b->cap + b->cap / 2;
    if (cap < need)
        cap = need;
    if (cap > b->max)
        cap = b->max;
    uint8_t *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_append(struct buf *b, const void *bytes, size_t n)
{
    if (b->failed || n == 0 || !buf_reserve(b, n))
        return;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
}

void buf_append_byte(struct buf *b, uint8_t byte)
{
    buf_append(b, &byte, 1);
}

void buf_append_str(struct buf *b, struct str s)
{
    buf_append(b, s.ptr, s.len);
}

void buf_append_cstr(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

void buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    BUG_IF(n < 0);
    if (b->failed || !buf_reserve(b, (size_t)n))
        return;
    if (b->cap - b->len > (size_t)n) {
        vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, args);
        b->len += (size_t)n;
        return;
    }
    /* No room for the NUL that vsnprintf insists on: the buffer ends exactly at max. */
    char *text = malloc((size_t)n + 1);
    if (!text) {
        b->failed = true;
        return;
    }
    vsnprintf(text, (size_t)n + 1, fmt, args);
    buf_append(b, text, (size_t)n);
    free(text);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vprintf(b, fmt, args);
    va_end(args);
}

void buf_append_uleb(struct buf *b, uint64_t value)
{
    do {
        uint8_t byte = value & 0x7f;
        value >>= 7;
        buf_append_byte(b, value ? byte | 0x80 : byte);
    } while (value);
}

void buf_append_sleb(struct buf *b, int64_t value)
{
    for (;;) {
        uint8_t byte = value & 0x7f;
        value >>= 7;
        bool last = (value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40));
        buf_append_byte(b, last ? byte : byte | 0x80);
        if (last)
            return;
    }
}

struct str buf_str(const struct buf *b)
{
    return str_make(b->data, b->len);
}

const char *buf_cstr(struct buf *b)
{
    if (b->len == b->cap) {
        uint8_t *data = realloc(b->data, b->cap + 1);
        if (!data)
            return "";
        b->data = data;
        data[b->len] = '\0'; /* cap stays: the extra byte is only ever the NUL */
    } else {
        b->data[b->len] = '\0';
    }
    return (const char *)b->data;
}

char *buf_detach(struct buf *b)
{
    if (b->failed)
        return NULL;
    const char *text = buf_cstr(b);
    if (!b->data || text != (const char *)b->data)
        return NULL;
    b->data = NULL;
    b->len = b->cap = 0;
    return (char *)(uintptr_t)text;
}
