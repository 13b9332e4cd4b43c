#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "wit/ast.h"

/* Nested packages and types; deeper text is refused. */
enum { MAX_DEPTH = 100 };

struct parser {
    struct wit_lexer lexer;
    struct arena *arena;
    struct error *err;
};

/* ------------------------------------------------------------------------------- tokens */

static struct wit_at at_offset(const struct parser *p, uint32_t offset)
{
    return (struct wit_at){p->lexer.source, offset};
}

static int next(struct parser *p, struct wit_token *ret)
{
    return wit_lexer_next(&p->lexer, ret, p->err);
}

/* The next token, without moving. */
static int look(const struct parser *p, struct wit_token *ret)
{
    struct wit_lexer copy = p->lexer;
    return wit_lexer_next(&copy, ret, p->err);
}

static int unexpected(struct parser *p, const struct wit_token *token, const char *expected)
{
    struct buf found = BUF_INIT(4096);
    wit_token_describe(token, &found);
    wit_error_at(
        p->err, at_offset(p, token->start), "expected %s, found %s", expected, buf_cstr(&found));
    buf_release(&found);
    return -1;
}

/* True if the token is this keyword or this punctuation. */
static bool is(const struct wit_token *token, const char *text)
{
    return (token->kind == WIT_TOKEN_KEYWORD || token->kind == WIT_TOKEN_PUNCTUATION) &&
           str_is(token->text, text);
}

static int expect_at(struct parser *p, const char *text, struct wit_at *ret_at)
{
    struct wit_token token;
    if (next(p, &token) < 0)
        return -1;
    if (!is(&token, text)) {
        char expected[40];
        snprintf(expected, sizeof(expected), "`%s`", text);
        return unexpected(p, &token, expected);
    }
    *ret_at = at_offset(p, token.start);
    return 0;
}

static int expect(struct parser *p, const char *text)
{
    struct wit_at at;
    return expect_at(p, text, &at);
}

/* 1 if the token was there and is eaten, 0 if not, -1 for an error. */
static int accept(struct parser *p, const char *text)
{
    struct wit_token token;
    if (look(p, &token) < 0)
        return -1;
    if (!is(&token, text))
        return 0;
    return next(p, &token) < 0 ? -1 : 1;
}

static int parse_id(struct parser *p, struct ast_id *ret)
{
    struct wit_token token;
    if (next(p, &token) < 0)
        return -1;
    if (token.kind != WIT_TOKEN_ID)
        return unexpected(p, &token, "an identifier");
    *ret = (struct ast_id){token.text, at_offset(p, token.start)};
    return 0;
}

static int out_of_memory(struct parser *p)
{
    return error_set(p->err, ERROR_MEMORY, "%s: too large", p->lexer.source->path);
}

/* Adds an element to a vector of the tree; leaves the function with an error if there is no room.
 */
#define ADD(p, vec)                                                  \
    ({                                                               \
        __typeof__((vec)->data) slot_ = VEC_PUSH((vec), (p)->arena); \
        if (!slot_)                                                  \
            return out_of_memory(p);                                 \
        slot_;                                                       \
    })

/* ------------------------------------------------------------------------------- documentation */

/* A comment's text without its marks. */
static struct str comment_text(struct str comment)
{
    if (str_starts_with(comment, STR("/**")) && comment.len >= 5)
        comment = str_make(comment.ptr + 3, comment.len - 5);
    while (comment.len > 0 && comment.ptr[0] == '/')
        comment = str_skip(comment, 1);
    while (comment.len > 0 && strchr(" \t\r\n", comment.ptr[comment.len - 1]))
        comment.len--;
    return comment;
}

static size_t leading_space(struct str s)
{
    size_t n = 0;
    while (n < s.len && strchr(" \t\r\n", s.ptr[n]))
        n++;
    return n;
}

static void append_lines(struct buf *out, struct str text)
{
    if (text.len == 0)
        buf_append_byte(out, '\n');
    while (text.len > 0) {
        ptrdiff_t end = str_find_byte(text, '\n');
        struct str line = end < 0 ? text : str_make(text.ptr, (size_t)end);
        text = end < 0 ? STR_EMPTY : str_skip(text, (size_t)end + 1);
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        buf_append_str(out, line);
        buf_append_byte(out, '\n');
    }
}

/*
 * The comments in front of an item as its documentation, with their common indentation taken off.
 * ptr is NULL if there are none.
 */
static int parse_docs(struct parser *p, struct str *ret)
{
    VEC(struct str) parts = {0};
    struct str comment;
    while (wit_lexer_comment(&p->lexer, &comment))
        *ADD(p, &parts) = comment_text(comment);
    *ret = (struct str){NULL, 0};
    if (parts.len == 0)
        return 0;
    size_t indent = SIZE_MAX;
    for (size_t i = 0; i < parts.len; i++)
        if (parts.data[i].len > 0 && leading_space(parts.data[i]) < indent)
            indent = leading_space(parts.data[i]);
    struct buf text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    for (size_t i = 0; i < parts.len; i++) {
        struct str part = parts.data[i];
        size_t spaces = 0;
        while (spaces < part.len && spaces < indent && part.ptr[spaces] == ' ')
            spaces++;
        append_lines(&text, spaces == indent ? str_skip(part, indent) : part);
    }
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    *ret = arena_copy(p->arena, buf_str(&text));
    buf_release(&text);
    return 0;
}

/* ------------------------------------------------------------------------------- gates */

/* "(label = ", then the value by the caller. */
static int gate_open(struct parser *p, const char *label)
{
    struct ast_id id;
    if (expect(p, "(") < 0 || parse_id(p, &id) < 0)
        return -1;
    if (!str_is(id.name, label))
        return wit_error_at(
            p->err, id.at, "expected `%s`, found `%" STR_FMT "`", label, STR_ARG(id.name));
    return expect(p, "=");
}

static int skip_space(struct parser *p)
{
    struct wit_token token;
    if (look(p, &token) < 0)
        return -1;
    p->lexer.pos = token.start;
    return 0;
}

static int parse_version(struct parser *p, struct str *ret)
{
    return skip_space(p) < 0 ? -1 : wit_lexer_version(&p->lexer, ret, p->err);
}

static int parse_gate(struct parser *p, struct ast_gates *gates)
{
    struct ast_id id, feature;
    if (parse_id(p, &id) < 0)
        return -1;
    bool since = str_is(id.name, "since"), unstable = str_is(id.name, "unstable");
    if (!since && !unstable && !str_is(id.name, "deprecated"))
        return wit_error_at(p->err, id.at, "unknown attribute `@%" STR_FMT "`", STR_ARG(id.name));
    struct wit_stability *s = &gates->stability;
    struct str *value = since ? &s->since : unstable ? &s->feature : &s->deprecated;
    if (value->len > 0)
        return wit_error_at(p->err, id.at, "`@%" STR_FMT "` is given twice", STR_ARG(id.name));
    if (gate_open(p, unstable ? "feature" : "version") < 0)
        return -1;
    if (unstable) {
        if (parse_id(p, &feature) < 0)
            return -1;
        *value = feature.name;
    } else if (parse_version(p, value) < 0) {
        return -1;
    }
    if (!gates->at.source)
        gates->at = id.at;
    return expect(p, ")");
}

static int parse_gates(struct parser *p, struct ast_gates *ret)
{
    *ret = (struct ast_gates){0};
    int there;
    while ((there = accept(p, "@")) > 0)
        if (parse_gate(p, ret) < 0)
            return -1;
    const struct wit_stability *s = &ret->stability;
    if (s->since.len > 0 && s->feature.len > 0)
        return wit_error_at(p->err, ret->at, "`@since` and `@unstable` exclude each other");
    if (s->deprecated.len > 0 && s->since.len == 0 && s->feature.len == 0)
        return wit_error_at(p->err, ret->at, "`@deprecated` needs `@since` or `@unstable` too");
    return there;
}

/* ------------------------------------------------------------------------------- lists */

static int parse_type(struct parser *p, unsigned depth, struct ast_type **ret);

/* After an element: 1 if a comma follows, 0 if the list is closed. */
static int list_next(struct parser *p, const char *close)
{
    int comma = accept(p, ",");
    if (comma != 0)
        return comma;
    return expect(p, close);
}

/* What an element of a list of fields looks like. */
enum field_style {
    FIELD_TYPED, /* name: type */
    FIELD_CASE,  /* name, or name(type) */
    FIELD_LABEL, /* name */
    FIELD_BARE,  /* type */
};

static int parse_field(
    struct parser *p, enum field_style style, unsigned depth, struct ast_field *field)
{
    if (style != FIELD_BARE && parse_id(p, &field->id) < 0)
        return -1;
    if (style == FIELD_LABEL)
        return 0;
    if (style == FIELD_CASE) {
        int payload = accept(p, "(");
        if (payload <= 0)
            return payload;
    }
    if (style == FIELD_TYPED && expect(p, ":") < 0)
        return -1;
    if (parse_type(p, depth, &field->type) < 0)
        return -1;
    return style == FIELD_CASE ? expect(p, ")") : 0;
}

/* Elements up to `close`, whose opening mark has been read. A comma may stand behind the last. */
static int parse_fields(struct parser *p, const char *close, enum field_style style, unsigned depth,
    struct ast_field **ret, size_t *ret_count)
{
    VEC(struct ast_field) fields = {0};
    for (int more = 1; more > 0;) {
        struct ast_field field = {0};
        if (parse_docs(p, &field.docs) < 0)
            return -1;
        int closed = accept(p, close);
        if (closed < 0)
            return -1;
        if (closed)
            break;
        if (parse_field(p, style, depth, &field) < 0)
            return -1;
        *ADD(p, &fields) = field;
        more = list_next(p, close);
        if (more < 0)
            return -1;
    }
    *ret = fields.data;
    *ret_count = fields.len;
    return 0;
}

#define PARSE_FIELDS(p, close, style, depth, vec) \
    parse_fields((p), (close), (style), (depth), &(vec)->data, &(vec)->len)

/* "{a, b as c}"; `as` is needed where needs_as says so. */
static int parse_renames(struct parser *p, bool needs_as, struct ast_item *item)
{
    if (expect(p, "{") < 0)
        return -1;
    for (int more = 1; more > 0;) {
        int closed = accept(p, "}");
        if (closed != 0)
            return closed < 0 ? -1 : 0;
        struct ast_rename rename;
        if (parse_id(p, &rename.name) < 0)
            return -1;
        rename.as = rename.name;
        int as = needs_as ? expect(p, "as") + 1 : accept(p, "as");
        if (as < 0 || (needs_as && as == 0) || (as > 0 && parse_id(p, &rename.as) < 0))
            return -1;
        *ADD(p, &item->names) = rename;
        more = list_next(p, "}");
        if (more < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------- types */

static const struct {
    const char *keyword;
    enum wit_kind kind;
} simple_types[] = {
    {"bool", WIT_BOOL},
    {"s8", WIT_S8},
    {"u8", WIT_U8},
    {"s16", WIT_S16},
    {"u16", WIT_U16},
    {"s32", WIT_S32},
    {"u32", WIT_U32},
    {"s64", WIT_S64},
    {"u64", WIT_U64},
    {"f32", WIT_F32},
    {"f64", WIT_F64},
    {"char", WIT_CHAR},
    {"string", WIT_STRING},
};

static int parse_element_type(struct parser *p, unsigned depth, struct ast_type *type)
{
    if (expect(p, "<") < 0 || parse_type(p, depth + 1, &type->first) < 0)
        return -1;
    if (type->kind == WIT_LIST) {
        int length = accept(p, ",");
        if (length < 0)
            return -1;
        if (length > 0)
            return wit_unsupported_at(p->err, type->at, "lists of fixed length are not supported");
    }
    return expect(p, ">");
}

/* After `result`: nothing, <ok>, <ok, error> or <_, error>. */
static int parse_result_type(struct parser *p, unsigned depth, struct ast_type *type)
{
    int there = accept(p, "<");
    if (there <= 0)
        return there;
    int skipped = accept(p, "_");
    if (skipped < 0 || (!skipped && parse_type(p, depth + 1, &type->first) < 0))
        return -1;
    int second = skipped ? expect(p, ",") + 1 : accept(p, ",");
    if (second < 0 || (skipped && second == 0))
        return -1;
    if (second > 0 && parse_type(p, depth + 1, &type->second) < 0)
        return -1;
    return expect(p, ">");
}

static int parse_handle_type(struct parser *p, struct ast_type *type)
{
    if (expect(p, "<") < 0 || parse_id(p, &type->name) < 0)
        return -1;
    type->at = type->name.at;
    return expect(p, ">");
}

static int parse_keyword_type(
    struct parser *p, const struct wit_token *token, unsigned depth, struct ast_type *type)
{
    for (size_t i = 0; i < countof(simple_types); i++)
        if (str_is(token->text, simple_types[i].keyword)) {
            type->kind = simple_types[i].kind;
            return 0;
        }
    if (is(token, "list") || is(token, "option")) {
        type->kind = is(token, "list") ? WIT_LIST : WIT_OPTION;
        return parse_element_type(p, depth, type);
    }
    if (is(token, "result")) {
        type->kind = WIT_RESULT;
        return parse_result_type(p, depth, type);
    }
    if (is(token, "tuple")) {
        type->kind = WIT_TUPLE;
        return expect(p, "<") < 0 || PARSE_FIELDS(p, ">", FIELD_BARE, depth + 1, &type->fields) < 0
                   ? -1
                   : 0;
    }
    if (is(token, "own") || is(token, "borrow")) {
        type->kind = is(token, "own") ? WIT_OWN : WIT_BORROW;
        return parse_handle_type(p, type);
    }
    static const char *const later[] = {"future", "stream", "map", "error-context"};
    for (size_t i = 0; i < countof(later); i++)
        if (is(token, later[i]))
            return wit_unsupported_at(p->err, type->at, "the type `%s` is not supported", later[i]);
    return unexpected(p, token, "a type");
}

static int parse_type(struct parser *p, unsigned depth, struct ast_type **ret)
{
    struct wit_token token;
    if (next(p, &token) < 0)
        return -1;
    struct ast_type *type = arena_try_array(p->arena, 1, struct ast_type);
    if (!type)
        return out_of_memory(p);
    type->at = at_offset(p, token.start);
    if (depth >= MAX_DEPTH)
        return wit_error_at(p->err, type->at, "type is nested too deeply");
    *ret = type;
    if (token.kind == WIT_TOKEN_ID) {
        type->kind = AST_NAME;
        type->name = (struct ast_id){token.text, type->at};
        return 0;
    }
    if (token.kind == WIT_TOKEN_KEYWORD)
        return parse_keyword_type(p, &token, depth, type);
    return unexpected(p, &token, "a type");
}

/* ------------------------------------------------------------------------------- functions */

static int parse_result(struct parser *p, struct ast_func *func)
{
    int arrow = accept(p, "->");
    return arrow <= 0 ? arrow : parse_type(p, 0, &func->result);
}

/* "func(a: b) -> c" */
static int parse_func_type(struct parser *p, struct ast_func *func)
{
    struct wit_token token;
    if (look(p, &token) < 0)
        return -1;
    if (is(&token, "async"))
        return wit_unsupported_at(
            p->err, at_offset(p, token.start), "`async` functions are not supported");
    if (expect_at(p, "func", &func->at) < 0 || expect(p, "(") < 0 ||
        PARSE_FIELDS(p, ")", FIELD_TYPED, 0, &func->params) < 0)
        return -1;
    return parse_result(p, func);
}

/* "name: func(...) -> ...;" */
static int parse_named_func(struct parser *p, struct ast_func *func)
{
    return parse_id(p, &func->id) < 0 || expect(p, ":") < 0 || parse_func_type(p, func) < 0
               ? -1
               : expect(p, ";");
}

static int parse_constructor(struct parser *p, struct ast_func *func)
{
    func->kind = WIT_CONSTRUCTOR;
    func->id.name = STR("constructor");
    if (expect_at(p, "constructor", &func->at) < 0 || expect(p, "(") < 0)
        return -1;
    func->id.at = func->at;
    if (PARSE_FIELDS(p, ")", FIELD_TYPED, 0, &func->params) < 0 || parse_result(p, func) < 0)
        return -1;
    return expect(p, ";");
}

static int parse_resource_func(struct parser *p, struct ast_func *func)
{
    struct wit_token token;
    if (parse_docs(p, &func->docs) < 0 || parse_gates(p, &func->gates) < 0 || look(p, &token) < 0)
        return -1;
    if (is(&token, "constructor"))
        return parse_constructor(p, func);
    if (token.kind != WIT_TOKEN_ID)
        return unexpected(p, &token, "`constructor` or an identifier");
    if (parse_id(p, &func->id) < 0 || expect(p, ":") < 0)
        return -1;
    int is_static = accept(p, "static");
    if (is_static < 0)
        return -1;
    func->kind = is_static ? WIT_STATIC : WIT_METHOD;
    return parse_func_type(p, func) < 0 ? -1 : expect(p, ";");
}

/* ------------------------------------------------------------------------------- items */

static int parse_package_name(struct parser *p, struct ast_package_name *ret)
{
    struct ast_id namespace, name;
    if (parse_id(p, &namespace) < 0 || expect(p, ":") < 0 || parse_id(p, &name) < 0)
        return -1;
    *ret = (struct ast_package_name){namespace.name, name.name, STR_EMPTY, namespace.at};
    int version = accept(p, "@");
    return version <= 0 ? version : parse_version(p, &ret->version);
}

static int parse_path(struct parser *p, struct ast_path *ret)
{
    struct ast_id id;
    if (parse_id(p, &id) < 0)
        return -1;
    int colon = accept(p, ":");
    if (colon < 0)
        return -1;
    *ret = (struct ast_path){.name = id};
    if (!colon)
        return 0;
    struct ast_id package;
    if (parse_id(p, &package) < 0 || expect(p, "/") < 0 || parse_id(p, &ret->name) < 0)
        return -1;
    ret->foreign = true;
    ret->package = (struct ast_package_name){id.name, package.name, STR_EMPTY, id.at};
    int version = accept(p, "@");
    return version <= 0 ? version : parse_version(p, &ret->package.version);
}

/* "use path.{names};" in an interface or world. */
static int parse_use(struct parser *p, struct ast_item *item)
{
    item->kind = AST_ITEM_USE;
    if (expect_at(p, "use", &item->at) < 0 || parse_path(p, &item->path) < 0 ||
        expect(p, ".") < 0 || parse_renames(p, false, item) < 0)
        return -1;
    return expect(p, ";");
}

/* "use path as name;" in a file. */
static int parse_file_use(struct parser *p, struct ast_item *item)
{
    item->kind = AST_ITEM_USE;
    if (expect_at(p, "use", &item->at) < 0 || parse_path(p, &item->path) < 0)
        return -1;
    item->id = item->path.name;
    int as = accept(p, "as");
    if (as < 0 || (as > 0 && parse_id(p, &item->id) < 0))
        return -1;
    return expect(p, ";");
}

static int parse_resource(struct parser *p, struct ast_type *type)
{
    type->kind = AST_RESOURCE;
    int body = accept(p, "{");
    if (body <= 0)
        return body < 0 ? -1 : expect(p, ";");
    for (int closed = accept(p, "}"); closed <= 0; closed = accept(p, "}")) {
        struct ast_func func = {0};
        if (closed < 0 || parse_resource_func(p, &func) < 0)
            return -1;
        *ADD(p, &type->functions) = func;
    }
    return 0;
}

/* "type a = b;" and "record a { ... }" and its like, whose keyword is `keyword`. */
static int parse_typedef(struct parser *p, const char *keyword, struct ast_item *item)
{
    static const struct {
        const char *keyword;
        enum wit_kind kind;
        enum field_style style;
    } bodies[] = {{"record", WIT_RECORD, FIELD_TYPED}, {"variant", WIT_VARIANT, FIELD_CASE},
        {"enum", WIT_ENUM, FIELD_LABEL}, {"flags", WIT_FLAGS, FIELD_LABEL}};
    item->kind = AST_ITEM_TYPE;
    if (expect_at(p, keyword, &item->at) < 0 || parse_id(p, &item->id) < 0)
        return -1;
    if (strcmp(keyword, "type") == 0)
        return expect(p, "=") < 0 || parse_type(p, 0, &item->type) < 0 ? -1 : expect(p, ";");
    struct ast_type *type = item->type = arena_try_array(p->arena, 1, struct ast_type);
    if (!type)
        return out_of_memory(p);
    type->at = item->id.at;
    if (strcmp(keyword, "resource") == 0)
        return parse_resource(p, type);
    for (size_t i = 0; i < countof(bodies); i++) {
        if (strcmp(keyword, bodies[i].keyword) != 0)
            continue;
        type->kind = bodies[i].kind;
        return expect(p, "{") < 0 ? -1 : PARSE_FIELDS(p, "}", bodies[i].style, 0, &type->fields);
    }
    return 0;
}

/* The keyword of a type definition that the token is, or NULL. */
static const char *typedef_keyword(const struct wit_token *token)
{
    static const char *const words[] = {"type", "record", "variant", "enum", "flags", "resource"};
    for (size_t i = 0; i < countof(words); i++)
        if (is(token, words[i]))
            return words[i];
    return NULL;
}

static int parse_interface_item(struct parser *p, struct ast_item *item)
{
    struct wit_token token;
    if (look(p, &token) < 0)
        return -1;
    if (is(&token, "use"))
        return parse_use(p, item);
    const char *keyword = typedef_keyword(&token);
    if (keyword)
        return parse_typedef(p, keyword, item);
    if (token.kind != WIT_TOKEN_ID)
        return unexpected(p, &token, "a type, `use` or a function");
    item->kind = AST_ITEM_FUNC;
    if (parse_named_func(p, &item->func) < 0)
        return -1;
    item->id = item->func.id;
    item->func.docs = item->docs;
    item->func.gates = item->gates;
    return 0;
}

typedef int parse_item_fn(struct parser *p, struct ast_item *item);

/* "{ items }" */
static int parse_body(struct parser *p, parse_item_fn *parse_item, struct ast_item *parent)
{
    if (expect(p, "{") < 0)
        return -1;
    for (;;) {
        struct ast_item item = {0};
        if (parse_docs(p, &item.docs) < 0)
            return -1;
        int closed = accept(p, "}");
        if (closed != 0)
            return closed < 0 ? -1 : 0;
        if (parse_gates(p, &item.gates) < 0 || parse_item(p, &item) < 0)
            return -1;
        *ADD(p, &parent->items) = item;
    }
}

/* ------------------------------------------------------------------------------- worlds */

/* True if "name:" starts a label, not the namespace of "name:package/interface". */
static int is_label(struct parser *p, bool *ret)
{
    struct parser ahead = *p;
    struct wit_token token;
    struct ast_id id;
    *ret = false;
    int colon = parse_id(&ahead, &id) < 0 ? -1 : accept(&ahead, ":");
    if (colon <= 0)
        return colon;
    if (next(&ahead, &token) < 0)
        return -1;
    if (token.kind == WIT_TOKEN_ID) {
        if (look(&ahead, &token) < 0)
            return -1;
        *ret = !is(&token, "/");
    } else {
        *ret = true;
    }
    return 0;
}

/* After "name:" of an import or export: a function or an inline interface. */
static int parse_labelled(struct parser *p, struct ast_item *item)
{
    struct wit_token token;
    if (look(p, &token) < 0)
        return -1;
    if (is(&token, "interface")) {
        item->kind = AST_ITEM_INTERFACE;
        return expect(p, "interface") < 0 ? -1 : parse_body(p, parse_interface_item, item);
    }
    if (token.kind == WIT_TOKEN_ID)
        return wit_unsupported_at(
            p->err, item->id.at, "named imports of an interface are not supported");
    item->kind = AST_ITEM_FUNC;
    item->func = (struct ast_func){.id = item->id, .docs = item->docs, .gates = item->gates};
    return parse_func_type(p, &item->func) < 0 ? -1 : expect(p, ";");
}

static int parse_extern(struct parser *p, const char *keyword, struct ast_item *item)
{
    bool label;
    if (expect_at(p, keyword, &item->at) < 0 || is_label(p, &label) < 0)
        return -1;
    item->exported = strcmp(keyword, "export") == 0;
    if (label)
        return parse_id(p, &item->id) < 0 || expect(p, ":") < 0 ? -1 : parse_labelled(p, item);
    item->kind = AST_ITEM_PATH;
    if (parse_path(p, &item->path) < 0)
        return -1;
    item->id = item->path.name;
    return expect(p, ";");
}

static int parse_include(struct parser *p, struct ast_item *item)
{
    item->kind = AST_ITEM_INCLUDE;
    if (expect_at(p, "include", &item->at) < 0 || parse_path(p, &item->path) < 0)
        return -1;
    item->id = item->path.name;
    int with = accept(p, "with");
    if (with < 0)
        return -1;
    return with ? parse_renames(p, true, item) : expect(p, ";");
}

static int parse_world_item(struct parser *p, struct ast_item *item)
{
    struct wit_token token;
    if (look(p, &token) < 0)
        return -1;
    if (is(&token, "use"))
        return parse_use(p, item);
    if (is(&token, "include"))
        return parse_include(p, item);
    if (is(&token, "import") || is(&token, "export"))
        return parse_extern(p, is(&token, "import") ? "import" : "export", item);
    const char *keyword = typedef_keyword(&token);
    if (keyword)
        return parse_typedef(p, keyword, item);
    return unexpected(p, &token, "`import`, `export`, `include`, `use` or a type");
}

/* ------------------------------------------------------------------------------- files */

static int parse_file_item(struct parser *p, struct ast_item *item, unsigned depth);

/* "package a:b { ... }" */
static int parse_nested_package(struct parser *p, struct ast_item *item, unsigned depth)
{
    item->kind = AST_ITEM_PACKAGE;
    if (expect_at(p, "package", &item->at) < 0)
        return -1;
    if (item->gates.at.source)
        return wit_error_at(p->err, item->at, "attributes may not stand on a package");
    if (parse_package_name(p, &item->package) < 0)
        return -1;
    if (depth > 0)
        return wit_error_at(
            p->err, item->package.at, "a package may not stand inside a nested package");
    if (expect(p, "{") < 0)
        return -1;
    for (;;) {
        struct ast_item inner = {0};
        if (parse_docs(p, &inner.docs) < 0)
            return -1;
        int closed = accept(p, "}");
        if (closed != 0)
            return closed < 0 ? -1 : 0;
        if (parse_file_item(p, &inner, depth + 1) < 0)
            return -1;
        *ADD(p, &item->items) = inner;
    }
}

static int parse_file_item(struct parser *p, struct ast_item *item, unsigned depth)
{
    struct wit_token token;
    if (parse_gates(p, &item->gates) < 0 || look(p, &token) < 0)
        return -1;
    if (is(&token, "package"))
        return parse_nested_package(p, item, depth);
    if (is(&token, "use")) {
        if (parse_file_use(p, item) < 0)
            return -1;
        return item->gates.at.source
                   ? wit_error_at(p->err, item->at, "attributes may not stand on a `use` here")
                   : 0;
    }
    bool world = is(&token, "world");
    if (!world && !is(&token, "interface"))
        return unexpected(p, &token, "`world`, `interface` or `use`");
    item->kind = world ? AST_ITEM_WORLD : AST_ITEM_INTERFACE;
    if (expect_at(p, world ? "world" : "interface", &item->at) < 0 || parse_id(p, &item->id) < 0)
        return -1;
    return parse_body(p, world ? parse_world_item : parse_interface_item, item);
}

/* "package a:b;" at the start, if it is there and not the start of a nested package. */
static int parse_package_statement(struct parser *p, struct ast_file *file)
{
    struct parser ahead = *p;
    struct str docs, comment;
    struct wit_lexer first = p->lexer;
    if (wit_lexer_comment(&first, &comment))
        file->docs_at = at_offset(p, (uint32_t)(comment.ptr - p->lexer.source->text.ptr));
    if (parse_docs(&ahead, &docs) < 0)
        return -1;
    int there = accept(&ahead, "package");
    if (there <= 0)
        return there;
    if (parse_package_name(&ahead, &file->package) < 0)
        return -1;
    int statement = accept(&ahead, ";");
    if (statement <= 0)
        return statement;
    file->has_package = true;
    file->docs = docs;
    *p = ahead;
    return 0;
}

int wit_parse(
    struct arena *a, const struct wit_source *source, struct ast_file *ret, struct error *err)
{
    struct parser p = {.arena = a, .err = err};
    *ret = (struct ast_file){.source = source};
    if (wit_lexer_init(&p.lexer, source, err) < 0 || parse_package_statement(&p, ret) < 0)
        return -1;
    for (;;) {
        struct ast_item item = {0};
        struct wit_token token;
        if (parse_docs(&p, &item.docs) < 0 || look(&p, &token) < 0)
            return -1;
        if (token.kind == WIT_TOKEN_END)
            return 0;
        if (parse_file_item(&p, &item, 0) < 0)
            return -1;
        *ADD(&p, &ret->items) = item;
    }
}

int wit_parse_path(
    struct arena *a, const struct wit_source *source, struct ast_path *ret, struct error *err)
{
    struct parser p = {.arena = a, .err = err};
    struct wit_token token;
    if (wit_lexer_init(&p.lexer, source, err) < 0 || parse_path(&p, ret) < 0 ||
        next(&p, &token) < 0)
        return -1;
    return token.kind == WIT_TOKEN_END ? 0 : unexpected(&p, &token, "nothing more");
}
