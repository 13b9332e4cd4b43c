/* incoming-request, outgoing-request and request-options of wasi:http/types. */
#include "wasi/http_objects.h"

/* Incoming. */

static const char *const method_names[] = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

enum wasm_trap_kind incoming_request_method(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self, struct wasi_http_types_method *ret_result)
{
    (void)call;
    struct str method = self.object->exchange->method;
    for (uint32_t i = 0; i < countof(method_names); i++)
        if (str_is(method, method_names[i])) {
            ret_result->tag = (enum wasi_http_types_method_tag)i;
            return WASM_TRAP_NONE;
        }
    ret_result->tag = WASI_HTTP_TYPES_METHOD_OTHER;
    ret_result->other = method;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind incoming_request_path_with_query(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_option_string *ret_result)
{
    (void)call;
    ret_result->value = self.object->exchange->path;
    ret_result->is_some = ret_result->value.len > 0;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind incoming_request_scheme(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_option_scheme *ret_result)
{
    (void)call;
    struct str scheme = self.object->exchange->scheme;
    ret_result->is_some = scheme.len > 0;
    if (str_equal(scheme, STR("http"))) {
        ret_result->value.tag = WASI_HTTP_TYPES_SCHEME_HTTP;
    } else if (str_equal(scheme, STR("https"))) {
        ret_result->value.tag = WASI_HTTP_TYPES_SCHEME_HTTPS;
    } else {
        ret_result->value.tag = WASI_HTTP_TYPES_SCHEME_OTHER;
        ret_result->value.other = scheme;
    }
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind incoming_request_authority(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_option_string *ret_result)
{
    (void)call;
    ret_result->value = self.object->exchange->authority;
    ret_result->is_some = ret_result->value.len > 0;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind incoming_request_headers(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_fields_own *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct wasi_http_types_incoming_request *request = self.object;
    if (!request->headers)
        request->headers = header_list_of_exchange(context, request->exchange);
    ret_result->object = request->headers ? fields_new(context, request->headers, true) : NULL;
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

enum wasm_trap_kind incoming_request_consume(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_result_own_incoming_body_void *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct wasi_http_types_incoming_request *request = self.object;
    ret_result->is_err = request->consumed;
    if (request->consumed)
        return WASM_TRAP_NONE;
    struct wasi_http_types_incoming_body *object =
        wasi_new(context, struct wasi_http_types_incoming_body);
    struct body_in *body = body_in_new(context, context->exchange);
    if (!object || !body)
        return wasi_no_memory(call);
    object->body = body;
    request->consumed = true;
    ret_result->ok.object = object;
    return WASM_TRAP_NONE;
}

void incoming_request_drop(void *host, struct wasi_http_types_incoming_request *object)
{
    header_list_unref(host, object->headers);
    wasi_object_free(host, object, sizeof(*object));
}

/* Outgoing. */

static bool set_text(struct wasi_context *context, struct owned_text *text, struct str value)
{
    char *copy = wasi_object_raw(context, value.len);
    if (!copy)
        return false;
    if (value.len)
        memcpy(copy, value.ptr, value.len);
    wasi_object_free(context, text->ptr, text->len);
    *text = (struct owned_text){copy, value.len};
    return true;
}

static struct str text_str(const struct owned_text *text)
{
    return str_make(text->ptr, text->len);
}

enum wasm_trap_kind outgoing_request_constructor(struct component_call *call,
    struct wasi_http_types_fields_own headers,
    struct wasi_http_types_outgoing_request_own *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    ret_result->object = wasi_new(context, struct wasi_http_types_outgoing_request);
    if (!ret_result->object)
        return wasi_no_memory(call);
    ret_result->object->headers = fields_take(context, headers.object);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_request_body(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_result_own_outgoing_body_void *ret_result)
{
    return outgoing_message_body(call, self.object->headers, true, &self.object->body, ret_result);
}

enum wasm_trap_kind outgoing_request_method(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self, struct wasi_http_types_method *ret_result)
{
    (void)call;
    ret_result->tag = self.object->method;
    ret_result->other = text_str(&self.object->other_method);
    return WASM_TRAP_NONE;
}

struct str outgoing_request_method_name(const struct wasi_http_types_outgoing_request *request)
{
    if (request->method == WASI_HTTP_TYPES_METHOD_OTHER)
        return text_str(&request->other_method);
    return str_of(method_names[request->method]);
}

enum wasm_trap_kind outgoing_request_set_method(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self, struct wasi_http_types_method method,
    struct wasi_http_types_result_void_void *ret_result)
{
    bool other = method.tag == WASI_HTTP_TYPES_METHOD_OTHER;
    ret_result->is_err = other && !client_is_token(method.other);
    if (ret_result->is_err)
        return WASM_TRAP_NONE;
    if (other && !set_text(wasi_context_of(call), &self.object->other_method, method.other))
        return wasi_no_memory(call);
    self.object->method = method.tag;
    return WASM_TRAP_NONE;
}

static void get_text(
    bool present, const struct owned_text *text, struct wasi_http_types_option_string *ret_result)
{
    ret_result->is_some = present;
    ret_result->value = text_str(text);
}

/* What a URI part may consist of (RFC 3986 2): visible ASCII without these delimiters. */
static bool uri_part_is_valid(struct str part, const char *excluded)
{
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr(excluded, c))
            return false;
    }
    return true;
}

static enum wasm_trap_kind set_optional(struct component_call *call, bool *present,
    struct owned_text *text, struct wasi_http_types_option_string value, const char *excluded,
    struct wasi_http_types_result_void_void *ret_result)
{
    ret_result->is_err = value.is_some && !uri_part_is_valid(value.value, excluded);
    if (ret_result->is_err)
        return WASM_TRAP_NONE;
    if (value.is_some && !set_text(wasi_context_of(call), text, value.value))
        return wasi_no_memory(call);
    *present = value.is_some;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_request_path_with_query(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string *ret_result)
{
    (void)call;
    get_text(self.object->has_path, &self.object->path, ret_result);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_request_set_path_with_query(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string path_with_query,
    struct wasi_http_types_result_void_void *ret_result)
{
    return set_optional(
        call, &self.object->has_path, &self.object->path, path_with_query, "#<>\"", ret_result);
}

enum wasm_trap_kind outgoing_request_scheme(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_scheme *ret_result)
{
    (void)call;
    ret_result->is_some = self.object->has_scheme;
    ret_result->value.tag = self.object->scheme;
    ret_result->value.other = text_str(&self.object->other_scheme);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_request_set_scheme(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_scheme scheme,
    struct wasi_http_types_result_void_void *ret_result)
{
    bool other = scheme.is_some && scheme.value.tag == WASI_HTTP_TYPES_SCHEME_OTHER;
    ret_result->is_err =
        other && (scheme.value.other.len == 0 || !uri_part_is_valid(scheme.value.other, ":/?#[]@"));
    if (ret_result->is_err)
        return WASM_TRAP_NONE;
    if (other && !set_text(wasi_context_of(call), &self.object->other_scheme, scheme.value.other))
        return wasi_no_memory(call);
    self.object->has_scheme = scheme.is_some;
    if (scheme.is_some)
        self.object->scheme = scheme.value.tag;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_request_authority(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string *ret_result)
{
    (void)call;
    get_text(self.object->has_authority, &self.object->authority, ret_result);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_request_set_authority(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string authority,
    struct wasi_http_types_result_void_void *ret_result)
{
    return set_optional(call, &self.object->has_authority, &self.object->authority, authority,
        "/?#<>\"\\^`{|}", ret_result);
}

enum wasm_trap_kind outgoing_request_headers(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_fields_own *ret_result)
{
    ret_result->object = fields_new(wasi_context_of(call), self.object->headers, true);
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

void outgoing_request_drop(void *host, struct wasi_http_types_outgoing_request *object)
{
    header_list_unref(host, object->headers);
    body_out_unref(host, object->body);
    wasi_object_free(host, object->other_method.ptr, object->other_method.len);
    wasi_object_free(host, object->path.ptr, object->path.len);
    wasi_object_free(host, object->authority.ptr, object->authority.len);
    wasi_object_free(host, object->other_scheme.ptr, object->other_scheme.len);
    wasi_object_free(host, object, sizeof(*object));
}

struct str outgoing_request_destination(struct wasi_context *context,
    const struct wasi_http_types_outgoing_request *request, struct str *ret_scheme,
    struct str *ret_authority)
{
    *ret_scheme = STR("https");
    if (request->has_scheme && request->scheme == WASI_HTTP_TYPES_SCHEME_HTTP)
        *ret_scheme = STR("http");
    if (request->has_scheme && request->scheme == WASI_HTTP_TYPES_SCHEME_OTHER)
        *ret_scheme = text_str(&request->other_scheme);
    *ret_authority = request->has_authority ? text_str(&request->authority) : STR_EMPTY;
    size_t size = ret_scheme->len + ret_authority->len + 4;
    char *text = wasi_temporary(context, size, 1);
    if (!text)
        return STR_EMPTY;
    int len = snprintf(
        text, size, "%" STR_FMT "://%" STR_FMT, STR_ARG(*ret_scheme), STR_ARG(*ret_authority));
    return str_make(text, (size_t)len);
}

/* Options. */

enum wasm_trap_kind request_options_constructor(
    struct component_call *call, struct wasi_http_types_request_options_own *ret_result)
{
    ret_result->object = wasi_new(wasi_context_of(call), struct wasi_http_types_request_options);
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

#define TIMEOUT_OPTION(member, getter, setter)               \
    enum wasm_trap_kind getter(struct component_call *call,  \
        struct wasi_http_types_request_options_borrow self,  \
        struct wasi_http_types_option_u64 *ret_result)       \
    {                                                        \
        (void)call;                                          \
        *ret_result = self.object->member;                   \
        return WASM_TRAP_NONE;                               \
    }                                                        \
    enum wasm_trap_kind setter(struct component_call *call,  \
        struct wasi_http_types_request_options_borrow self,  \
        struct wasi_http_types_option_u64 duration,          \
        struct wasi_http_types_result_void_void *ret_result) \
    {                                                        \
        (void)call;                                          \
        self.object->member = duration;                      \
        ret_result->is_err = false;                          \
        return WASM_TRAP_NONE;                               \
    }
TIMEOUT_OPTION(connect, request_options_connect_timeout, request_options_set_connect_timeout)
TIMEOUT_OPTION(
    first_byte, request_options_first_byte_timeout, request_options_set_first_byte_timeout)
TIMEOUT_OPTION(
    between_bytes, request_options_between_bytes_timeout, request_options_set_between_bytes_timeout)
#undef TIMEOUT_OPTION

void request_options_drop(void *host, struct wasi_http_types_request_options *object)
{
    wasi_object_free(host, object, sizeof(*object));
}
