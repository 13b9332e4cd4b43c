/*
 * Serving some components of an application only.
 */
#include "manifest/manifest.h"

static bool is_selected(struct str id, const char *const *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(id, ids[i]))
            return true;
    return false;
}

/* The component that a host is the inner name of ("*" for any), or empty. */
static struct str chained_to(struct str host)
{
    static const struct str inner = STR(".spin.internal");
    for (size_t i = 0; i + 3 <= host.len; i++)
        if (str_starts_with(str_skip(host, i), STR("://"))) {
            host = str_skip(host, i + 3);
            break;
        }
    for (size_t i = 0; i < host.len; i++)
        if (str_starts_with(str_skip(host, i), inner))
            return str_make(host.ptr, i);
    return STR_EMPTY;
}

static int check_chaining(const struct manifest *m, const struct manifest_component *c,
    const char *const *ids, size_t count, struct error *err)
{
    for (size_t i = 0; i < c->allowed_outbound_hosts.count; i++) {
        const struct manifest_string *host = &c->allowed_outbound_hosts.items[i];
        struct str target = chained_to(host->text);
        if (!target.len || is_selected(target, ids, count))
            continue;
        return manifest_fail(m, host->place, ERROR_USAGE, err,
            "Selected component '%" STR_FMT "' cannot use %s: allowed_outbound_hosts = "
            "[\"%" STR_FMT "\"]",
            STR_ARG(c->id),
            str_is(target, "*") ? "wildcard service chaining"
                                : "service chaining to unselected component",
            STR_ARG(host->text));
    }
    return 0;
}

int manifest_select(struct manifest *m, const char *const *ids, size_t count, struct error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct manifest_component *c = manifest_find(m, str_of(ids[i]));
        if (!c)
            return error_set(err, ERROR_NOT_FOUND,
                "Specified component \"%s\" not found in application", ids[i]);
        if (check_chaining(m, c, ids, count, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < m->trigger_count; i++)
        if (is_selected(m->triggers[i].component, ids, count))
            m->triggers[kept++] = m->triggers[i];
    m->trigger_count = kept;
    return 0;
}
