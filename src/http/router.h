/*
 * Routes of the HTTP trigger: "/exact", "/users/:id", "/static/...".
 *
 * Segment by segment, a literal one goes before a parameter and a parameter before a wildcard; so
 * among wildcards the one with the longest prefix wins. A slash at the end of the request's path
 * does not matter. A route given twice: the last one wins.
 */
#ifndef SPINDLE_HTTP_ROUTER_H
#define SPINDLE_HTTP_ROUTER_H

#include "base/limits.h"
#include "base/vec.h"

struct route {
    struct str raw;     /* as written */
    struct str matched; /* normalised, "/..." included; "" for "/" */
    struct str prefix;  /* normalised, without "/..." */
    bool wildcard;
    size_t parameter_count;
    struct str parameters[LIMIT_ROUTE_PARAMETERS]; /* names, in order */
    void *value;
};

struct route_node;

struct router {
    struct arena *arena;
    struct route_node *root;
};

struct route_match {
    const struct route *route;
    struct str rest; /* what the wildcard stands for, with its leading slash; else empty */
    struct str values[LIMIT_ROUTE_PARAMETERS]; /* of the parameters */
};

void router_init(struct router *r, struct arena *a);
/* Returns the route that the new one replaces, or NULL. `raw` must live as long as the arena. */
const struct route *router_add(struct router *r, struct str raw, void *value);
/* `path` without a query. Returns false when nothing matches. */
bool router_find(const struct router *r, struct str path, struct route_match *ret_match);

#endif
