#include "../unit.h"

#include "app/request_fields.h"
#include "base/buf.h"
#include "base/limits.h"

/* "name=value\n" of every field, in order. */
static void check(
    const char *route, const char *path, const char *const *client, const char *expected)
{
    struct arena a = ARENA_INIT(MIB);
    struct router router;
    struct route_match match;
    struct http_field fields[16];
    struct http_exchange x = {.arena = &a,
        .path = str_of(path),
        .scheme = STR("http"),
        .authority = STR("example.com:81"),
        .client_address = STR("127.0.0.1:5"),
        .fields = fields};
    for (; *client; client += 2)
        fields[x.field_count++] = (struct http_field){str_of(client[0]), str_of(client[1])};
    router_init(&router, &a);
    router_add(&router, str_of(route), NULL);
    const char *query = strchr(path, '?');
    size_t len = query ? (size_t)(query - path) : strlen(path);
    assert_true(router_find(&router, str_make(path, len), &match));
    assert_true(request_add_spin_fields(&x, &match));
    struct buf text = BUF_INIT(MIB);
    for (size_t i = 0; i < x.field_count; i++)
        buf_printf(&text, "%" STR_FMT "=%" STR_FMT "\n", STR_ARG(x.fields[i].name),
            STR_ARG(x.fields[i].value));
    assert_string_equal(buf_cstr(&text), expected);
    buf_release(&text);
    arena_release(&a);
}

static void of_a_wildcard(void **state)
{
    (void)state;
    static const char *const client[] = {"host", "h", "accept", "*/*", "x-a", "1", NULL};
    check("/...", "/hello?a=b", client,
        "spin-client-addr=127.0.0.1:5\n"
        "accept=*/*\n"
        "x-a=1\n"
        "spin-path-info=/hello\n"
        "spin-full-url=http://example.com:81/hello?a=b\n"
        "spin-matched-route=/...\n"
        "spin-base-path=/\n"
        "spin-raw-component-route=/...\n"
        "spin-component-route=\n");
}

/* The shape that Spin's conformance tests ask for. */
static void of_parameters(void **state)
{
    (void)state;
    static const char *const client[] = {NULL};
    check("/base/:path_segment/:Path_end/...", "/base/path/end/rest?key=value", client,
        "spin-client-addr=127.0.0.1:5\n"
        "spin-path-info=/rest\n"
        "spin-full-url=http://example.com:81/base/path/end/rest?key=value\n"
        "spin-matched-route=/base/:path_segment/:Path_end/...\n"
        "spin-base-path=/\n"
        "spin-raw-component-route=/base/:path_segment/:Path_end/...\n"
        "spin-component-route=/base/:path_segment/:Path_end\n"
        "spin-path-match-path-segment=path\n"
        "spin-path-match-path-end=end\n");
}

static void of_the_root(void **state)
{
    (void)state;
    static const char *const client[] = {NULL};
    check("/", "/", client,
        "spin-client-addr=127.0.0.1:5\n"
        "spin-path-info=\n"
        "spin-full-url=http://example.com:81/\n"
        "spin-matched-route=\n"
        "spin-base-path=/\n"
        "spin-raw-component-route=/\n"
        "spin-component-route=\n");
}

static void those_of_the_client_are_removed(void **state)
{
    (void)state;
    static const char *const client[] = {"spin-path-info", "forged", "spin-anything", "forged",
        "connection", "x", "transfer-encoding", "chunked", "upgrade", "h2c", "content-length", "3",
        "spinx", "kept", NULL};
    check("/a", "/a", client,
        "spin-client-addr=127.0.0.1:5\n"
        "content-length=3\n"
        "spinx=kept\n"
        "spin-path-info=\n"
        "spin-full-url=http://example.com:81/a\n"
        "spin-matched-route=/a\n"
        "spin-base-path=/\n"
        "spin-raw-component-route=/a\n"
        "spin-component-route=/a\n");
}

/* Guests make requests too, of what they like. */
static void too_many(void **state)
{
    (void)state;
    static struct http_field fields[10000];
    struct arena a = ARENA_INIT(64 * KIB);
    static const struct route route = {.matched = STR("/...")};
    const struct route_match match = {.route = &route};
    struct http_exchange x = {.arena = &a, .fields = fields, .field_count = countof(fields)};
    assert_false(request_add_spin_fields(&x, &match));
    char *path = calloc(1, 64 * KIB);
    x.field_count = 1;
    x.path = str_make(path, 64 * KIB);
    assert_false(request_add_spin_fields(&x, &match));
    x.path = str_make(path, KIB);
    assert_true(request_add_spin_fields(&x, &match));
    free(path);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_wildcard),
        cmocka_unit_test(of_parameters),
        cmocka_unit_test(of_the_root),
        cmocka_unit_test(those_of_the_client_are_removed),
        cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
