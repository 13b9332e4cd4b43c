/*
 * Answering one exchange by a component: an instance from the pool, the call, the rewind.
 */
#include "app/component.h"

static void free_instance(struct app_instance *i)
{
    if (i->instance)
        component_instance_free(i->instance);
    spin_context_free(i->spin_context);
    wasi_context_free(i->context);
    free(i);
}

/* From the program as it is now. */
static int make_instance(struct app_component *c, struct app_program program,
    struct app_instance **ret_instance, struct error *err)
{
    struct app_instance *i = calloc(1, sizeof *i);
    struct wasm_trap trap;
    if (!i)
        return error_set(err, ERROR_MEMORY, "no memory for an instance");
    i->program = program.program;
    if (wasi_context_new(&c->wasi, &i->context, err) < 0 ||
        spin_context_new(&c->spin, i->context, &i->spin_context, err) < 0 ||
        component_instantiate_with(
            program.program, program.image, i->context, &i->instance, &trap, err) < 0) {
        free_instance(i);
        return -1;
    }
    i->handle = component_instance_func(i->instance, c->handler, STR("handle"));
    if (!i->handle) {
        free_instance(i);
        return error_set(err, ERROR_INVALID, "the component's handler has no `handle`");
    }
    *ret_instance = i;
    return 0;
}

/* Waits until an instance is given back. Called with the lock. */
static void wait_for_instance(struct app_component *c)
{
    c->waiting++;
    pthread_mutex_unlock(&c->lock);
    http_thread_blocks();
    pthread_mutex_lock(&c->lock);
    while (!c->pool && c->instance_count >= c->options->max_instances)
        pthread_cond_wait(&c->freed, &c->lock);
    c->waiting--;
    pthread_mutex_unlock(&c->lock);
    http_thread_resumes();
    pthread_mutex_lock(&c->lock);
}

/*
 * A request from within the process holds the asking instance, and others before it: it does not
 * wait for one more, or all might wait for each other.
 */
static int take_instance(
    struct app_component *c, bool may_wait, struct app_instance **ret_instance, struct error *err)
{
    struct app_instance *i = NULL;
    bool make = false;
    struct app_program program;
    pthread_mutex_lock(&c->lock);
    while (!i && !make) {
        i = c->pool;
        make = !i && c->instance_count < c->options->max_instances;
        if (i)
            c->pool = i->next;
        else if (make)
            c->instance_count++;
        else if (may_wait)
            wait_for_instance(c);
        else
            break;
    }
    program = c->current;
    pthread_mutex_unlock(&c->lock);
    if (i) {
        *ret_instance = i;
        return 0;
    }
    if (!make)
        return error_set(
            err, ERROR_LIMIT, "all %u instances are in use", c->options->max_instances);
    if (make_instance(c, program, ret_instance, err) == 0)
        return 0;
    pthread_mutex_lock(&c->lock);
    c->instance_count--;
    pthread_cond_signal(&c->freed);
    pthread_mutex_unlock(&c->lock);
    return -1;
}

static void give_instance(struct app_component *c, struct app_instance *i)
{
    pthread_mutex_lock(&c->lock);
    bool keep = i->program == c->current.program; /* else it is one without native code */
    if (keep) {
        i->next = c->pool;
        c->pool = i;
    } else {
        c->instance_count--;
    }
    bool wake = c->waiting > 0;
    pthread_mutex_unlock(&c->lock);
    if (wake)
        pthread_cond_signal(&c->freed);
    if (!keep)
        free_instance(i);
}

void app_component_drop_pool(struct app_component *c)
{
    pthread_mutex_lock(&c->lock);
    struct app_instance *list = c->pool;
    c->pool = NULL;
    for (struct app_instance *i = list; i; i = i->next)
        c->instance_count--;
    pthread_mutex_unlock(&c->lock);
    while (list) {
        struct app_instance *i = list;
        list = i->next;
        free_instance(i);
    }
}

/* A line about a request that went wrong, for whoever runs the application. */
PRINTF_LIKE(3, 4)
static void report(
    const struct app_component *c, const struct http_exchange *x, const char *fmt, ...)
{
    struct buf line = BUF_INIT(16 * 1024);
    va_list args;
    buf_printf(&line, "Error: component `%" STR_FMT "`, %" STR_FMT " %" STR_FMT ": ",
        STR_ARG(c->manifest->id), STR_ARG(x->method), STR_ARG(x->path));
    va_start(args, fmt);
    buf_vprintf(&line, fmt, args);
    va_end(args);
    buf_append_byte(&line, '\n');
    fputs(buf_cstr(&line), stderr);
    buf_release(&line);
}

static void report_error(
    const struct app_component *c, const struct http_exchange *x, struct error *err)
{
    struct buf text = BUF_INIT(16 * 1024);
    error_append_line(err, &text);
    report(c, x, "%s", buf_cstr(&text));
    buf_release(&text);
    error_release(err);
}

static void report_trap(
    const struct app_component *c, const struct http_exchange *x, const struct wasm_trap *trap)
{
    const char *message = wasm_trap_message(trap->kind);
    if (trap->kind == WASM_TRAP_DEADLINE)
        report(c, x,
            "stopped: it has used more than the CPU time of a request (%.3g s; "
            "--request-timeout changes it)",
            (double)c->options->request_cpu_ns / (double)NS_PER_S);
    else if (trap->kind == WASM_TRAP_EXIT)
        report(c, x, "the guest has ended itself before its response was complete");
    else if (trap->detail[0])
        report(c, x, "the guest trapped: %s: %s", message, trap->detail);
    else
        report(c, x, "the guest trapped: %s", message);
}

/* Calls the handler. Returns the status to reject the exchange with, or 0 if it needs none. */
static unsigned call_handler(
    struct app_component *c, struct app_instance *i, struct http_exchange *x)
{
    struct error err = ERROR_INIT;
    struct wasm_trap trap = {0};
    uint32_t request, response_out;
    wasm_store_set_budget(component_instance_store(i->instance), c->options->request_cpu_ns);
    if (wasi_http_begin(i->context, x, i->instance, &request, &response_out, &err) < 0) {
        report_error(c, x, &err);
        return 500;
    }
    union wasm_value slots[2] = {{.i32 = request}, {.i32 = response_out}};
    int called = component_call_flat(i->handle, slots, &trap);
    enum wasi_http_outcome outcome = wasi_http_end(i->context);
    if (called < 0 && !(trap.kind == WASM_TRAP_EXIT && outcome == WASI_HTTP_ANSWERED))
        report_trap(c, x, &trap);
    switch (outcome) {
    case WASI_HTTP_ANSWERED:
    case WASI_HTTP_GONE:
        return 0;
    case WASI_HTTP_NO_RESPONSE:
        if (called == 0)
            report(c, x, "guest failed to produce a response prior to returning");
        break;
    case WASI_HTTP_ERROR:
        report(c, x, "the guest answered with an error");
        break;
    case WASI_HTTP_CUT:
        if (called == 0)
            report(c, x, "the guest did not finish the body of its response");
        break;
    }
    return called < 0 && trap.kind == WASM_TRAP_DEADLINE ? 504 : 500;
}

static void rewind_instance(
    struct app_component *c, struct app_instance *i, const struct http_exchange *x)
{
    component_instance_rewind(i->instance);
    wasi_context_reset(i->context);
    spin_context_reset(i->spin_context);
    if (!c->options->check_rewind)
        return;
    struct error err = ERROR_INIT;
    atomic_fetch_add(&c->checked, 1);
    atomic_store(&c->hot_pages, wasm_store_hot_pages(component_instance_store(i->instance)));
    if (component_instance_compare(i->instance, &err) < 0) {
        atomic_fetch_add(&c->different, 1);
        error_wrap(&err, "not rewound");
        report_error(c, x, &err);
    }
}

void app_component_handle(struct app_component *c, struct http_exchange *x)
{
    struct error err = ERROR_INIT;
    struct app_instance *i;
    if (take_instance(c, x->depth == 0, &i, &err) < 0) {
        report_error(c, x, &err);
        x->ops->reject(x, 503);
        return;
    }
    unsigned status = call_handler(c, i, x);
    if (status)
        x->ops->reject(x, status);
    rewind_instance(c, i, x);
    give_instance(c, i);
}
