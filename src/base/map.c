#include "base/map.h"

#include <sys/random.h>

/* FNV-1a over a per-map seed, with a final mix so that the low bits depend on every byte. */
static uint64_t hash_of(const struct map *m, struct str key)
{
    uint64_t hash = 0xcbf29ce484222325u ^ m->seed;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (uint8_t)key.ptr[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

void map_init(struct map *m, struct arena *a)
{
    *m = (struct map){.arena = a};
    if (getrandom(&m->seed, sizeof m->seed, GRND_NONBLOCK) != (ssize_t)sizeof m->seed)
        m->seed = (uintptr_t)m;
}

/* The slot that holds the key, or the free one where it would go. */
static uint32_t *slot_of(const struct map *m, struct str key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &m->slots[i];
        if (*slot == 0)
            return slot;
        const struct map_entry *entry = &m->entries[*slot - 1];
        if (entry->hash == hash && str_equal(entry->key, key))
            return slot;
    }
}

void *map_get(const struct map *m, struct str key)
{
    if (m->len == 0)
        return NULL;
    uint32_t slot = *slot_of(m, key, hash_of(m, key));
    return slot ? m->entries[slot - 1].value : NULL;
}

/* Keeps the table at most half full. */
static bool grow(struct map *m)
{
    size_t cap = m->cap ? m->cap * 2 : 8;
    if (cap > UINT32_MAX / 2)
        return false;
    struct map_entry *entries = arena_try_array(m->arena, cap, struct map_entry);
    uint32_t *slots = arena_try_array(m->arena, cap * 2, uint32_t);
    if (!entries || !slots)
        return false;
    if (m->len)
        memcpy(entries, m->entries, m->len * sizeof *entries);
    m->entries = entries;
    m->slots = slots;
    m->cap = cap;
    m->slot_count = cap * 2;
    for (size_t i = 0; i < m->len; i++)
        *slot_of(m, entries[i].key, entries[i].hash) = (uint32_t)(i + 1);
    return true;
}

bool map_put(struct map *m, struct str key, void *value)
{
    if (m->len == m->cap && !grow(m))
        return false;
    uint64_t hash = hash_of(m, key);
    uint32_t *slot = slot_of(m, key, hash);
    if (*slot == 0) {
        m->entries[m->len++] = (struct map_entry){.key = key, .hash = hash};
        *slot = (uint32_t)m->len;
    }
    m->entries[*slot - 1].value = value;
    return true;
}
