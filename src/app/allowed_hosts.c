/* `allowed_outbound_hosts` of a component, for everything that connects to elsewhere. */
#include "app/component.h"

/* What an optional template resolves to when it is not set: no host at all. */
static bool is_nothing(struct str pattern)
{
    return !pattern.len || str_is(pattern, "http://") || str_is(pattern, "https://");
}

int app_allowed_hosts_grant(
    struct app_component *c, const struct manifest *manifest, struct error *err)
{
    const struct manifest_strings *listed = &c->manifest->allowed_outbound_hosts;
    struct str *patterns = arena_try_array(&c->grants, listed->count + 1, struct str);
    size_t *items = arena_try_array(&c->grants, listed->count + 1, size_t); /* of each pattern */
    size_t count = 0, bad = 0;
    if (!patterns || !items)
        return error_set(err, ERROR_MEMORY, "no memory for a component's grants");
    for (size_t i = 0; i < listed->count; i++) {
        struct str pattern;
        if (app_variables_expand(&c->services->variables, manifest, listed->items[i].text,
                listed->items[i].place, &c->grants, &pattern, err) < 0)
            return -1;
        if (is_nothing(pattern))
            continue;
        items[count] = i;
        patterns[count++] = pattern;
    }
    if (client_allowed_hosts_parse(&c->grants, patterns, count, &c->allowed_hosts, &bad, err) < 0)
        return manifest_fail_with(manifest, listed->items[items[bad]].place, err,
            "`allowed_outbound_hosts` is malformed");
    return 0;
}
