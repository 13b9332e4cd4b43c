#include "http/router.h"

struct route_child {
    struct str segment;
    struct route_node *node;
};

struct route_node {
    VEC(struct route_child) literals;
    struct route_node *parameter;
    struct route *exact, *wildcard;
};

void router_init(struct router *r, struct arena *a)
{
    r->arena = a;
    r->root = arena_new(a, struct route_node);
}

/* The next segment of "/a/b", with `*path` left at "/b". */
static struct str take_segment(struct str *path)
{
    struct str rest = str_skip(*path, path->len && path->ptr[0] == '/' ? 1 : 0);
    ptrdiff_t end = str_find_byte(rest, '/');
    struct str segment = str_make(rest.ptr, end < 0 ? rest.len : (size_t)end);
    *path = str_make(rest.ptr + segment.len, rest.len - segment.len);
    return segment;
}

static struct route_node *find_literal(const struct route_node *node, struct str segment)
{
    for (size_t i = 0; i < node->literals.len; i++)
        if (str_equal(node->literals.data[i].segment, segment))
            return node->literals.data[i].node;
    return NULL;
}

static struct route_node *literal_child(
    struct router *r, struct route_node *node, struct str segment)
{
    struct route_node *child = find_literal(node, segment);
    if (child)
        return child;
    struct route_child *slot = VEC_PUSH(&node->literals, r->arena);
    BUG_IF(!slot);
    slot->segment = segment;
    slot->node = arena_new(r->arena, struct route_node);
    return slot->node;
}

static struct route_node *parameter_child(struct router *r, struct route_node *node)
{
    if (!node->parameter)
        node->parameter = arena_new(r->arena, struct route_node);
    return node->parameter;
}

/* Leading slash added, one at the end dropped, "/..." taken off. */
static void normalise(struct router *r, struct str raw, struct route *route)
{
    struct str path = raw;
    if (!path.len || path.ptr[0] != '/')
        path = str_of(arena_printf(r->arena, "/%" STR_FMT, STR_ARG(path)));
    route->raw = raw;
    if (str_ends_with(path, STR("/..."))) {
        route->wildcard = true;
        path.len -= 4;
    } else if (str_ends_with(path, STR("/*"))) {
        route->wildcard = true;
        path.len -= 2;
    } else if (path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    route->prefix = path;
    route->matched =
        route->wildcard ? str_of(arena_printf(r->arena, "%" STR_FMT "/...", STR_ARG(path))) : path;
}

const struct route *router_add(struct router *r, struct str raw, void *value)
{
    struct route *route = arena_new(r->arena, struct route);
    normalise(r, raw, route);
    route->value = value;
    struct route_node *node = r->root;
    struct str rest = route->prefix;
    while (rest.len) {
        struct str segment = take_segment(&rest);
        if (segment.len < 2 || segment.ptr[0] != ':') {
            node = literal_child(r, node, segment);
            continue;
        }
        BUG_IF(route->parameter_count == LIMIT_ROUTE_PARAMETERS);
        route->parameters[route->parameter_count++] = str_skip(segment, 1);
        node = parameter_child(r, node);
    }
    struct route **slot = route->wildcard ? &node->wildcard : &node->exact;
    const struct route *replaced = *slot;
    *slot = route;
    return replaced;
}

static bool match_wildcard(
    const struct route_node *node, struct str rest, struct route_match *match)
{
    match->route = node->wildcard;
    match->rest = rest;
    return node->wildcard != NULL;
}

static bool find_below(const struct route_node *node, struct str rest, size_t parameters,
    unsigned depth, struct route_match *match)
{
    bool at_end = !rest.len || (rest.len == 1 && rest.ptr[0] == '/');
    if (at_end && node->exact) {
        match->route = node->exact;
        match->rest = STR_EMPTY;
        return true;
    }
    if (at_end || depth == LIMIT_ROUTE_SEGMENTS)
        return match_wildcard(node, rest, match);
    struct str after = rest, segment = take_segment(&after);
    const struct route_node *literal = find_literal(node, segment);
    if (literal && find_below(literal, after, parameters, depth + 1, match))
        return true;
    if (node->parameter && segment.len && parameters < LIMIT_ROUTE_PARAMETERS) {
        match->values[parameters] = segment;
        if (find_below(node->parameter, after, parameters + 1, depth + 1, match))
            return true;
    }
    return match_wildcard(node, rest, match);
}

bool router_find(const struct router *r, struct str path, struct route_match *ret_match)
{
    return find_below(r->root, path, 0, 0, ret_match);
}
