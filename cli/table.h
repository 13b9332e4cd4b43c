/*
 * A table as Spin prints it: a frame, a double rule below the head, columns three spaces apart.
 */
#ifndef SPINDLE_CLI_TABLE_H
#define SPINDLE_CLI_TABLE_H

#include "base/arena.h"

enum { TABLE_COLUMNS = 3 };

struct cli_table {
    size_t columns; /* at most TABLE_COLUMNS */
    const char *head[TABLE_COLUMNS];
    size_t count;
    struct cli_row {
        struct str cells[TABLE_COLUMNS];
    } *rows;
};

/* Rows for `count` lines, to be filled. */
struct cli_table cli_table_new(
    struct arena *a, size_t count, const char *first, const char *second, const char *third);
/* On standard output. */
void cli_table_print(const struct cli_table *table);

#endif
