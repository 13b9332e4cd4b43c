#include "cli/table.h"

#include <stdio.h>

struct cli_table cli_table_new(
    struct arena *a, size_t count, const char *first, const char *second, const char *third)
{
    return (struct cli_table){
        .columns = third    ? 3
                   : second ? 2
                            : 1,
        .head = {first, second, third},
        .count = count,
        .rows = arena_alloc(a, (count + 1) * sizeof(struct cli_row)),
    };
}

/* Characters, not bytes. */
static size_t width_of(struct str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return width;
}

static void print_rule(char mark, size_t width)
{
    putchar('+');
    for (size_t i = 0; i < width; i++)
        putchar(mark);
    printf("+\n");
}

/* What a terminal would obey, in a text of somebody else, is shown as a question mark. */
static void print_cell(struct str text, size_t width)
{
    for (size_t i = 0; i < text.len; i++)
        putchar((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ? '?' : text.ptr[i]);
    for (size_t used = width_of(text); used < width; used++)
        putchar(' ');
}

static void print_line(
    const struct cli_table *table, const struct str *cells, const size_t widths[TABLE_COLUMNS])
{
    printf("| ");
    for (size_t i = 0; i < table->columns; i++) {
        if (i)
            printf("   ");
        print_cell(cells[i], widths[i]);
    }
    printf(" |\n");
}

void cli_table_print(const struct cli_table *table)
{
    struct str head[TABLE_COLUMNS];
    size_t widths[TABLE_COLUMNS] = {0}, whole = 2 + 3 * (table->columns - 1);
    for (size_t i = 0; i < table->columns; i++) {
        head[i] = str_of(table->head[i]);
        widths[i] = width_of(head[i]);
        for (size_t j = 0; j < table->count; j++)
            if (width_of(table->rows[j].cells[i]) > widths[i])
                widths[i] = width_of(table->rows[j].cells[i]);
        whole += widths[i];
    }
    print_rule('-', whole);
    print_line(table, head, widths);
    print_rule('=', whole);
    for (size_t i = 0; i < table->count; i++)
        print_line(table, table->rows[i].cells, widths);
    print_rule('-', whole);
}
