#include "base/utf8.h"

/* The number of continuation bytes after a first byte, or -1; narrows the second byte's range. */
static int continuation_bytes(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef) {
        if (first == 0xe0)
            *low = 0xa0; /* no overlong forms */
        if (first == 0xed)
            *high = 0x9f; /* no surrogates */
        return 2;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (first == 0xf0)
            *low = 0x90;
        if (first == 0xf4)
            *high = 0x8f; /* at most U+10FFFF */
        return 3;
    }
    return -1;
}

int32_t utf8_next(struct str s, size_t *pos)
{
    const uint8_t *p = (const uint8_t *)s.ptr + *pos;
    size_t left = s.len - *pos;
    uint8_t low, high;
    if (left == 0)
        return -1;
    if (p[0] < 0x80) {
        ++*pos;
        return p[0];
    }
    int more = continuation_bytes(p[0], &low, &high);
    if (more < 0 || left < (size_t)more + 1 || p[1] < low || p[1] > high)
        return -1;
    uint32_t code = p[0] & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return -1;
        code = code << 6 | (p[i] & 0x3fu);
    }
    *pos += (size_t)more + 1;
    return (int32_t)code;
}

bool utf8_valid(struct str s)
{
    size_t pos = 0;
    while (pos < s.len) {
        uint64_t eight;
        if (s.len - pos >= 8) { /* ASCII, eight bytes at a time */
            memcpy(&eight, s.ptr + pos, 8);
            if (!(eight & 0x8080808080808080u)) {
                pos += 8;
                continue;
            }
        }
        if (utf8_next(s, &pos) < 0)
            return false;
    }
    return true;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        if (c >= 0xd800 && c <= 0xdfff)
            return 0;
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    if (c > 0x10ffff)
        return 0;
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}
