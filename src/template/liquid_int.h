/*
 * What the passes of Liquid share: pieces and words (lexer), the tree (parser), values (renderer).
 * Only src/template/liquid_*.c include it.
 */
#ifndef SPINDLE_TEMPLATE_LIQUID_INT_H
#define SPINDLE_TEMPLATE_LIQUID_INT_H

#include "template/liquid.h"

struct liquid_source {
    const char *name;
    struct str text;
};

/* "name:line:column: MESSAGE". Returns -1. */
PRINTF_LIKE(5, 6)
int liquid_fail(const struct liquid_source *source, size_t offset, enum error_kind kind,
    struct error *err, const char *fmt, ...);

/* ------------------------------------------------------------------------------- lexer: pieces */

enum liquid_piece_kind { PIECE_END, PIECE_TEXT, PIECE_OUTPUT, PIECE_TAG };

struct liquid_piece {
    enum liquid_piece_kind kind;
    struct str inside; /* between the marks, or the text */
    size_t offset;     /* of `inside` in the source */
};

struct liquid_lexer {
    const struct liquid_source *source;
    size_t pos;
    bool trim; /* the piece before ended in "-}}" or "-%}" */
};

int liquid_next_piece(struct liquid_lexer *l, struct liquid_piece *ret, struct error *err);
/* Everything up to the tag `end`, unread, which is passed too. */
int liquid_skip_to_tag(
    struct liquid_lexer *l, const char *end, struct str *ret_text, struct error *err);

/* ------------------------------------------------- lexer: words, inside of an output or a tag */

enum liquid_word_kind { WORD_END, WORD_NAME, WORD_STRING, WORD_INTEGER, WORD_NUMBER, WORD_SYMBOL };

struct liquid_word {
    enum liquid_word_kind kind;
    struct str text; /* of a string: without the quotes */
    int64_t integer;
    double number;
    size_t offset; /* in the source */
};

/* The current word, and what follows it. */
struct liquid_words {
    const struct liquid_source *source;
    struct liquid_word word;
    size_t pos, end; /* in the source */
};

int liquid_words_start(struct liquid_words *w, const struct liquid_source *source,
    const struct liquid_piece *piece, struct error *err);
int liquid_words_next(struct liquid_words *w, struct error *err);
bool liquid_word_is(const struct liquid_words *w, const char *symbol_or_name);

/* -------------------------------------------------------------------------------------- values */

enum liquid_kind {
    LIQUID_NIL,
    LIQUID_BOOL,
    LIQUID_INTEGER,
    LIQUID_NUMBER,
    LIQUID_STRING,
    LIQUID_ARRAY,
    LIQUID_OBJECT, /* forloop */
    LIQUID_EMPTY,  /* the word `empty` or `blank`, to be compared with */
};

struct liquid_value {
    enum liquid_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct str string;
        struct {
            size_t count;
            const struct liquid_value *items;
            const struct str *keys; /* LIQUID_OBJECT */
        };
    };
};

static inline struct liquid_value liquid_string(struct str s)
{
    return (struct liquid_value){.kind = LIQUID_STRING, .string = s};
}

static inline struct liquid_value liquid_integer(int64_t i)
{
    return (struct liquid_value){.kind = LIQUID_INTEGER, .integer = i};
}

/* Only nil and false are false. */
bool liquid_truth(const struct liquid_value *v);
bool liquid_equal(const struct liquid_value *a, const struct liquid_value *b);
/* *ret < 0, 0, > 0; false if the two cannot be ordered. */
bool liquid_compare(const struct liquid_value *a, const struct liquid_value *b, int *ret);
bool liquid_contains(const struct liquid_value *whole, const struct liquid_value *part);
/* As output shows it. */
void liquid_append(const struct liquid_value *v, struct buf *out);
/* The text of any value, in the arena; false when that is full. */
MUST_CHECK bool liquid_text(struct arena *a, const struct liquid_value *v, struct str *ret);
/* A number, or a string that is one. */
bool liquid_to_number(const struct liquid_value *v, struct liquid_value *ret);

/* ------------------------------------------------------------------------------------- filters */

enum { LIQUID_MAX_ARGUMENTS = 3 };

struct liquid_filter {
    const char *name;
    unsigned min, max; /* arguments */
    /* NULL, or what is wrong. LIQUID_FULL when the arena is. */
    const char *(*apply)(struct arena *a, const struct liquid_value *input,
        const struct liquid_value *arguments, size_t count, struct liquid_value *ret);
};

extern const char LIQUID_FULL[];

const struct liquid_filter *liquid_find_filter(struct str name);

/* ---------------------------------------------------------------------------------------- tree */

/* A literal, or a variable with what is asked of it: a.b[0]. */
struct liquid_expression {
    bool is_literal;
    struct liquid_value literal;
    struct str name;
    struct liquid_access *accesses;
    size_t offset;
};

struct liquid_access {
    struct liquid_access *next;
    const struct liquid_expression *index; /* .name is a literal string */
};

struct liquid_call {
    struct liquid_call *next;
    const struct liquid_filter *filter;
    size_t count;
    const struct liquid_expression *arguments[LIQUID_MAX_ARGUMENTS];
    size_t offset;
};

/* expression | filter | filter */
struct liquid_pipeline {
    const struct liquid_expression *start;
    struct liquid_call *calls;
};

enum liquid_operator {
    OP_TRUTH,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_CONTAINS,
    OP_AND, /* of the two conditions */
    OP_OR,
};

struct liquid_condition {
    enum liquid_operator op;
    const struct liquid_expression *left, *right;
    const struct liquid_condition *first, *second;
};

enum liquid_node_kind {
    NODE_TEXT,
    NODE_OUTPUT,
    NODE_IF,
    NODE_CASE,
    NODE_FOR,
    NODE_ASSIGN,
    NODE_CAPTURE,
    NODE_PARTIAL,
    NODE_BREAK,
    NODE_CONTINUE,
};

/* One arm of if, unless or case. */
struct liquid_branch {
    struct liquid_branch *next;
    bool otherwise;                           /* else */
    bool negated;                             /* unless */
    const struct liquid_condition *condition; /* of if and unless */
    struct liquid_item *values;               /* of case: any of them */
    struct liquid_node *body;
};

struct liquid_item {
    struct liquid_item *next;
    struct str name; /* of an argument */
    const struct liquid_expression *value;
};

struct liquid_for {
    const struct liquid_expression *source; /* NULL: the range */
    const struct liquid_expression *from, *to;
    const struct liquid_expression *limit, *offset; /* or NULL */
    bool reversed;
    struct liquid_node *body, *otherwise;
};

struct liquid_node {
    struct liquid_node *next;
    enum liquid_node_kind kind;
    size_t offset;
    struct str name;                 /* NODE_ASSIGN, NODE_CAPTURE, NODE_FOR; NODE_TEXT: the text */
    struct liquid_pipeline pipeline; /* NODE_OUTPUT, NODE_ASSIGN */
    const struct liquid_expression *subject; /* NODE_CASE; NODE_PARTIAL: its name */
    struct liquid_branch *branches;          /* NODE_IF, NODE_CASE */
    struct liquid_for *loop;                 /* NODE_FOR */
    struct liquid_node *body;                /* NODE_CAPTURE */
    struct liquid_item *arguments;           /* NODE_PARTIAL */
    bool isolated;                           /* NODE_PARTIAL: render, not include */
};

struct liquid_template {
    struct liquid_source source;
    struct liquid_node *body;
};

/* State of the parser; expressions have a file of their own. */
struct liquid_parser {
    struct arena *arena;
    struct liquid_lexer lexer;
    struct liquid_piece piece; /* the current one */
    struct liquid_words words; /* of the current output or tag */
    unsigned depth;
};

/* Zeroed memory for the tree, or NULL with *err filled. */
void *liquid_tree_alloc(struct liquid_parser *p, size_t size, struct error *err);
/* "expected X, found Y" at the current word. */
int liquid_fail_expected(struct liquid_parser *p, const char *what, struct error *err);
/* Takes the word if it is this one, else fails. */
int liquid_expect(struct liquid_parser *p, const char *symbol_or_name, struct error *err);
int liquid_parse_expression(
    struct liquid_parser *p, const struct liquid_expression **ret, struct error *err);
int liquid_parse_pipeline(struct liquid_parser *p, struct liquid_pipeline *ret, struct error *err);
int liquid_parse_condition(
    struct liquid_parser *p, const struct liquid_condition **ret, struct error *err);

#endif
