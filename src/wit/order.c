#include "wit/node.h"

/*
 * Kahn's algorithm with the smallest ready index taken first, so that the result keeps the order of
 * the text wherever dependencies leave a choice.
 */
struct sorter {
    const struct order_entry *entries;
    size_t count;
    uint32_t **users;      /* entry -> the entries that need it, once for each need */
    uint32_t *user_counts; /* of users */
    uint32_t *needs_left;  /* needs that are not yet in the order */
    uint32_t *ready;       /* a binary heap of indexes, smallest first */
    size_t ready_count;
};

static void heap_push(struct sorter *s, uint32_t value)
{
    size_t i = s->ready_count++;
    for (; i > 0 && s->ready[(i - 1) / 2] > value; i = (i - 1) / 2)
        s->ready[i] = s->ready[(i - 1) / 2];
    s->ready[i] = value;
}

static uint32_t heap_pop(struct sorter *s)
{
    uint32_t top = s->ready[0];
    uint32_t value = s->ready[--s->ready_count];
    size_t i = 0;
    for (size_t child = 1; child < s->ready_count; child = 2 * i + 1) {
        if (child + 1 < s->ready_count && s->ready[child + 1] < s->ready[child])
            child++;
        if (s->ready[child] >= value)
            break;
        s->ready[i] = s->ready[child];
        i = child;
    }
    s->ready[i] = value;
    return top;
}

/* Finds each need's entry, counts, and fills `users`. */
static int link_needs(struct sorter *s, struct arena *a, const char *what, struct error *err)
{
    struct map index;
    map_init(&index, a);
    for (size_t i = 0; i < s->count; i++)
        if (!map_put(&index, s->entries[i].name, (void *)(uintptr_t)(i + 1)))
            return error_set(err, ERROR_MEMORY, "too many names");
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < s->count; i++) {
            for (size_t n = 0; n < s->entries[i].needs.len; n++) {
                const struct ast_id *need = &s->entries[i].needs.data[n];
                uintptr_t found = (uintptr_t)map_get(&index, need->name);
                if (!found)
                    return wit_error_at(err, need->at, "%s `%" STR_FMT "` does not exist", what,
                        STR_ARG(need->name));
                if (pass == 0)
                    s->needs_left[found - 1]++;
                else
                    s->users[found - 1][s->user_counts[found - 1]++] = (uint32_t)i;
            }
        }
        for (size_t i = 0; i < s->count && pass == 0; i++) {
            s->users[i] = arena_try_array(a, s->needs_left[i] + 1, uint32_t);
            if (!s->users[i])
                return error_set(err, ERROR_MEMORY, "too many names");
            s->needs_left[i] = (uint32_t)s->entries[i].needs.len;
        }
    }
    return 0;
}

/* The first need, in the order of the text, that is part of a cycle or behind one. */
static int report_cycle(const struct sorter *s, const char *what, struct error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        for (size_t n = 0; s->needs_left[i] > 0 && n < s->entries[i].needs.len; n++) {
            const struct ast_id *need = &s->entries[i].needs.data[n];
            for (size_t j = 0; j < s->count; j++) {
                const struct order_entry *entry = &s->entries[j];
                if (s->needs_left[j] > 0 && str_equal(entry->name, need->name))
                    return wit_error_at(err, entry->at.source ? entry->at : need->at,
                        "%s `%" STR_FMT "` depends on itself", what, STR_ARG(need->name));
            }
        }
    }
    BUG("a cycle without a need");
}

int wit_order(struct arena *a, const char *what, const struct order_entry *entries, size_t count,
    uint32_t *ret_order, struct error *err)
{
    struct sorter s = {.entries = entries, .count = count};
    s.users = arena_try_array(a, count + 1, uint32_t *);
    s.user_counts = arena_try_array(a, count + 1, uint32_t);
    s.needs_left = arena_try_array(a, count + 1, uint32_t);
    s.ready = arena_try_array(a, count + 1, uint32_t);
    if (!s.users || !s.user_counts || !s.needs_left || !s.ready)
        return error_set(err, ERROR_MEMORY, "too many names");
    if (link_needs(&s, a, what, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (s.needs_left[i] == 0)
            heap_push(&s, (uint32_t)i);
    size_t done = 0;
    while (s.ready_count > 0) {
        uint32_t i = heap_pop(&s);
        ret_order[done++] = i;
        for (uint32_t u = 0; u < s.user_counts[i]; u++)
            if (--s.needs_left[s.users[i][u]] == 0)
                heap_push(&s, s.users[i][u]);
    }
    return done == count ? 0 : report_cycle(&s, what, err);
}
