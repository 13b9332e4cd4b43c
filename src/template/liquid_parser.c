/*
 * Pieces into a tree. A tag that opens a block reads until the tag that ends it.
 */
#include "base/limits.h"
#include "template/liquid_int.h"

/* Names of the tags that end the block which is being read; the last is "end...", then NULL. */
typedef const char *const *ends_t;

static int parse_block(struct liquid_parser *p, ends_t ends, struct liquid_node **ret,
    const char **ret_end, struct error *err);

static int expect_end_of_tag(struct liquid_parser *p, struct error *err)
{
    return p->words.word.kind == WORD_END ? 0 : liquid_fail_expected(p, "the end of the tag", err);
}

static int take_name(struct liquid_parser *p, struct str *ret, struct error *err)
{
    if (p->words.word.kind != WORD_NAME)
        return liquid_fail_expected(p, "a name", err);
    *ret = p->words.word.text;
    return liquid_words_next(&p->words, err);
}

/* --------------------------------------------------------------------------------------- tags */

static struct liquid_branch *new_branch(
    struct liquid_parser *p, struct liquid_branch ***tail, struct error *err)
{
    struct liquid_branch *branch = liquid_tree_alloc(p, sizeof *branch, err);
    if (branch) {
        **tail = branch;
        *tail = &branch->next;
    }
    return branch;
}

static int parse_if(
    struct liquid_parser *p, struct liquid_node *node, bool negated, struct error *err)
{
    static const char *const if_ends[] = {"elsif", "else", "endif", NULL};
    static const char *const unless_ends[] = {"elsif", "else", "endunless", NULL};
    struct liquid_branch **tail = &node->branches;
    const char *end = "elsif";
    node->kind = NODE_IF;
    while (!strcmp(end, "elsif") || !strcmp(end, "else")) {
        struct liquid_branch *branch = new_branch(p, &tail, err);
        if (!branch)
            return -1;
        branch->otherwise = !strcmp(end, "else");
        branch->negated = negated && branch == node->branches;
        if ((!branch->otherwise && liquid_parse_condition(p, &branch->condition, err) < 0) ||
            expect_end_of_tag(p, err) < 0 ||
            parse_block(p, negated ? unless_ends : if_ends, &branch->body, &end, err) < 0)
            return -1;
    }
    return 0;
}

static int parse_plain_if(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    return parse_if(p, node, false, err);
}

static int parse_unless(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    return parse_if(p, node, true, err);
}

/* The values of a `when`: a, b or c */
static int parse_when(struct liquid_parser *p, struct liquid_branch *branch, struct error *err)
{
    struct liquid_item **tail = &branch->values;
    for (;;) {
        struct liquid_item *item = liquid_tree_alloc(p, sizeof *item, err);
        if (!item || liquid_parse_expression(p, &item->value, err) < 0)
            return -1;
        *tail = item;
        tail = &item->next;
        if (!liquid_word_is(&p->words, ",") && !liquid_word_is(&p->words, "or"))
            return expect_end_of_tag(p, err);
        if (liquid_words_next(&p->words, err) < 0)
            return -1;
    }
}

static int parse_case(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    static const char *const ends[] = {"when", "else", "endcase", NULL};
    struct liquid_branch **tail = &node->branches;
    struct liquid_node *ignored; /* what stands before the first `when` */
    const char *end;
    node->kind = NODE_CASE;
    if (liquid_parse_expression(p, &node->subject, err) < 0 || expect_end_of_tag(p, err) < 0 ||
        parse_block(p, ends, &ignored, &end, err) < 0)
        return -1;
    while (strcmp(end, "endcase") != 0) {
        struct liquid_branch *branch = new_branch(p, &tail, err);
        if (!branch)
            return -1;
        branch->otherwise = !strcmp(end, "else");
        if ((branch->otherwise ? expect_end_of_tag(p, err) : parse_when(p, branch, err)) < 0 ||
            parse_block(p, ends, &branch->body, &end, err) < 0)
            return -1;
    }
    return 0;
}

/* limit:2 offset:1 reversed */
static int parse_loop_options(struct liquid_parser *p, struct liquid_for *loop, struct error *err)
{
    while (p->words.word.kind != WORD_END) {
        const struct liquid_expression **option = liquid_word_is(&p->words, "limit") ? &loop->limit
                                                  : liquid_word_is(&p->words, "offset")
                                                      ? &loop->offset
                                                      : NULL;
        if (!option && !liquid_word_is(&p->words, "reversed"))
            return liquid_fail_expected(p, "limit, offset or reversed", err);
        if (!option)
            loop->reversed = true;
        if (liquid_words_next(&p->words, err) < 0 ||
            (option &&
                (liquid_expect(p, ":", err) < 0 || liquid_parse_expression(p, option, err) < 0)))
            return -1;
    }
    return 0;
}

static int parse_range(struct liquid_parser *p, struct liquid_for *loop, struct error *err)
{
    if (liquid_words_next(&p->words, err) < 0 || /* '(' */
        liquid_parse_expression(p, &loop->from, err) < 0 || liquid_expect(p, "..", err) < 0 ||
        liquid_parse_expression(p, &loop->to, err) < 0)
        return -1;
    return liquid_expect(p, ")", err);
}

static int parse_for(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    static const char *const ends[] = {"else", "endfor", NULL};
    const char *end;
    struct liquid_for *loop = liquid_tree_alloc(p, sizeof *loop, err);
    if (!loop)
        return -1;
    node->kind = NODE_FOR;
    node->loop = loop;
    if (take_name(p, &node->name, err) < 0 || liquid_expect(p, "in", err) < 0 ||
        (liquid_word_is(&p->words, "(") ? parse_range(p, loop, err)
                                        : liquid_parse_expression(p, &loop->source, err)) < 0 ||
        parse_loop_options(p, loop, err) < 0 || parse_block(p, ends, &loop->body, &end, err) < 0)
        return -1;
    if (!strcmp(end, "endfor"))
        return 0;
    return parse_block(p, &ends[1], &loop->otherwise, &end, err);
}

static int parse_assign(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    node->kind = NODE_ASSIGN;
    if (take_name(p, &node->name, err) < 0 || liquid_expect(p, "=", err) < 0 ||
        liquid_parse_pipeline(p, &node->pipeline, err) < 0)
        return -1;
    return expect_end_of_tag(p, err);
}

static int parse_capture(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    static const char *const ends[] = {"endcapture", NULL};
    const char *end;
    node->kind = NODE_CAPTURE;
    if (take_name(p, &node->name, err) < 0 || expect_end_of_tag(p, err) < 0)
        return -1;
    return parse_block(p, ends, &node->body, &end, err);
}

static int parse_raw(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    node->kind = NODE_TEXT;
    if (expect_end_of_tag(p, err) < 0)
        return -1;
    return liquid_skip_to_tag(&p->lexer, "endraw", &node->name, err);
}

static int parse_comment(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    struct str ignored;
    node->kind = NODE_TEXT;
    node->name = STR_EMPTY;
    return liquid_skip_to_tag(&p->lexer, "endcomment", &ignored, err);
}

/* 'name', a: 1, b: c */
static int parse_partial(
    struct liquid_parser *p, struct liquid_node *node, bool isolated, struct error *err)
{
    struct liquid_item **tail = &node->arguments;
    node->kind = NODE_PARTIAL;
    node->isolated = isolated;
    if (liquid_parse_expression(p, &node->subject, err) < 0)
        return -1;
    while (p->words.word.kind != WORD_END) {
        struct liquid_item *item = liquid_tree_alloc(p, sizeof *item, err);
        if (!item || (liquid_word_is(&p->words, ",") && liquid_words_next(&p->words, err) < 0) ||
            take_name(p, &item->name, err) < 0 || liquid_expect(p, ":", err) < 0 ||
            liquid_parse_expression(p, &item->value, err) < 0)
            return -1;
        *tail = item;
        tail = &item->next;
    }
    return 0;
}

static int parse_render(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    return parse_partial(p, node, true, err);
}

static int parse_include(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    return parse_partial(p, node, false, err);
}

static int parse_break(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    node->kind = NODE_BREAK;
    return expect_end_of_tag(p, err);
}

static int parse_continue(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    node->kind = NODE_CONTINUE;
    return expect_end_of_tag(p, err);
}

static const struct {
    const char *name;
    int (*parse)(struct liquid_parser *p, struct liquid_node *node, struct error *err);
} tags[] = {
    {"if", parse_plain_if},
    {"unless", parse_unless},
    {"case", parse_case},
    {"for", parse_for},
    {"assign", parse_assign},
    {"capture", parse_capture},
    {"raw", parse_raw},
    {"comment", parse_comment},
    {"render", parse_render},
    {"include", parse_include},
    {"break", parse_break},
    {"continue", parse_continue},
};

/* ------------------------------------------------------------------------------------- blocks */

static const char *last_of(ends_t ends)
{
    while (ends[1])
        ends++;
    return *ends;
}

/* The one of `ends` that the current tag is; the word after it is then the current one. */
static int take_end(struct liquid_parser *p, ends_t ends, const char **ret_end, struct error *err)
{
    *ret_end = NULL;
    for (; *ends; ends++)
        if (liquid_word_is(&p->words, *ends)) {
            *ret_end = *ends;
            return liquid_words_next(&p->words, err);
        }
    return 0;
}

static int parse_tag(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    struct str name = p->words.word.text;
    size_t offset = p->words.word.offset;
    for (size_t i = 0; i < countof(tags); i++) {
        if (!liquid_word_is(&p->words, tags[i].name))
            continue;
        if (++p->depth > LIMIT_TEMPLATE_DEPTH)
            return liquid_fail(p->lexer.source, offset, ERROR_LIMIT, err,
                "more than %d levels inside of each other", LIMIT_TEMPLATE_DEPTH);
        if (liquid_words_next(&p->words, err) < 0 || tags[i].parse(p, node, err) < 0)
            return -1;
        p->depth--;
        return 0;
    }
    return liquid_fail(
        p->lexer.source, offset, ERROR_INVALID, err, "unknown tag '%" STR_FMT "'", STR_ARG(name));
}

static int parse_output(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    node->kind = NODE_OUTPUT;
    if (liquid_parse_pipeline(p, &node->pipeline, err) < 0)
        return -1;
    return p->words.word.kind == WORD_END ? 0 : liquid_fail_expected(p, "'|' or '}}'", err);
}

/* The node of the current piece; its tag's name is the current word. */
static int parse_node(struct liquid_parser *p, struct liquid_node *node, struct error *err)
{
    node->offset = p->piece.offset;
    if (p->piece.kind == PIECE_TAG)
        return parse_tag(p, node, err);
    if (p->piece.kind == PIECE_OUTPUT)
        return parse_output(p, node, err);
    node->kind = NODE_TEXT;
    node->name = p->piece.inside;
    return 0;
}

static int parse_block(struct liquid_parser *p, ends_t ends, struct liquid_node **ret,
    const char **ret_end, struct error *err)
{
    size_t began = p->piece.offset;
    struct liquid_node **tail = ret;
    *ret = NULL;
    for (;;) {
        if (liquid_next_piece(&p->lexer, &p->piece, err) < 0)
            return -1;
        if (p->piece.kind == PIECE_END)
            return *ends ? liquid_fail(p->lexer.source, began, ERROR_INVALID, err,
                               "there is no '%s' for this tag", last_of(ends))
                         : 0;
        if (p->piece.kind != PIECE_TEXT &&
            liquid_words_start(&p->words, p->lexer.source, &p->piece, err) < 0)
            return -1;
        if (p->piece.kind == PIECE_TAG && take_end(p, ends, ret_end, err) < 0)
            return -1;
        if (p->piece.kind == PIECE_TAG && *ret_end)
            return 0;
        struct liquid_node *node = liquid_tree_alloc(p, sizeof *node, err);
        if (!node || parse_node(p, node, err) < 0)
            return -1;
        *tail = node;
        tail = &node->next;
    }
}

int liquid_parse(struct arena *a, const char *name, struct str text,
    const struct liquid_template **ret_template, struct error *err)
{
    static const char *const no_ends[] = {NULL};
    const char *end;
    struct liquid_template *t = arena_new(a, struct liquid_template);
    t->source = (struct liquid_source){.name = name, .text = text};
    struct liquid_parser p = {.arena = a, .lexer = {.source = &t->source}};
    if (parse_block(&p, no_ends, &t->body, &end, err) < 0)
        return -1;
    *ret_template = t;
    return 0;
}
