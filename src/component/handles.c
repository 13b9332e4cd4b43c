#include "component/handles.h"

#include "base/limits.h"

/* One request with many handles must not hold their memory for ever. */
enum { MOST_KEPT = 4096 };

void handles_release(struct handle_table *t)
{
    free(t->data);
    *t = (struct handle_table){0};
}

void handles_clear(struct handle_table *t)
{
    if (t->cap > MOST_KEPT)
        handles_release(t);
    t->len = t->free = t->live = 0;
}

static bool grow(struct handle_table *t)
{
    uint32_t cap = t->cap ? t->cap * 2 : 16;
    struct handle *data = realloc(t->data, (size_t)cap * sizeof(*data));
    if (!data)
        return false;
    t->data = data;
    t->cap = cap;
    return true;
}

bool handles_add(struct handle_table *t, const void *tag, void *rep, struct borrow_scope *scope,
    uint32_t *ret_handle)
{
    uint32_t handle = t->free;
    if (handle) {
        t->free = t->data[handle].next;
    } else {
        if (t->len == 0)
            t->len = 1;
        if (t->len > LIMIT_HANDLES || (t->len >= t->cap && !grow(t)))
            return false;
        handle = t->len++;
    }
    t->data[handle] = (struct handle){.tag = tag, .rep = rep, .scope = scope};
    t->live++;
    *ret_handle = handle;
    return true;
}

struct handle *handles_get(const struct handle_table *t, uint32_t handle)
{
    if (handle == 0 || handle >= t->len || !t->data[handle].tag)
        return NULL;
    return &t->data[handle];
}

void handles_remove(struct handle_table *t, uint32_t handle)
{
    t->data[handle] = (struct handle){.next = t->free};
    t->free = handle;
    t->live--;
}
