/*
 * A map from text to pointer, in an arena. Keys are views: the caller keeps their bytes alive.
 * Insertion order is kept. Nothing is ever removed. Hashing is keyed per map, so that hostile keys
 * do not collide on purpose.
 */
#ifndef SPINDLE_BASE_MAP_H
#define SPINDLE_BASE_MAP_H

#include "base/arena.h"

struct map_entry {
    struct str key;
    void *value;
    uint64_t hash;
};

struct map {
    struct arena *arena;
    struct map_entry *entries; /* in order of insertion */
    uint32_t *slots;           /* index + 1 into entries, 0 = free; a power of two of them */
    size_t len, cap, slot_count;
    uint64_t seed;
};

/* An empty map whose memory comes from `a`. */
void map_init(struct map *m, struct arena *a);
/* The value, or NULL if there is none. */
void *map_get(const struct map *m, struct str key);
/* Adds or replaces. Returns false when the arena is at its max. */
MUST_CHECK bool map_put(struct map *m, struct str key, void *value);

#endif
