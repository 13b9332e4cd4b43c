/* The path of a request on the first line, routes below. */
#include "http/router.h"

#include "fuzz.h"
#include "manifest/names.h"

static bool lies_in(struct str part, struct str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct router router;
    struct route_match match;
    struct str path = fuzz_line(&input);
    router_init(&router, &arena);
    while (input.len) {
        struct str route = fuzz_line(&input);
        if (!check_route(&arena, route))
            router_add(&router, route, NULL);
    }
    if (!router_find(&router, path, &match))
        return;
    BUG_IF(!lies_in(match.rest, path));
    for (size_t i = 0; i < match.route->parameter_count; i++)
        BUG_IF(!lies_in(match.values[i], path) || !match.values[i].len);
}
