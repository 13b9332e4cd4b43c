/*
 * Expressions, pipelines of filters and conditions.
 */
#include "base/limits.h"
#include "template/liquid_int.h"

void *liquid_tree_alloc(struct liquid_parser *p, size_t size, struct error *err)
{
    void *memory = arena_try_alloc(p->arena, 1, size);
    if (!memory)
        liquid_fail(
            p->lexer.source, p->piece.offset, ERROR_LIMIT, err, "the template is too large");
    return memory;
}

int liquid_fail_expected(struct liquid_parser *p, const char *what, struct error *err)
{
    const struct liquid_word *word = &p->words.word;
    if (word->kind == WORD_END)
        return liquid_fail(
            p->lexer.source, word->offset, ERROR_INVALID, err, "expected %s, found the end", what);
    return liquid_fail(p->lexer.source, word->offset, ERROR_INVALID, err,
        "expected %s, found '%" STR_FMT "'", what, STR_ARG(word->text));
}

int liquid_expect(struct liquid_parser *p, const char *symbol_or_name, struct error *err)
{
    if (liquid_word_is(&p->words, symbol_or_name))
        return liquid_words_next(&p->words, err);
    char what[40];
    snprintf(what, sizeof what, "'%s'", symbol_or_name);
    return liquid_fail_expected(p, what, err);
}

static bool is_constant(struct str name, struct liquid_value *ret)
{
    static const struct {
        const char *name;
        struct liquid_value value;
    } constants[] = {
        {"true", {.kind = LIQUID_BOOL, .boolean = true}},
        {"false", {.kind = LIQUID_BOOL, .boolean = false}},
        {"nil", {.kind = LIQUID_NIL}},
        {"null", {.kind = LIQUID_NIL}},
        {"empty", {.kind = LIQUID_EMPTY}},
        {"blank", {.kind = LIQUID_EMPTY}},
    };
    for (size_t i = 0; i < countof(constants); i++)
        if (str_is(name, constants[i].name)) {
            *ret = constants[i].value;
            return true;
        }
    return false;
}

/* .name or [expression]; the word before is the name. */
static int parse_access(struct liquid_parser *p, struct liquid_access *ret, struct error *err)
{
    bool dotted = liquid_word_is(&p->words, ".");
    if (liquid_words_next(&p->words, err) < 0)
        return -1;
    if (!dotted)
        return liquid_parse_expression(p, &ret->index, err) < 0 ? -1 : liquid_expect(p, "]", err);
    if (p->words.word.kind != WORD_NAME)
        return liquid_fail_expected(p, "a name", err);
    struct liquid_expression *name = liquid_tree_alloc(p, sizeof *name, err);
    if (!name)
        return -1;
    *name = (struct liquid_expression){
        .is_literal = true,
        .literal = liquid_string(p->words.word.text),
        .offset = p->words.word.offset,
    };
    ret->index = name;
    return liquid_words_next(&p->words, err);
}

static int parse_variable(
    struct liquid_parser *p, struct liquid_expression *expression, struct error *err)
{
    struct liquid_access **tail = &expression->accesses;
    expression->name = p->words.word.text;
    if (liquid_words_next(&p->words, err) < 0)
        return -1;
    while (liquid_word_is(&p->words, ".") || liquid_word_is(&p->words, "[")) {
        struct liquid_access *access = liquid_tree_alloc(p, sizeof *access, err);
        if (!access || parse_access(p, access, err) < 0)
            return -1;
        *tail = access;
        tail = &access->next;
    }
    return 0;
}

/* A literal's value; false for what is none. */
static bool literal_of(const struct liquid_word *word, struct liquid_value *ret)
{
    switch (word->kind) {
    case WORD_STRING:
        *ret = liquid_string(word->text);
        return true;
    case WORD_INTEGER:
        *ret = liquid_integer(word->integer);
        return true;
    case WORD_NUMBER:
        *ret = (struct liquid_value){.kind = LIQUID_NUMBER, .number = word->number};
        return true;
    case WORD_NAME:
        return is_constant(word->text, ret);
    default:
        return false;
    }
}

int liquid_parse_expression(
    struct liquid_parser *p, const struct liquid_expression **ret, struct error *err)
{
    struct liquid_expression *expression = liquid_tree_alloc(p, sizeof *expression, err);
    if (!expression)
        return -1;
    expression->offset = p->words.word.offset;
    *ret = expression;
    if (literal_of(&p->words.word, &expression->literal)) {
        expression->is_literal = true;
        return liquid_words_next(&p->words, err);
    }
    if (p->words.word.kind != WORD_NAME)
        return liquid_fail_expected(p, "a value", err);
    if (++p->depth > LIMIT_TEMPLATE_DEPTH)
        return liquid_fail(p->lexer.source, expression->offset, ERROR_LIMIT, err,
            "more than %d levels inside of each other", LIMIT_TEMPLATE_DEPTH);
    int result = parse_variable(p, expression, err);
    p->depth--;
    return result;
}

static int parse_arguments(struct liquid_parser *p, struct liquid_call *call, struct error *err)
{
    do {
        if (liquid_words_next(&p->words, err) < 0) /* ':' or ',' */
            return -1;
        if (call->count == LIQUID_MAX_ARGUMENTS)
            return liquid_fail(p->lexer.source, call->offset, ERROR_INVALID, err,
                "filter '%s' has too many arguments", call->filter->name);
        if (liquid_parse_expression(p, &call->arguments[call->count++], err) < 0)
            return -1;
    } while (liquid_word_is(&p->words, ","));
    return 0;
}

static int parse_call(struct liquid_parser *p, struct liquid_call *call, struct error *err)
{
    if (liquid_words_next(&p->words, err) < 0) /* '|' */
        return -1;
    if (p->words.word.kind != WORD_NAME)
        return liquid_fail_expected(p, "a filter", err);
    call->offset = p->words.word.offset;
    call->filter = liquid_find_filter(p->words.word.text);
    if (!call->filter)
        return liquid_fail(p->lexer.source, call->offset, ERROR_NOT_FOUND, err,
            "unknown filter '%" STR_FMT "'", STR_ARG(p->words.word.text));
    if (liquid_words_next(&p->words, err) < 0)
        return -1;
    if (liquid_word_is(&p->words, ":") && parse_arguments(p, call, err) < 0)
        return -1;
    if (call->count < call->filter->min || call->count > call->filter->max)
        return liquid_fail(p->lexer.source, call->offset, ERROR_INVALID, err,
            "filter '%s' takes %u to %u arguments, not %zu", call->filter->name, call->filter->min,
            call->filter->max, call->count);
    return 0;
}

int liquid_parse_pipeline(struct liquid_parser *p, struct liquid_pipeline *ret, struct error *err)
{
    if (liquid_parse_expression(p, &ret->start, err) < 0)
        return -1;
    struct liquid_call **tail = &ret->calls;
    while (liquid_word_is(&p->words, "|")) {
        struct liquid_call *call = liquid_tree_alloc(p, sizeof *call, err);
        if (!call || parse_call(p, call, err) < 0)
            return -1;
        *tail = call;
        tail = &call->next;
    }
    return 0;
}

/* ---------------------------------------------------------------------------------- conditions */

static bool operator_of(const struct liquid_words *w, enum liquid_operator *ret)
{
    static const struct {
        const char *text;
        enum liquid_operator op;
    } operators[] = {
        {"==", OP_EQUAL},
        {"!=", OP_NOT_EQUAL},
        {"<>", OP_NOT_EQUAL},
        {"<", OP_LESS},
        {"<=", OP_LESS_EQUAL},
        {">", OP_GREATER},
        {">=", OP_GREATER_EQUAL},
        {"contains", OP_CONTAINS},
    };
    for (size_t i = 0; i < countof(operators); i++)
        if (liquid_word_is(w, operators[i].text)) {
            *ret = operators[i].op;
            return true;
        }
    return false;
}

static int parse_comparison(
    struct liquid_parser *p, const struct liquid_condition **ret, struct error *err)
{
    struct liquid_condition *condition = liquid_tree_alloc(p, sizeof *condition, err);
    if (!condition || liquid_parse_expression(p, &condition->left, err) < 0)
        return -1;
    *ret = condition;
    if (!operator_of(&p->words, &condition->op))
        return 0;
    if (liquid_words_next(&p->words, err) < 0)
        return -1;
    return liquid_parse_expression(p, &condition->right, err);
}

/* A chain of what `parse` reads, joined by one word; the first ones are innermost. */
static int parse_chain(struct liquid_parser *p, const char *word, enum liquid_operator op,
    int (*parse)(struct liquid_parser *, const struct liquid_condition **, struct error *),
    const struct liquid_condition **ret, struct error *err)
{
    unsigned depth = 0;
    if (parse(p, ret, err) < 0)
        return -1;
    while (liquid_word_is(&p->words, word)) {
        struct liquid_condition *joined = liquid_tree_alloc(p, sizeof *joined, err);
        if (!joined || liquid_words_next(&p->words, err) < 0)
            return -1;
        if (++depth > LIMIT_TEMPLATE_DEPTH)
            return liquid_fail(p->lexer.source, p->words.word.offset, ERROR_LIMIT, err,
                "more than %d conditions in a chain", LIMIT_TEMPLATE_DEPTH);
        joined->op = op;
        joined->first = *ret;
        if (parse(p, &joined->second, err) < 0)
            return -1;
        *ret = joined;
    }
    return 0;
}

static int parse_all_of(
    struct liquid_parser *p, const struct liquid_condition **ret, struct error *err)
{
    return parse_chain(p, "and", OP_AND, parse_comparison, ret, err);
}

int liquid_parse_condition(
    struct liquid_parser *p, const struct liquid_condition **ret, struct error *err)
{
    return parse_chain(p, "or", OP_OR, parse_all_of, ret, err);
}
