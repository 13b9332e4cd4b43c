/*
 * Between toml.cc, which is C++, and toml.c. Nobody else includes it. Plain C types only, as the
 * other headers of this folder are not C++.
 */
#ifndef SPINDLE_BASE_TOML_BRIDGE_H
#define SPINDLE_BASE_TOML_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum toml_kind {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_DATE, /* date, time or both; its value is not kept */
    TOML_ARRAY,
    TOML_TABLE,
};

/* A value as the parser meets it. Text is valid during the call only. */
struct toml_seen {
    enum toml_kind kind;
    uint32_t line, column; /* of the value, from 1 */
    const char *text;      /* TOML_STRING */
    size_t text_len;
    int64_t integer; /* TOML_INTEGER, TOML_BOOLEAN */
    double number;   /* TOML_FLOAT */
    const char *key; /* in a table, else NULL */
    size_t key_len;
    uint32_t key_line, key_column;
};

struct toml_problem {
    uint32_t line, column;
    char message[256];
};

/*
 * Parses and calls `see` for each value, parents before children; `parent` is what `see` returned
 * for the table or array around it, NULL for the root. Returns 0, or -1 with *problem filled.
 */
int toml_bridge_parse(const char *text, size_t len,
    void *(*see)(void *data, void *parent, const struct toml_seen *value), void *data,
    struct toml_problem *problem);

#ifdef __cplusplus
}
#endif

#endif
