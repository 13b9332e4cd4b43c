/*
 * Writes what a tree says.
 */
#include "base/limits.h"
#include "template/liquid_int.h"

/* A loop's variables hide those outside. */
struct frame {
    struct frame *outer;
    struct str name;
    struct liquid_value item, forloop;
};

enum interrupt { GO_ON, BREAK, CONTINUE };

/* One rendering; `render` starts another one with a scope of its own. */
struct rendering {
    const struct liquid_template *template;
    const struct liquid_globals *globals;
    enum liquid_output output;
    struct arena *arena;
    struct buf *out;
    struct error *err;
    struct map assigned; /* name -> struct liquid_value *; by assign, capture, arguments */
    struct frame *frames;
    enum interrupt interrupt;
    unsigned depth;
    size_t *steps; /* left, for all renderings together */
};

static int render_block(struct rendering *r, const struct liquid_node *node);

PRINTF_LIKE(3, 4)
static int fail(struct rendering *r, size_t offset, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    return liquid_fail(&r->template->source, offset, ERROR_INVALID, r->err, "%s", message);
}

static int fail_full(struct rendering *r, size_t offset)
{
    return liquid_fail(&r->template->source, offset, ERROR_LIMIT, r->err, "%s", LIQUID_FULL);
}

/* Every node and every round of a loop is a step. */
static int take_step(struct rendering *r, size_t offset)
{
    if (*r->steps) {
        --*r->steps;
        return 0;
    }
    return liquid_fail(&r->template->source, offset, ERROR_LIMIT, r->err,
        "the template takes more than %d steps", LIMIT_TEMPLATE_STEPS);
}

/* ------------------------------------------------------------------------------------ variables */

static bool find_global(const struct liquid_globals *globals, struct str name, struct str *ret)
{
    for (size_t i = 0; i < globals->count; i++)
        if (str_equal(globals->variables[i].name, name)) {
            *ret = globals->variables[i].value;
            return true;
        }
    return false;
}

static bool find_variable(const struct rendering *r, struct str name, struct liquid_value *ret)
{
    for (const struct frame *frame = r->frames; frame; frame = frame->outer) {
        if (str_equal(frame->name, name)) {
            *ret = frame->item;
            return true;
        }
        if (str_is(name, "forloop")) {
            *ret = frame->forloop;
            return true;
        }
    }
    const struct liquid_value *assigned = map_get(&r->assigned, name);
    if (assigned) {
        *ret = *assigned;
        return true;
    }
    struct str text;
    if (!find_global(r->globals, name, &text))
        return false;
    *ret = liquid_string(text);
    return true;
}

static int set_variable(
    struct rendering *r, struct str name, const struct liquid_value *value, size_t offset)
{
    struct liquid_value *copy = arena_try_alloc(r->arena, 1, sizeof *copy);
    if (!copy)
        return fail_full(r, offset);
    *copy = *value;
    return map_put(&r->assigned, name, copy) ? 0 : fail_full(r, offset);
}

/* ---------------------------------------------------------------------------------- expressions */

/* whole[index] or whole.index; nil where there is nothing. */
static struct liquid_value access_value(
    const struct liquid_value *whole, const struct liquid_value *index)
{
    if (whole->kind == LIQUID_ARRAY && index->kind == LIQUID_INTEGER) {
        int64_t at = index->integer < 0 ? index->integer + (int64_t)whole->count : index->integer;
        if (at >= 0 && (uint64_t)at < whole->count)
            return whole->items[at];
    }
    if (index->kind == LIQUID_STRING) {
        for (size_t i = 0; whole->kind == LIQUID_OBJECT && i < whole->count; i++)
            if (str_equal(whole->keys[i], index->string))
                return whole->items[i];
        static const char *const filters[] = {"size", "first", "last"};
        struct liquid_value found;
        for (size_t i = 0; i < countof(filters); i++)
            if (str_is(index->string, filters[i]) &&
                !liquid_find_filter(index->string)->apply(NULL, whole, NULL, 0, &found))
                return found;
    }
    return (struct liquid_value){.kind = LIQUID_NIL};
}

/* A variable that does not exist is nil if `lenient`, else an error. */
static int evaluate(struct rendering *r, const struct liquid_expression *expression, bool lenient,
    struct liquid_value *ret)
{
    if (expression->is_literal) {
        *ret = expression->literal;
        return 0;
    }
    if (!find_variable(r, expression->name, ret)) {
        if (!lenient)
            return fail(r, expression->offset, "there is no value for '%" STR_FMT "'",
                STR_ARG(expression->name));
        *ret = (struct liquid_value){.kind = LIQUID_NIL};
    }
    for (const struct liquid_access *access = expression->accesses; access; access = access->next) {
        struct liquid_value index;
        if (evaluate(r, access->index, lenient, &index) < 0)
            return -1;
        *ret = access_value(ret, &index);
    }
    return 0;
}

static int apply(struct rendering *r, const struct liquid_call *call, struct liquid_value *value)
{
    struct liquid_value arguments[LIQUID_MAX_ARGUMENTS] = {0}, input = *value;
    for (size_t i = 0; i < call->count; i++)
        if (evaluate(r, call->arguments[i], false, &arguments[i]) < 0)
            return -1;
    const char *problem = call->filter->apply(r->arena, &input, arguments, call->count, value);
    if (problem == LIQUID_FULL)
        return fail_full(r, call->offset);
    if (problem)
        return fail(r, call->offset, "filter '%s' %s", call->filter->name, problem);
    return 0;
}

static int evaluate_pipeline(
    struct rendering *r, const struct liquid_pipeline *pipeline, struct liquid_value *ret)
{
    bool lenient = pipeline->calls && !strcmp(pipeline->calls->filter->name, "default");
    if (evaluate(r, pipeline->start, lenient, ret) < 0)
        return -1;
    for (const struct liquid_call *call = pipeline->calls; call; call = call->next)
        if (apply(r, call, ret) < 0)
            return -1;
    return 0;
}

static bool compare(
    enum liquid_operator op, const struct liquid_value *left, const struct liquid_value *right)
{
    int order;
    switch (op) {
    case OP_EQUAL:
        return liquid_equal(left, right);
    case OP_NOT_EQUAL:
        return !liquid_equal(left, right);
    case OP_CONTAINS:
        return liquid_contains(left, right);
    case OP_LESS:
        return liquid_compare(left, right, &order) && order < 0;
    case OP_LESS_EQUAL:
        return liquid_compare(left, right, &order) && order <= 0;
    case OP_GREATER:
        return liquid_compare(left, right, &order) && order > 0;
    case OP_GREATER_EQUAL:
        return liquid_compare(left, right, &order) && order >= 0;
    default:
        return liquid_truth(left);
    }
}

static int check_condition(struct rendering *r, const struct liquid_condition *condition, bool *ret)
{
    if (condition->op == OP_AND || condition->op == OP_OR) {
        if (check_condition(r, condition->first, ret) < 0)
            return -1;
        if (*ret == (condition->op == OP_OR))
            return 0;
        return check_condition(r, condition->second, ret);
    }
    struct liquid_value left, right = {.kind = LIQUID_NIL};
    if (evaluate(r, condition->left, true, &left) < 0 ||
        (condition->right && evaluate(r, condition->right, true, &right) < 0))
        return -1;
    *ret = compare(condition->op, &left, &right);
    return 0;
}

/* ---------------------------------------------------------------------------------------- nodes */

/* So that the text can stand in a basic string of TOML. */
static void append_toml(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\u%04x", c);
        else
            buf_append_byte(out, c);
    }
}

static int render_output(struct rendering *r, const struct liquid_node *node)
{
    const struct liquid_pipeline *pipeline = &node->pipeline;
    struct liquid_value value;
    if (evaluate_pipeline(r, pipeline, &value) < 0)
        return -1;
    if (r->output == LIQUID_TOML && value.kind == LIQUID_STRING && !pipeline->calls &&
        !pipeline->start->is_literal)
        append_toml(value.string, r->out);
    else
        liquid_append(&value, r->out);
    return 0;
}

static int render_if(struct rendering *r, const struct liquid_node *node)
{
    for (const struct liquid_branch *branch = node->branches; branch; branch = branch->next) {
        bool holds = true;
        if (!branch->otherwise && check_condition(r, branch->condition, &holds) < 0)
            return -1;
        if (holds != branch->negated)
            return render_block(r, branch->body);
    }
    return 0;
}

static int is_one_of(struct rendering *r, const struct liquid_value *subject,
    const struct liquid_item *items, bool *ret)
{
    *ret = false;
    for (; items && !*ret; items = items->next) {
        struct liquid_value value;
        if (evaluate(r, items->value, true, &value) < 0)
            return -1;
        *ret = liquid_equal(subject, &value);
    }
    return 0;
}

static int render_case(struct rendering *r, const struct liquid_node *node)
{
    struct liquid_value subject;
    if (evaluate(r, node->subject, true, &subject) < 0)
        return -1;
    for (const struct liquid_branch *branch = node->branches; branch; branch = branch->next) {
        bool matches = branch->otherwise;
        if (!matches && is_one_of(r, &subject, branch->values, &matches) < 0)
            return -1;
        if (matches)
            return render_block(r, branch->body);
    }
    return 0;
}

/* What a loop goes over: items of a list, or the numbers from `from`. */
struct sequence {
    const struct liquid_value *items; /* NULL: numbers */
    int64_t from;
    size_t count;
};

static int evaluate_integer(
    struct rendering *r, const struct liquid_expression *expression, int64_t *ret)
{
    struct liquid_value value, number;
    if (evaluate(r, expression, false, &value) < 0)
        return -1;
    if (!liquid_to_number(&value, &number) || number.kind != LIQUID_INTEGER)
        return fail(r, expression->offset, "a whole number is needed here");
    *ret = number.integer;
    return 0;
}

static int make_sequence(struct rendering *r, const struct liquid_for *loop, struct sequence *ret)
{
    struct liquid_value source;
    int64_t to;
    if (!loop->source) {
        if (evaluate_integer(r, loop->from, &ret->from) < 0 ||
            evaluate_integer(r, loop->to, &to) < 0)
            return -1;
        ret->count = to < ret->from ? 0 : (uint64_t)to - (uint64_t)ret->from;
        ret->count += to >= ret->from && ret->count < LIMIT_TEMPLATE_STEPS;
        return 0;
    }
    if (evaluate(r, loop->source, false, &source) < 0)
        return -1;
    if (source.kind == LIQUID_NIL)
        return 0;
    if (source.kind != LIQUID_ARRAY)
        return fail(r, loop->source->offset, "a list is needed here");
    ret->items = source.items;
    ret->count = source.count;
    return 0;
}

static int cut_sequence(struct rendering *r, const struct liquid_for *loop, struct sequence *s)
{
    int64_t offset = 0, limit = INT64_MAX;
    if ((loop->offset && evaluate_integer(r, loop->offset, &offset) < 0) ||
        (loop->limit && evaluate_integer(r, loop->limit, &limit) < 0))
        return -1;
    size_t skipped = offset < 0 ? 0 : (uint64_t)offset > s->count ? s->count : (size_t)offset;
    s->count -= skipped;
    s->from += (int64_t)skipped;
    if (s->items)
        s->items += skipped;
    if (limit < 0 || (uint64_t)limit < s->count)
        s->count = limit < 0 ? 0 : (size_t)limit;
    return 0;
}

enum { FORLOOP_FIELDS = 7 };
static const struct str forloop_keys[FORLOOP_FIELDS] = {{"index", 5}, {"index0", 6}, {"rindex", 6},
    {"rindex0", 7}, {"first", 5}, {"last", 4}, {"length", 6}};

static void fill_forloop(struct liquid_value fields[FORLOOP_FIELDS], size_t at, size_t count)
{
    fields[0] = liquid_integer((int64_t)at + 1);
    fields[1] = liquid_integer((int64_t)at);
    fields[2] = liquid_integer((int64_t)(count - at));
    fields[3] = liquid_integer((int64_t)(count - at - 1));
    fields[4] = (struct liquid_value){.kind = LIQUID_BOOL, .boolean = at == 0};
    fields[5] = (struct liquid_value){.kind = LIQUID_BOOL, .boolean = at + 1 == count};
    fields[6] = liquid_integer((int64_t)count);
}

static int render_items(
    struct rendering *r, const struct liquid_node *node, const struct sequence *s)
{
    struct liquid_value fields[FORLOOP_FIELDS];
    struct frame frame = {
        .outer = r->frames,
        .name = node->name,
        .forloop = {.kind = LIQUID_OBJECT,
            .count = FORLOOP_FIELDS,
            .items = fields,
            .keys = forloop_keys},
    };
    int result = 0;
    r->frames = &frame;
    for (size_t i = 0; i < s->count && result == 0 && r->interrupt != BREAK; i++) {
        size_t at = node->loop->reversed ? s->count - 1 - i : i;
        frame.item = s->items ? s->items[at] : liquid_integer(s->from + (int64_t)at);
        fill_forloop(fields, i, s->count);
        r->interrupt = GO_ON;
        result = take_step(r, node->offset) < 0 ? -1 : render_block(r, node->loop->body);
    }
    r->interrupt = GO_ON;
    r->frames = frame.outer;
    return result;
}

static int render_for(struct rendering *r, const struct liquid_node *node)
{
    struct sequence s = {0};
    if (make_sequence(r, node->loop, &s) < 0 || cut_sequence(r, node->loop, &s) < 0)
        return -1;
    return s.count ? render_items(r, node, &s) : render_block(r, node->loop->otherwise);
}

static int render_assign(struct rendering *r, const struct liquid_node *node)
{
    struct liquid_value value;
    if (evaluate_pipeline(r, &node->pipeline, &value) < 0)
        return -1;
    return set_variable(r, node->name, &value, node->offset);
}

static int render_capture(struct rendering *r, const struct liquid_node *node)
{
    struct buf text CLEANUP(buf_release) = BUF_INIT(LIMIT_TEXT_FILE_BYTES), *outer = r->out;
    enum liquid_output output = r->output;
    r->out = &text;
    r->output = LIQUID_PLAIN;
    int result = render_block(r, node->body);
    r->out = outer;
    r->output = output;
    if (result < 0)
        return -1;
    char *copy = text.failed ? NULL : arena_try_alloc_raw(r->arena, text.len + 1);
    if (!copy)
        return fail_full(r, node->offset);
    if (text.len)
        memcpy(copy, text.data, text.len);
    struct liquid_value value = liquid_string(str_make(copy, text.len));
    return set_variable(r, node->name, &value, node->offset);
}

/* Arguments are evaluated outside and set inside. */
static int pass_arguments(
    struct rendering *r, const struct liquid_item *arguments, struct rendering *inner)
{
    for (; arguments; arguments = arguments->next) {
        struct liquid_value value;
        if (evaluate(r, arguments->value, false, &value) < 0 ||
            set_variable(inner, arguments->name, &value, arguments->value->offset) < 0)
            return -1;
    }
    return 0;
}

static int render_partial(struct rendering *r, const struct liquid_node *node)
{
    struct liquid_value name;
    if (evaluate(r, node->subject, false, &name) < 0)
        return -1;
    const struct liquid_template *partial = name.kind == LIQUID_STRING && r->globals->partials
                                                ? map_get(r->globals->partials, name.string)
                                                : NULL;
    if (!partial) {
        struct str text = name.kind == LIQUID_STRING ? name.string : STR_EMPTY;
        return fail(r, node->subject->offset, "there is no partial '%" STR_FMT "'", STR_ARG(text));
    }
    struct rendering inner = *r;
    inner.template = partial;
    if (node->isolated) {
        map_init(&inner.assigned, r->arena);
        inner.frames = NULL;
    }
    if (pass_arguments(r, node->arguments, &inner) < 0 || render_block(&inner, partial->body) < 0)
        return -1;
    if (!node->isolated) {
        r->assigned = inner.assigned;
        r->interrupt = inner.interrupt;
    }
    return 0;
}

static int render_node(struct rendering *r, const struct liquid_node *node)
{
    switch (node->kind) {
    case NODE_TEXT:
        buf_append_str(r->out, node->name);
        return 0;
    case NODE_OUTPUT:
        return render_output(r, node);
    case NODE_IF:
        return render_if(r, node);
    case NODE_CASE:
        return render_case(r, node);
    case NODE_FOR:
        return render_for(r, node);
    case NODE_ASSIGN:
        return render_assign(r, node);
    case NODE_CAPTURE:
        return render_capture(r, node);
    case NODE_PARTIAL:
        return render_partial(r, node);
    case NODE_BREAK:
        r->interrupt = BREAK;
        return 0;
    case NODE_CONTINUE:
        r->interrupt = CONTINUE;
        return 0;
    }
    BUG("node of kind %d", (int)node->kind);
}

static int render_block(struct rendering *r, const struct liquid_node *node)
{
    if (r->depth == LIMIT_TEMPLATE_DEPTH)
        return liquid_fail(&r->template->source, node ? node->offset : 0, ERROR_LIMIT, r->err,
            "more than %d levels inside of each other", LIMIT_TEMPLATE_DEPTH);
    r->depth++;
    for (; node && r->interrupt == GO_ON; node = node->next) {
        if (take_step(r, node->offset) < 0 || render_node(r, node) < 0)
            return -1;
        if (r->out->failed)
            return liquid_fail(&r->template->source, node->offset, ERROR_LIMIT, r->err,
                "the text becomes larger than %zu bytes", r->out->max);
    }
    r->depth--;
    return 0;
}

int liquid_render(struct arena *a, const struct liquid_template *t,
    const struct liquid_globals *globals, enum liquid_output output, struct buf *out,
    struct error *err)
{
    size_t steps = LIMIT_TEMPLATE_STEPS;
    struct rendering r = {
        .template = t,
        .globals = globals,
        .output = output,
        .arena = a,
        .out = out,
        .err = err,
        .steps = &steps,
    };
    map_init(&r.assigned, a);
    return render_block(&r, t->body);
}
