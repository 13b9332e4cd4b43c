#include "base/reader.h"

enum read_result reader_uleb(struct reader *r, unsigned bits, uint64_t *ret)
{
    const uint8_t *p = r->pos;
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (p == r->end)
            return READ_END;
        uint8_t byte = *p++;
        unsigned left = bits - shift;
        if (left < 7 && (byte & 0x7f) >> left)
            return byte & 0x80 ? READ_TOO_LONG : READ_TOO_LARGE;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            r->pos = p;
            *ret = value;
            return READ_OK;
        }
    }
    return READ_TOO_LONG;
}

enum read_result reader_sleb(struct reader *r, unsigned bits, int64_t *ret)
{
    const uint8_t *p = r->pos;
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (p == r->end)
            return READ_END;
        uint8_t byte = *p++;
        unsigned left = bits - shift;
        if (left < 7) { /* the bits past the width must all equal the sign bit */
            int8_t payload = (int8_t)(uint8_t)(byte << 1) >> 1;
            int8_t beyond = (int8_t)(payload >> (left - 1));
            if (beyond != 0 && beyond != -1)
                return byte & 0x80 ? READ_TOO_LONG : READ_TOO_LARGE;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            if (shift + 7 < 64 && (byte & 0x40))
                value |= ~(uint64_t)0 << (shift + 7);
            r->pos = p;
            *ret = (int64_t)value;
            return READ_OK;
        }
    }
    return READ_TOO_LONG;
}

const char *read_result_message(enum read_result result)
{
    switch (result) {
    case READ_OK:
        return "no error";
    case READ_END:
        return "unexpected end";
    case READ_TOO_LONG:
        return "integer representation too long";
    case READ_TOO_LARGE:
        return "integer too large";
    }
    BUG("read result %d", (int)result);
}
