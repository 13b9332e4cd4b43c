/*
 * The two small core modules around the shim's table.
 *
 *     shim:   (table (export "$imports") n funcref), functions "0" … "n-1" that forward through it
 *     fixups: imports that table as ("", "$imports") and functions ("", "0") …, and fills it, but
 *             for functions that are absent: calling one traps
 */
#include "component/encode_int.h"

static void section(struct buf *out, uint8_t id, const struct buf *body)
{
    emit_section(out, id, body);
}

void preamble(struct buf *out)
{
    buf_append(out, "\0asm\1\0\0\0", 8);
}

void append_func_type(struct buf *body, const struct wasm_func_type *type)
{
    buf_append_byte(body, 0x60);
    buf_append_uleb(body, type->param_count);
    buf_append(body, type->params, type->param_count);
    buf_append_uleb(body, type->result_count);
    buf_append(body, type->results, type->result_count);
}

static void type_section(
    struct buf *out, const struct wasm_func_type *const *types, uint32_t count, struct buf *body)
{
    buf_clear(body);
    buf_append_uleb(body, count);
    for (uint32_t i = 0; i < count; i++)
        append_func_type(body, types[i]);
    section(out, 1, body);
}

static void table_type(struct buf *body, uint32_t count)
{
    buf_append_byte(body, WASM_FUNCREF);
    buf_append_byte(body, 1);
    buf_append_uleb(body, count);
    buf_append_uleb(body, count);
}

void append_number_name(struct buf *body, uint32_t number)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", number);
    append_name(body, str_of(text));
}

static void forwarder(
    struct buf *body, struct buf *code, const struct wasm_func_type *type, uint32_t index)
{
    buf_clear(code);
    buf_append_byte(code, 0);
    for (uint32_t i = 0; i < type->param_count; i++) {
        buf_append_byte(code, 0x20);
        buf_append_uleb(code, i);
    }
    buf_append_byte(code, 0x41);
    buf_append_sleb(code, index);
    buf_append_byte(code, 0x11);
    buf_append_uleb(code, index);
    buf_append_byte(code, 0);
    buf_append_byte(code, 0x0b);
    buf_append_uleb(body, code->len);
    buf_append(body, code->data, code->len);
}

void build_shim(struct buf *out, const struct wasm_func_type *const *types, uint32_t count)
{
    struct buf body = BUF_INIT(out->max), code = BUF_INIT(out->max);
    preamble(out);
    type_section(out, types, count, &body);
    buf_clear(&body);
    buf_append_uleb(&body, count);
    for (uint32_t i = 0; i < count; i++)
        buf_append_uleb(&body, i);
    section(out, 3, &body);
    buf_clear(&body);
    buf_append_byte(&body, 1);
    table_type(&body, count);
    section(out, 4, &body);
    buf_clear(&body);
    buf_append_uleb(&body, (uint64_t)count + 1);
    for (uint32_t i = 0; i < count; i++) {
        append_number_name(&body, i);
        buf_append_byte(&body, WASM_EXTERN_FUNC);
        buf_append_uleb(&body, i);
    }
    append_name(&body, STR("$imports"));
    buf_append_byte(&body, WASM_EXTERN_TABLE);
    buf_append_byte(&body, 0);
    section(out, 7, &body);
    buf_clear(&body);
    buf_append_uleb(&body, count);
    for (uint32_t i = 0; i < count; i++)
        forwarder(&body, &code, types[i], i);
    section(out, 10, &body);
    out->failed |= body.failed || code.failed;
    buf_release(&body);
    buf_release(&code);
}

void build_fixups(
    struct buf *out, const struct wasm_func_type *const *types, uint32_t count, uint32_t size)
{
    struct buf body = BUF_INIT(out->max);
    preamble(out);
    type_section(out, types, count, &body);
    buf_clear(&body);
    buf_append_uleb(&body, (uint64_t)count + 1);
    for (uint32_t i = 0; i < count; i++) {
        append_name(&body, STR_EMPTY);
        append_number_name(&body, i);
        buf_append_byte(&body, WASM_EXTERN_FUNC);
        buf_append_uleb(&body, i);
    }
    append_name(&body, STR_EMPTY);
    append_name(&body, STR("$imports"));
    buf_append_byte(&body, WASM_EXTERN_TABLE);
    table_type(&body, size);
    section(out, 2, &body);
    buf_clear(&body);
    buf_append_byte(&body, 1);
    buf_append_byte(&body, 0); /* active, table 0, function indices */
    buf_append_byte(&body, 0x41);
    buf_append_byte(&body, 0);
    buf_append_byte(&body, 0x0b);
    buf_append_uleb(&body, count);
    for (uint32_t i = 0; i < count; i++)
        buf_append_uleb(&body, i);
    section(out, 9, &body);
    out->failed |= body.failed;
    buf_release(&body);
}
