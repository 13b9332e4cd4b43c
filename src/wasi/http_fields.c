/* The resource fields of wasi:http/types. */
#include "wasi/http_objects.h"

#include <ctype.h>

/* Fields that belong to the connection, not to the message: a guest neither sees nor sets them. */
static const struct str forbidden_names[] = {STR("connection"), STR("host"), STR("http2-settings"),
    STR("keep-alive"), STR("proxy-authenticate"), STR("proxy-authorization"),
    STR("proxy-connection"), STR("transfer-encoding"), STR("upgrade")};

static bool name_is_valid(struct str name)
{
    return name.len <= UINT16_MAX && client_is_token(name);
}

/* RFC 9110 5.5: visible characters, spaces, tabs and bytes above 0x7f. */
static bool value_is_valid(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* By length first: few fields are compared at all. */
static bool name_is_forbidden(struct str name)
{
    for (size_t i = 0; i < countof(forbidden_names); i++)
        if (name.len == forbidden_names[i].len && str_equal_ignore_case(name, forbidden_names[i]))
            return true;
    return false;
}

/* Lists. */

struct header_list *header_list_new(struct wasi_context *context)
{
    struct header_list *list = wasi_new(context, struct header_list);
    if (list)
        list->references = 1;
    return list;
}

struct header_list *header_list_ref(struct header_list *list)
{
    list->references++;
    return list;
}

static void free_text(struct wasi_context *context, struct header_list *list, uint32_t index)
{
    struct http_field *field = &list->items[index];
    list->text_bytes -= (uint32_t)(field->name.len + field->value.len);
    if (!list->shared)
        wasi_object_free(context, (void *)field->name.ptr, field->name.len + field->value.len);
}

void header_list_unref(struct wasi_context *context, struct header_list *list)
{
    if (!list || --list->references > 0)
        return;
    for (uint32_t i = 0; i < list->count; i++)
        free_text(context, list, i);
    wasi_object_free(context, list->items, list->capacity * sizeof(*list->items));
    wasi_object_free(context, list, sizeof(*list));
}

static bool reserve(struct wasi_context *context, struct header_list *list, uint32_t count)
{
    if (count <= list->capacity)
        return true;
    uint32_t capacity = list->capacity ? list->capacity * 2 : 8;
    if (capacity < count)
        capacity = count;
    struct http_field *items = wasi_object_raw(context, capacity * sizeof(*items));
    if (!items)
        return false;
    if (list->count)
        memcpy(items, list->items, list->count * sizeof(*items));
    wasi_object_free(context, list->items, list->capacity * sizeof(*items));
    list->items = items;
    list->capacity = capacity;
    return true;
}

/* Adds a field: name (in lower case) and value are copied into one block. */
static bool add(
    struct wasi_context *context, struct header_list *list, struct str name, struct str value)
{
    size_t bytes = name.len + value.len;
    if (value.len > LIMIT_WASI_FIELDS || bytes > LIMIT_WASI_FIELDS - list->text_bytes ||
        !reserve(context, list, list->count + 1))
        return false;
    char *text = wasi_object_raw(context, bytes);
    if (!text)
        return false;
    for (size_t i = 0; i < name.len; i++)
        text[i] = (char)tolower((unsigned char)name.ptr[i]);
    if (value.len)
        memcpy(text + name.len, value.ptr, value.len);
    list->items[list->count++] =
        (struct http_field){{text, name.len}, {text + name.len, value.len}};
    list->text_bytes += (uint32_t)bytes;
    return true;
}

bool header_list_add(
    struct wasi_context *context, struct header_list *list, struct str name, struct str value)
{
    return name_is_forbidden(name) || add(context, list, name, value);
}

static void remove_name(struct wasi_context *context, struct header_list *list, struct str name)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (str_equal_ignore_case(list->items[i].name, name))
            free_text(context, list, i);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

struct header_list *header_list_of_exchange(
    struct wasi_context *context, const struct http_exchange *x)
{
    struct header_list *list = header_list_new(context);
    if (!list || !reserve(context, list, (uint32_t)x->field_count))
        return NULL;
    list->shared = true;
    for (size_t i = 0; i < x->field_count; i++)
        if (!name_is_forbidden(x->fields[i].name)) {
            list->items[list->count++] = x->fields[i];
            list->text_bytes += (uint32_t)(x->fields[i].name.len + x->fields[i].value.len);
        }
    return list;
}

bool header_list_content_length(
    const struct header_list *list, bool *ret_present, uint64_t *ret_length)
{
    *ret_present = false;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!str_equal(list->items[i].name, STR("content-length")))
            continue;
        if (*ret_present || !str_to_u64(str_trim(list->items[i].value), ret_length))
            return false;
        *ret_present = true;
    }
    return true;
}

struct wasi_http_types_fields *fields_new(
    struct wasi_context *context, struct header_list *list, bool immutable)
{
    struct wasi_http_types_fields *fields = wasi_new(context, struct wasi_http_types_fields);
    if (fields) {
        fields->list = header_list_ref(list);
        fields->immutable = immutable;
    }
    return fields;
}

struct header_list *fields_take(struct wasi_context *context, struct wasi_http_types_fields *fields)
{
    struct header_list *list = fields->list;
    wasi_object_free(context, fields, sizeof(*fields));
    return list;
}

/* The interface. */

static enum wasm_trap_kind give_list(struct component_call *call, struct header_list *list,
    struct wasi_http_types_fields_own *ret_fields)
{
    struct wasi_context *context = wasi_context_of(call);
    ret_fields->object = list ? fields_new(context, list, false) : NULL;
    if (!ret_fields->object)
        return wasi_no_memory(call);
    header_list_unref(context, list); /* the object holds it */
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind fields_constructor(
    struct component_call *call, struct wasi_http_types_fields_own *ret_result)
{
    return give_list(call, header_list_new(wasi_context_of(call)), ret_result);
}

/* True when a field may be set; else *ret_error says why not. */
static bool check_field(
    struct str name, struct str value, struct wasi_http_types_header_error *ret_error)
{
    if (!name_is_valid(name) || !value_is_valid(value)) {
        ret_error->tag = WASI_HTTP_TYPES_HEADER_ERROR_INVALID_SYNTAX;
        return false;
    }
    if (name_is_forbidden(name)) {
        ret_error->tag = WASI_HTTP_TYPES_HEADER_ERROR_FORBIDDEN;
        return false;
    }
    return true;
}

enum wasm_trap_kind fields_from_list(struct component_call *call,
    struct wasi_http_types_list_tuple2_string_list_u8 entries,
    struct wasi_http_types_result_own_fields_header_error *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    for (size_t i = 0; i < entries.len; i++) {
        ret_result->is_err = !check_field(entries.data[i].f0, entries.data[i].f1, &ret_result->err);
        if (ret_result->is_err)
            return WASM_TRAP_NONE;
    }
    struct header_list *list = header_list_new(context);
    for (size_t i = 0; list && i < entries.len; i++)
        if (!add(context, list, entries.data[i].f0, entries.data[i].f1))
            return wasi_no_memory(call);
    ret_result->is_err = false;
    return give_list(call, list, &ret_result->ok);
}

enum wasm_trap_kind fields_get(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name,
    struct wasi_http_types_list_list_u8 *ret_result)
{
    const struct header_list *list = self.object->list;
    struct str *values = wasi_temporary(wasi_context_of(call), list->count, sizeof(*values));
    if (!values)
        return wasi_no_memory(call);
    *ret_result = (struct wasi_http_types_list_list_u8){values, 0};
    for (uint32_t i = 0; i < list->count; i++)
        if (str_equal_ignore_case(list->items[i].name, name))
            values[ret_result->len++] = list->items[i].value;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind fields_has(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name, bool *ret_result)
{
    (void)call;
    const struct header_list *list = self.object->list;
    *ret_result = false;
    for (uint32_t i = 0; i < list->count; i++)
        if (str_equal_ignore_case(list->items[i].name, name))
            *ret_result = true;
    return WASM_TRAP_NONE;
}

/* True when the object may be changed; else the result says so. */
static bool check_mutable(const struct wasi_http_types_fields *fields,
    struct wasi_http_types_result_void_header_error *ret_result)
{
    ret_result->is_err = fields->immutable;
    if (fields->immutable)
        ret_result->err.tag = WASI_HTTP_TYPES_HEADER_ERROR_IMMUTABLE;
    return !fields->immutable;
}

enum wasm_trap_kind fields_set(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name,
    struct wasi_http_types_list_list_u8 value,
    struct wasi_http_types_result_void_header_error *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct header_list *list = self.object->list;
    if (!check_mutable(self.object, ret_result))
        return WASM_TRAP_NONE;
    ret_result->is_err = !check_field(name, STR_EMPTY, &ret_result->err);
    for (size_t i = 0; i < value.len && !ret_result->is_err; i++)
        ret_result->is_err = !check_field(name, value.data[i], &ret_result->err);
    if (ret_result->is_err)
        return WASM_TRAP_NONE;
    remove_name(context, list, name);
    for (size_t i = 0; i < value.len; i++)
        if (!add(context, list, name, value.data[i]))
            return wasi_no_memory(call);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind fields_delete(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name,
    struct wasi_http_types_result_void_header_error *ret_result)
{
    if (!check_mutable(self.object, ret_result))
        return WASM_TRAP_NONE;
    ret_result->is_err = !check_field(name, STR_EMPTY, &ret_result->err);
    if (!ret_result->is_err)
        remove_name(wasi_context_of(call), self.object->list, name);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind fields_append(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name, struct str value,
    struct wasi_http_types_result_void_header_error *ret_result)
{
    if (!check_mutable(self.object, ret_result))
        return WASM_TRAP_NONE;
    ret_result->is_err = !check_field(name, value, &ret_result->err);
    if (ret_result->is_err)
        return WASM_TRAP_NONE;
    return add(wasi_context_of(call), self.object->list, name, value) ? WASM_TRAP_NONE
                                                                      : wasi_no_memory(call);
}

enum wasm_trap_kind fields_entries(struct component_call *call,
    struct wasi_http_types_fields_borrow self,
    struct wasi_http_types_list_tuple2_string_list_u8 *ret_result)
{
    /* An entry is a name and a value, as an item is. */
    _Static_assert(sizeof(struct http_field) == sizeof(*ret_result->data), "same layout");
    (void)call;
    const struct header_list *list = self.object->list;
    ret_result->data = (struct wasi_http_types_tuple2_string_list_u8 *)(void *)list->items;
    ret_result->len = list->count;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind fields_clone(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct wasi_http_types_fields_own *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    const struct header_list *list = self.object->list;
    struct header_list *copy = header_list_new(context);
    for (uint32_t i = 0; copy && i < list->count; i++)
        if (!add(context, copy, list->items[i].name, list->items[i].value))
            return wasi_no_memory(call);
    return give_list(call, copy, ret_result);
}

void fields_drop(void *host, struct wasi_http_types_fields *fields)
{
    header_list_unref(host, fields->list);
    wasi_object_free(host, fields, sizeof(*fields));
}
