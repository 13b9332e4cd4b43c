#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "wit/lexer.h"

static const char *const keywords[] = {
    "use",
    "type",
    "func",
    "u8",
    "u16",
    "u32",
    "u64",
    "s8",
    "s16",
    "s32",
    "s64",
    "f32",
    "f64",
    "char",
    "resource",
    "own",
    "borrow",
    "record",
    "flags",
    "variant",
    "enum",
    "bool",
    "string",
    "option",
    "result",
    "future",
    "stream",
    "list",
    "map",
    "_",
    "as",
    "from",
    "static",
    "tuple",
    "world",
    "import",
    "export",
    "async",
    "interface",
    "package",
    "with",
    "include",
    "constructor",
    "error-context",
};

/* ------------------------------------------------------------------------------- messages */

static void line_and_column(struct wit_at at, unsigned *ret_line, unsigned *ret_column)
{
    unsigned line = 1, column = 1;
    for (uint32_t i = 0; i < at.offset && i < at.source->text.len; i++) {
        column++;
        if (at.source->text.ptr[i] == '\n') {
            line++;
            column = 1;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

static int verror_at(
    struct error *err, enum error_kind kind, struct wit_at at, const char *fmt, va_list args)
{
    unsigned line, column;
    line_and_column(at, &line, &column);
    struct buf message = BUF_INIT(64 * 1024);
    buf_vprintf(&message, fmt, args);
    error_set(err, kind, "%s:%u:%u: %s", at.source->path, line, column, buf_cstr(&message));
    buf_release(&message);
    return -1;
}

int wit_error_at(struct error *err, struct wit_at at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    verror_at(err, ERROR_INVALID, at, fmt, args);
    va_end(args);
    return -1;
}

int wit_unsupported_at(struct error *err, struct wit_at at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    verror_at(err, ERROR_UNSUPPORTED, at, fmt, args);
    va_end(args);
    return -1;
}

void wit_token_describe(const struct wit_token *token, struct buf *out)
{
    static const char *const names[] = {[WIT_TOKEN_ID] = "identifier ",
        [WIT_TOKEN_KEYWORD] = "keyword ",
        [WIT_TOKEN_INTEGER] = "number ",
        [WIT_TOKEN_PUNCTUATION] = ""};
    if (token->kind == WIT_TOKEN_END)
        buf_append_cstr(out, "the end of the file");
    else
        buf_printf(out, "%s`%" STR_FMT "`", names[token->kind], STR_ARG(token->text));
}

/* ------------------------------------------------------------------------------- characters */

static bool is_forbidden(int32_t c)
{
    if (c == '\n' || c == '\r' || c == '\t')
        return false;
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
        return true;
    /* Marks that make text look different from what it is (CVE-2021-42574). */
    if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
        return true;
    /* Deprecated and discouraged by Unicode 13, sections 7.1, 9.2, 13.4 and 16.4. */
    static const int32_t deprecated[] = {
        0x149, 0x673, 0xf77, 0xf79, 0x17a3, 0x17a4, 0x17b4, 0x17b5};
    for (size_t i = 0; i < countof(deprecated); i++)
        if (c == deprecated[i])
            return true;
    return false;
}

int wit_lexer_init(struct wit_lexer *l, const struct wit_source *source, struct error *err)
{
    for (size_t pos = 0; pos < source->text.len;) {
        struct wit_at at = {source, (uint32_t)pos};
        int32_t c = utf8_next(source->text, &pos);
        if (c < 0)
            return wit_error_at(err, at, "text is not valid UTF-8");
        if (is_forbidden(c))
            return wit_error_at(err, at, "character U+%04X is not allowed", (unsigned)c);
    }
    *l = (struct wit_lexer){.source = source};
    if (str_starts_with(source->text, STR("\xef\xbb\xbf")))
        l->pos = 3; /* a byte order mark */
    return 0;
}

/* The byte `ahead` places on, NUL at the end. */
static unsigned char peek(const struct wit_lexer *l, uint32_t ahead)
{
    size_t at = (size_t)l->pos + ahead;
    return at < l->source->text.len ? (unsigned char)l->source->text.ptr[at] : 0;
}

static bool is_word(unsigned char c)
{
    return isalnum(c) || c == '_' || c == '-' || c >= 0x80;
}

static bool is_word_start(unsigned char c)
{
    return is_word(c) && !isdigit(c);
}

static void skip_space(struct wit_lexer *l)
{
    for (unsigned char c = peek(l, 0);
        c == ' ' || c == '\t' || c == '\n' || (c == '\r' && peek(l, 1) == '\n'); c = peek(l, 0))
        l->pos++;
}

/* Length of the block comment at the cursor, whose comments may nest; 0 if it has no end. */
static uint32_t block_comment(const struct wit_lexer *l)
{
    uint32_t depth = 1, i = 2;
    while (depth > 0) {
        if (l->pos + i >= l->source->text.len)
            return 0;
        if (peek(l, i) == '/' && peek(l, i + 1) == '*') {
            depth++;
            i += 2;
        } else if (peek(l, i) == '*' && peek(l, i + 1) == '/') {
            depth--;
            i += 2;
        } else {
            i++;
        }
    }
    return i;
}

bool wit_lexer_comment(struct wit_lexer *l, struct str *ret)
{
    skip_space(l);
    if (peek(l, 0) != '/')
        return false;
    uint32_t len = 2;
    if (peek(l, 1) == '/') {
        while (l->pos + len < l->source->text.len && peek(l, len) != '\n')
            len++;
    } else if (peek(l, 1) == '*') {
        len = block_comment(l);
        if (len == 0)
            return false;
    } else {
        return false;
    }
    *ret = str_make(l->source->text.ptr + l->pos, len);
    l->pos += len;
    return true;
}

/* ------------------------------------------------------------------------------- tokens */

static struct str text_between(const struct wit_lexer *l, uint32_t start)
{
    return str_make(l->source->text.ptr + start, l->pos - start);
}

/* Words between dashes, each all lower or all upper case, digits not first in the first one. */
static int check_id(const struct wit_lexer *l, uint32_t start, struct str id, struct error *err)
{
    struct wit_at at = {l->source, start};
    bool first = true, lower = false, upper = false;
    for (size_t i = 0; i <= id.len; i++) {
        unsigned char c = i < id.len ? (unsigned char)id.ptr[i] : '-';
        if (c == '-') {
            if (first)
                return wit_error_at(
                    err, at, "identifier `%" STR_FMT "` has an empty word", STR_ARG(id));
            first = true;
            lower = upper = false;
            continue;
        }
        lower |= islower(c) != 0;
        upper |= isupper(c) != 0;
        if (c >= 0x80 || !isalnum(c) || (lower && upper) || (i == 0 && isdigit(c)))
            return wit_error_at(err, at,
                "identifier `%" STR_FMT
                "` is not in kebab case (words of a-z, 0-9, or of A-Z, 0-9)",
                STR_ARG(id));
        first = false;
    }
    return 0;
}

static bool is_keyword(struct str word)
{
    for (size_t i = 0; i < countof(keywords); i++)
        if (str_is(word, keywords[i]))
            return true;
    return false;
}

static int word_token(struct wit_lexer *l, struct wit_token *token, struct error *err)
{
    uint32_t start = l->pos;
    bool explicit_id = peek(l, 0) == '%';
    l->pos += explicit_id;
    if (is_word_start(peek(l, 0)))
        while (is_word(peek(l, 0)))
            l->pos++;
    token->text = text_between(l, start + explicit_id);
    token->kind = !explicit_id && is_keyword(token->text) ? WIT_TOKEN_KEYWORD : WIT_TOKEN_ID;
    return token->kind == WIT_TOKEN_ID ? check_id(l, start, token->text, err) : 0;
}

static int other_token(struct wit_lexer *l, struct wit_token *token, struct error *err)
{
    unsigned char c = peek(l, 0);
    if (isdigit(c)) {
        while (isdigit(peek(l, 0)))
            l->pos++;
        token->kind = WIT_TOKEN_INTEGER;
    } else if (c != 0 && strchr("=,:.;(){}<>*@/+", c)) {
        l->pos++;
        token->kind = WIT_TOKEN_PUNCTUATION;
    } else {
        return wit_error_at(
            err, (struct wit_at){l->source, l->pos}, "unexpected character `%c`", c);
    }
    token->text = text_between(l, token->start);
    return 0;
}

int wit_lexer_next(struct wit_lexer *l, struct wit_token *ret, struct error *err)
{
    struct str comment;
    while (wit_lexer_comment(l, &comment))
        ;
    *ret = (struct wit_token){.start = l->pos};
    int status = 0;
    unsigned char c = peek(l, 0);
    if (l->pos >= l->source->text.len) {
        ret->kind = WIT_TOKEN_END;
    } else if (c == '/' && peek(l, 1) == '*') {
        status = wit_error_at(err, (struct wit_at){l->source, l->pos}, "comment has no end");
    } else if (c == '-') {
        /* A dash begins a word only in front of one; else it is `->` or part of a version. */
        l->pos += peek(l, 1) == '>' ? 2 : 1;
        ret->kind = WIT_TOKEN_PUNCTUATION;
        ret->text = text_between(l, ret->start);
    } else if (c == '%' || is_word_start(c)) {
        status = word_token(l, ret, err);
    } else {
        status = other_token(l, ret, err);
    }
    ret->end = l->pos;
    return status;
}

/* Moves over letters, digits, dashes, and full stops that another such character follows. */
static void skip_version_part(struct wit_lexer *l)
{
    for (;;) {
        unsigned char c = peek(l, 0), next = peek(l, 1);
        bool inside = isalnum(c) || c == '-';
        if (!inside && !(c == '.' && (isalnum(next) || next == '-')))
            return;
        l->pos++;
    }
}

/* Moves over a number of at most 19 digits without leading zeros. */
static bool skip_number(struct wit_lexer *l)
{
    uint32_t digits = 0;
    while (isdigit(peek(l, digits)))
        digits++;
    if (digits == 0 || digits > 19 || (digits > 1 && peek(l, 0) == '0'))
        return false;
    l->pos += digits;
    return true;
}

int wit_lexer_version(struct wit_lexer *l, struct str *ret, struct error *err)
{
    uint32_t start = l->pos;
    bool good = true;
    for (int part = 0; part < 3 && good; part++) {
        if (part > 0) {
            good = peek(l, 0) == '.';
            l->pos += good;
        }
        good = good && skip_number(l);
    }
    if (!good)
        return wit_error_at(
            err, (struct wit_at){l->source, l->pos}, "expected a version like 1.2.3");
    for (const char *mark = "-+"; *mark; mark++) {
        if (peek(l, 0) == *mark) {
            l->pos++;
            skip_version_part(l);
        }
    }
    *ret = text_between(l, start);
    return 0;
}
