/*
 * Calls that cross a component's border: canon lift and lower, and the resource functions
 * (CanonicalABI.md). A guest's call into another component lifts its arguments to the intermediate
 * form and lowers them there; a call into the host hands the flat values to the host's wrapper.
 */
#include "component/instance_int.h"

#include <stdarg.h>

/* A canonical context of one side of a call. */
struct side_context {
    struct canon_context cx; /* first: callbacks cast back */
    struct component_part *part;
    struct wasm_func *realloc;
    struct borrow_scope *scope; /* callee: of handles lent to it */
};

PRINTF_LIKE(2, 3) static enum wasm_trap_kind fail(struct wasm_trap *trap, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(trap->detail, sizeof(trap->detail), fmt, args);
    va_end(args);
    trap->kind = WASM_TRAP_COMPONENT;
    return WASM_TRAP_COMPONENT;
}

static enum wasm_trap_kind call_core(
    struct wasm_func *func, union wasm_value *slots, struct wasm_trap *trap)
{
    return wasm_call(func, slots, trap) < 0 ? trap->kind : WASM_TRAP_NONE;
}

bool lends_add(struct component_part *part, uint32_t handle)
{
    struct component_instance *instance = part->instance;
    if (instance->lend_count >= LIMIT_HANDLES)
        return false;
    if (instance->lend_count == instance->lend_cap) {
        size_t cap = instance->lend_cap ? instance->lend_cap * 2 : 16;
        struct lend *lends = realloc(instance->lends, cap * sizeof(*lends));
        if (!lends)
            return false;
        instance->lends = lends;
        instance->lend_cap = cap;
    }
    instance->lends[instance->lend_count++] = (struct lend){part, handle};
    part->handles.data[handle].lends++;
    return true;
}

void lends_return(struct component_instance *instance, size_t mark)
{
    while (instance->lend_count > mark) {
        struct lend *lend = &instance->lends[--instance->lend_count];
        lend->part->handles.data[lend->handle].lends--;
    }
}

enum wasm_trap_kind call_realloc(struct component_part *part, struct wasm_func *func, uint32_t old,
    uint32_t old_size, uint32_t align, uint32_t new_size, uint32_t *ret_ptr, struct wasm_trap *trap)
{
    union wasm_value slots[4] = {
        {.i64 = old}, {.i64 = old_size}, {.i64 = align}, {.i64 = new_size}};
    part->may_leave = false;
    enum wasm_trap_kind kind = call_core(func, slots, trap);
    part->may_leave = true;
    *ret_ptr = slots[0].i32;
    return kind;
}

static enum wasm_trap_kind context_realloc(struct canon_context *cx, uint32_t old,
    uint32_t old_size, uint32_t align, uint32_t new_size, uint32_t *ret_ptr)
{
    struct side_context *side = (struct side_context *)cx;
    return call_realloc(
        side->part, side->realloc, old, old_size, align, new_size, ret_ptr, cx->trap);
}

static enum wasm_trap_kind find_handle(struct component_part *part, const void *tag,
    uint32_t handle, struct handle **ret, struct wasm_trap *trap)
{
    struct handle *h = handles_get(&part->handles, handle);
    if (!h)
        return fail(trap, "unknown handle index %u", handle);
    if (h->tag != tag)
        return fail(trap, "handle index %u used with the wrong type", handle);
    *ret = h;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind lift_handle(
    struct canon_context *cx, const struct wit_type *type, uint32_t handle, void **ret_rep)
{
    struct side_context *side = (struct side_context *)cx;
    struct handle *h;
    enum wasm_trap_kind kind = find_handle(side->part, type->resource->tag, handle, &h, cx->trap);
    if (kind != WASM_TRAP_NONE)
        return kind;
    *ret_rep = h->rep;
    if (type->kind == WIT_BORROW) {
        if (!lends_add(side->part, handle))
            return fail(cx->trap, "too many lent handles");
        return WASM_TRAP_NONE;
    }
    if (h->lends)
        return fail(cx->trap, "cannot remove owned resource while borrowed");
    if (h->scope)
        return fail(cx->trap, "cannot lift own resource from a borrow");
    handles_remove(&side->part->handles, handle);
    return WASM_TRAP_NONE;
}

/* Types of lifted functions hold the program's own resources (link.c, bind). */
static const struct program_resource *resource_of(const struct wit_type *type)
{
    return (const struct program_resource *)type->resource;
}

static enum wasm_trap_kind lower_handle(
    struct canon_context *cx, const struct wit_type *type, void *rep, uint32_t *ret_handle)
{
    struct side_context *side = (struct side_context *)cx;
    struct borrow_scope *scope = NULL;
    if (type->kind == WIT_BORROW) {
        if (resource_of(type)->part == side->part->index) {
            *ret_handle = (uint32_t)(uintptr_t)rep;
            return WASM_TRAP_NONE;
        }
        scope = side->scope;
        scope->count++;
    }
    if (!handles_add(&side->part->handles, type->resource->tag, rep, scope, ret_handle))
        return fail(cx->trap, "too many handles");
    return WASM_TRAP_NONE;
}

static void side_init(struct side_context *side, struct component_part *part,
    const struct call_options *options, struct arena *arena, struct wasm_trap *trap)
{
    *side = (struct side_context){
        .cx = {.memory = options->memory,
            .encoding = options->encoding,
            .arena = arena,
            .trap = trap,
            .realloc = options->realloc ? context_realloc : NULL,
            .lift_handle = lift_handle,
            .lower_handle = lower_handle},
        .part = part,
        .realloc = options->realloc,
    };
}

/* Component instances from the callee's upwards until (without) one that the caller is in. */
static enum wasm_trap_kind enter(
    struct component_part *part, uint32_t until, struct wasm_trap *trap)
{
    struct component_part *parts = part->instance->parts;
    for (uint32_t i = part->index; i != until; i = parts[i].parent)
        if (parts[i].entered)
            return fail(trap, "cannot enter component instance");
    for (uint32_t i = part->index; i != until; i = parts[i].parent)
        parts[i].entered = true;
    return WASM_TRAP_NONE;
}

static void leave(struct component_part *part, uint32_t until)
{
    struct component_part *parts = part->instance->parts;
    for (uint32_t i = part->index; i != until; i = parts[i].parent)
        parts[i].entered = false;
}

static enum wasm_trap_kind post_return(
    const struct component_func *func, union wasm_value *slots, struct wasm_trap *trap)
{
    if (!func->options.post_return)
        return WASM_TRAP_NONE;
    func->part->may_leave = false;
    enum wasm_trap_kind kind = call_core(func->options.post_return, slots, trap);
    func->part->may_leave = true;
    return kind;
}

/* A call of a lifted function with values, up to its result; post_return and leave come after. */
struct lifted_call {
    struct component_func *func;
    struct side_context side;
    struct borrow_scope scope;
    union wasm_value slots[WIT_MAX_FLAT_PARAMS + 1]; /* afterwards the flat results */
};

static enum wasm_trap_kind run_lifted(struct lifted_call *c, struct component_func *func,
    const struct canon_value *args, struct canon_value *result, struct arena *arena,
    struct wasm_trap *trap)
{
    const struct wit_func_type *type = func->program->type;
    c->func = func;
    c->scope.count = 0;
    side_init(&c->side, func->part, &func->options, arena, trap);
    c->side.scope = &c->scope;
    enum wasm_trap_kind kind = canon_lower_params(&c->side.cx, type, args, c->slots);
    if (kind == WASM_TRAP_NONE)
        kind = call_core(func->core, c->slots, trap);
    if (kind == WASM_TRAP_NONE)
        kind = canon_lift_result(&c->side.cx, type->result, c->slots, result);
    if (kind == WASM_TRAP_NONE && c->scope.count)
        kind = fail(trap, "borrow handles still remain at the end of the call");
    return kind;
}

/* Calls inside calls share one limit. */
static struct scratch *scratch_take(struct component_instance *instance)
{
    size_t used = 0;
    struct scratch *s = instance->scratch_free;
    for (const struct scratch *outer = instance->scratch_used; outer; outer = outer->next)
        used += outer->arena.used;
    if (used >= LIMIT_REQUEST_ARENA)
        return NULL;
    if (s)
        instance->scratch_free = s->next;
    else if (!(s = calloc(1, sizeof(*s))))
        return NULL;
    s->arena.max = LIMIT_REQUEST_ARENA - used;
    s->next = instance->scratch_used;
    instance->scratch_used = s;
    return s;
}

static void scratch_give(struct component_instance *instance, struct scratch *s)
{
    BUG_IF(instance->scratch_used != s);
    instance->scratch_used = s->next;
    arena_reset(&s->arena);
    s->next = instance->scratch_free;
    instance->scratch_free = s;
}

/* The body of a call from one component to another, with its own memory for values. */
static enum wasm_trap_kind fused_call(const struct trampoline *t, union wasm_value *slots,
    struct arena *arena, struct wasm_trap *trap)
{
    struct component_func *func = t->callee;
    const struct wit_func_type *type = func->program->type;
    struct side_context caller;
    struct lifted_call call;
    struct canon_value result = {0};
    struct canon_value *args = arena_alloc(arena, (type->param_count + 1) * sizeof(*args));
    side_init(&caller, t->part, &t->options, arena, trap);
    enum wasm_trap_kind kind = canon_lift_params(&caller.cx, type, slots, args);
    if (kind == WASM_TRAP_NONE)
        kind = run_lifted(&call, func, args, &result, arena, trap);
    if (kind != WASM_TRAP_NONE)
        return kind;
    uint32_t count = t->program->core_type->param_count;
    uint32_t out = count ? slots[count - 1].i32 : 0;
    kind = canon_lower_result(&caller.cx, type->result, &result, out, slots);
    return kind == WASM_TRAP_NONE ? post_return(func, call.slots, trap) : kind;
}

static enum wasm_trap_kind lower_component(
    const struct trampoline *t, union wasm_value *slots, struct wasm_trap *trap)
{
    struct component_instance *instance = t->part->instance;
    size_t mark = instance->lend_count;
    enum wasm_trap_kind kind = enter(t->callee->part, t->program->enter_until, trap);
    if (kind != WASM_TRAP_NONE)
        return kind;
    struct scratch *scratch = scratch_take(instance);
    if (!scratch)
        return fail(trap, "out of memory for a call");
    kind = fused_call(t, slots, &scratch->arena, trap);
    scratch_give(instance, scratch);
    lends_return(instance, mark);
    if (kind == WASM_TRAP_NONE)
        leave(t->callee->part, t->program->enter_until);
    return kind;
}

static enum wasm_trap_kind lower_host(
    const struct trampoline *t, union wasm_value *slots, struct wasm_trap *trap)
{
    struct component_instance *instance = t->part->instance;
    const struct program_func *callee = t->program->callee;
    size_t mark = instance->lend_count;
    struct component_call call = {
        .instance = instance,
        .memory = t->options.memory,
        .realloc = t->options.realloc,
        .arena = &instance->arena,
        .host = instance_host(instance, callee->host_index),
        .trap = trap,
        .part = t->part,
    };
    if (unlikely(!call.host))
        return fail(trap, "'%s' is called before there is a host", callee->host->name);
    enum wasm_trap_kind kind = callee->host->body(&call, slots);
    lends_return(instance, mark);
    return kind;
}

static enum wasm_trap_kind resource_new(
    const struct trampoline *t, union wasm_value *slots, struct wasm_trap *trap)
{
    void *rep = (void *)(uintptr_t)slots[0].i32;
    uint32_t handle;
    if (!handles_add(&t->part->handles, t->program->resource->type.tag, rep, NULL, &handle))
        return fail(trap, "too many handles");
    slots[0].i64 = handle;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind resource_rep(
    const struct trampoline *t, union wasm_value *slots, struct wasm_trap *trap)
{
    struct handle *h;
    enum wasm_trap_kind kind =
        find_handle(t->part, t->program->resource->type.tag, slots[0].i32, &h, trap);
    if (kind == WASM_TRAP_NONE)
        slots[0].i64 = (uint32_t)(uintptr_t)h->rep;
    return kind;
}

/* The destructor runs in the component instance that implements the resource. */
static enum wasm_trap_kind destroy(const struct trampoline *t, void *rep, struct wasm_trap *trap)
{
    struct component_instance *instance = t->part->instance;
    const struct program_resource *resource = t->program->resource;
    struct component_part *owner = &instance->parts[resource->part];
    enum wasm_trap_kind kind = enter(owner, t->program->enter_until, trap);
    if (kind != WASM_TRAP_NONE)
        return kind;
    if (resource->has_dtor) {
        union wasm_value slot = {.i64 = (uint32_t)(uintptr_t)rep};
        kind = call_core(instance->dtors[resource->dtor_index], &slot, trap);
    }
    if (kind == WASM_TRAP_NONE)
        leave(owner, t->program->enter_until);
    return kind;
}

static enum wasm_trap_kind resource_drop(
    const struct trampoline *t, union wasm_value *slots, struct wasm_trap *trap)
{
    const void *tag = t->program->resource->type.tag;
    struct handle *found;
    enum wasm_trap_kind kind = find_handle(t->part, tag, slots[0].i32, &found, trap);
    if (kind != WASM_TRAP_NONE)
        return kind;
    if (found->lends)
        return fail(trap, "cannot remove owned resource while borrowed");
    struct handle h = *found;
    handles_remove(&t->part->handles, slots[0].i32);
    if (h.scope) {
        h.scope->count--;
        return WASM_TRAP_NONE;
    }
    if (!t->program->resource->host)
        return destroy(t, h.rep, trap);
    drop_host_object(t->part->instance, tag, h.rep);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind trampoline_body(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap)
{
    const struct trampoline *t = data;
    (void)store;
    if (unlikely(!t->part->may_leave) && t->program->kind != CANON_REP)
        return fail(trap, "cannot leave component instance");
    switch (t->program->kind) {
    case CANON_LOWER:
        return t->callee ? lower_component(t, slots, trap) : lower_host(t, slots, trap);
    case CANON_NEW:
        return resource_new(t, slots, trap);
    case CANON_DROP:
        return resource_drop(t, slots, trap);
    case CANON_REP:
        return resource_rep(t, slots, trap);
    case CANON_LIFT:
        break;
    }
    BUG("trampoline kind %d", t->program->kind);
}

/* From the host. */

static int finish(enum wasm_trap_kind kind, struct wasm_trap *trap)
{
    if (kind == WASM_TRAP_NONE)
        return 0;
    trap->kind = kind;
    return -1;
}

int component_call_flat(
    struct component_func *func, union wasm_value *slots, struct wasm_trap *ret_trap)
{
    enum wasm_trap_kind kind = enter(func->part, NO_INDEX, ret_trap);
    if (kind == WASM_TRAP_NONE)
        kind = call_core(func->core, slots, ret_trap);
    if (kind == WASM_TRAP_NONE && func->options.post_return) {
        union wasm_value result = slots[0];
        kind = post_return(func, &result, ret_trap);
    }
    if (kind == WASM_TRAP_NONE)
        leave(func->part, NO_INDEX);
    return finish(kind, ret_trap);
}

int component_call_values(struct component_func *func, const struct canon_value *args,
    struct canon_value *ret_result, struct wasm_trap *ret_trap)
{
    struct lifted_call call;
    enum wasm_trap_kind kind = enter(func->part, NO_INDEX, ret_trap);
    if (kind == WASM_TRAP_NONE)
        kind = run_lifted(&call, func, args, ret_result, &func->part->instance->arena, ret_trap);
    if (kind == WASM_TRAP_NONE)
        kind = post_return(func, call.slots, ret_trap);
    if (kind == WASM_TRAP_NONE)
        leave(func->part, NO_INDEX);
    return finish(kind, ret_trap);
}
