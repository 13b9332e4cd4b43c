/*
 * Tokens of WIT text (Component Model, WIT.md, "Lexical structure").
 *
 * A lexer is a plain value: copying it gives a second one that reads on from the same place, which
 * is how the parser looks ahead.
 */
#ifndef SPINDLE_WIT_LEXER_H
#define SPINDLE_WIT_LEXER_H

#include "base/error.h"

/* A text with the name that messages show. Lives as long as everything made of it. */
struct wit_source {
    const char *path;
    struct str text;
};

/* A place in a text. */
struct wit_at {
    const struct wit_source *source;
    uint32_t offset;
};

enum wit_token_kind {
    WIT_TOKEN_END,
    WIT_TOKEN_ID,          /* text without its % */
    WIT_TOKEN_KEYWORD,     /* text is the keyword */
    WIT_TOKEN_INTEGER,     /* text is the digits */
    WIT_TOKEN_PUNCTUATION, /* text is one of = , : . ; ( ) { } < > * @ / + - -> */
};

struct wit_token {
    enum wit_token_kind kind;
    struct str text;
    uint32_t start, end; /* bytes, end exclusive */
};

struct wit_lexer {
    const struct wit_source *source;
    uint32_t pos;
};

/* Also refuses text with characters that may not stand in WIT (controls, bidirectional marks). */
int wit_lexer_init(struct wit_lexer *l, const struct wit_source *source, struct error *err);

/* The next token; comments are skipped. Identifiers are checked. */
int wit_lexer_next(struct wit_lexer *l, struct wit_token *ret, struct error *err);

/* Moves over white space and one comment and returns it; false, moving over the white space only,
 * if no comment follows. A comment without an end is left for wit_lexer_next to refuse. */
bool wit_lexer_comment(struct wit_lexer *l, struct str *ret);

/* A version (semver.org) right at the cursor; a full stop that ends it is not part of it. */
int wit_lexer_version(struct wit_lexer *l, struct str *ret, struct error *err);

/* Fills err with "path:line:column: message" and returns -1. Lines and columns count from 1,
 * columns in bytes, as wasm-tools does. */
PRINTF_LIKE(3, 4) int wit_error_at(struct error *err, struct wit_at at, const char *fmt, ...);
/* The same with ERROR_UNSUPPORTED. */
PRINTF_LIKE(3, 4) int wit_unsupported_at(struct error *err, struct wit_at at, const char *fmt, ...);

/* What a token is called in a message: "identifier `x`", "keyword `func`", "`->`", "end of file".
 */
void wit_token_describe(const struct wit_token *token, struct buf *out);

#endif
