/*
 * Entering the guest and leaving it: wasm_call, what raises a trap, and the uniform entries of
 * translated and of host functions.
 *
 * mode and gs follow the call: an entry sets what its callee needs and restores what its caller
 * had; a trap skips those frames, so wasm_call restores what it found itself.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "wasm/runtime_int.h"

#ifdef __x86_64__
#include <asm/prctl.h>

static void set_gs(struct wasm_thread *thread, uint8_t *base)
{
    if (thread->gs_base == base)
        return;
    if (thread->has_wrgsbase)
        __asm__ volatile("wrgsbase %0" : : "r"(base));
    else if (syscall(SYS_arch_prctl, ARCH_SET_GS, base) < 0)
        BUG("the gs segment cannot be set");
    thread->gs_base = base;
}
#else
static void set_gs(struct wasm_thread *thread, uint8_t *base)
{
    thread->gs_base = base;
}
#endif

void wasm_raise_trap(const struct wasm_trap *trap)
{
    struct wasm_thread *thread = wasm_thread_now;
    BUG_IF(!thread || !thread->entry);
    thread->mode = WASM_MODE_HOST;
    if (thread->entry->ret_trap != trap)
        *thread->entry->ret_trap = *trap;
    _longjmp(thread->entry->jump, 1);
}

void wasm_raise(enum wasm_trap_kind kind)
{
    struct wasm_thread *thread = wasm_thread_now;
    BUG_IF(!thread || !thread->entry);
    thread->mode = WASM_MODE_HOST;
    thread->entry->ret_trap->kind = kind;
    thread->entry->ret_trap->detail[0] = '\0';
    _longjmp(thread->entry->jump, 1);
}

void wasm_call_native(struct wasm_func *func, union wasm_value *slots)
{
    struct wasm_thread *thread = wasm_thread_now;
    sig_atomic_t mode = thread->mode;
    uint8_t *gs = thread->gs_base;
    if (mode != WASM_MODE_GUEST && !wasm_stack_has(thread, 0))
        wasm_raise(WASM_TRAP_STACK_EXHAUSTED);
    if (func->memory_base)
        set_gs(thread, func->memory_base);
    thread->mode = WASM_MODE_GUEST;
    atomic_signal_fence(memory_order_seq_cst);
    func->thunk(func, slots);
    atomic_signal_fence(memory_order_seq_cst);
    thread->mode = mode;
    if (gs)
        set_gs(thread, gs);
}

void wasm_call_host(struct wasm_func *func, union wasm_value *slots)
{
    struct wasm_thread *thread = wasm_thread_now;
    struct wasm_host_func *host = func->host;
    struct wasm_trap trap;
    trap.kind = WASM_TRAP_NONE;
    trap.detail[0] = '\0';
    if (!wasm_stack_has(thread, 0))
        wasm_raise(WASM_TRAP_STACK_EXHAUSTED);
    sig_atomic_t mode = thread->mode;
    thread->mode = WASM_MODE_HOST;
    atomic_signal_fence(memory_order_seq_cst);
    trap.kind = host->body(host->data, host->store, slots, &trap);
    atomic_signal_fence(memory_order_seq_cst);
    if (unlikely(trap.kind != WASM_TRAP_NONE))
        wasm_raise_trap(&trap);
    if (unlikely(atomic_load_explicit(&thread->expired, memory_order_relaxed)))
        wasm_raise(WASM_TRAP_DEADLINE);
    thread->mode = mode;
}

/* The budget of an outermost call begins: see on_tick in process.c for the order. */
static void begin_budget(struct wasm_thread *thread, uint64_t budget_ns)
{
    thread->serial++;
    thread->budget_ns = budget_ns;
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&thread->expired, false, memory_order_relaxed);
    if (budget_ns == 0)
        return;
    uint64_t tick_ns = budget_ns / 16;
    tick_ns = tick_ns < 10 * NS_PER_MS    ? 10 * NS_PER_MS
              : tick_ns > 100 * NS_PER_MS ? 100 * NS_PER_MS
                                          : tick_ns;
    if (unlikely(thread->tick_ns == 0 || tick_ns < thread->tick_ns))
        wasm_thread_tick(thread, tick_ns);
}

bool wasm_budget_is_over(void)
{
    struct wasm_thread *thread = wasm_thread_now;
    return thread && thread->entry && atomic_load_explicit(&thread->expired, memory_order_relaxed);
}

size_t wasm_stack_left(void)
{
    struct wasm_thread *thread = wasm_thread_now;
    if (!thread || !thread->entry)
        return SIZE_MAX;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here > thread->stack_low ? here - thread->stack_low : 0;
}

static struct wasm_store *store_of(const struct wasm_func *func)
{
    return func->instance ? func->instance->store : func->host->store;
}

int wasm_call(struct wasm_func *func, union wasm_value *slots, struct wasm_trap *ret_trap)
{
    struct wasm_thread *thread = wasm_thread_now;
    if (unlikely(!thread))
        BUG("wasm_call on a thread without wasm_thread_init");
    if (unlikely(!wasm_stack_has(thread, 0))) {
        *ret_trap = (struct wasm_trap){.kind = WASM_TRAP_STACK_EXHAUSTED};
        return -1;
    }
    struct wasm_entry entry;
    entry.outer = thread->entry;
    entry.ret_trap = ret_trap;
    struct wasm_store *store = thread->store;
    sig_atomic_t mode = thread->mode;
    uint8_t *gs = thread->gs_base;
    if (!entry.outer)
        begin_budget(thread, store_of(func)->budget_ns);
    thread->store = store_of(func);
    thread->entry = &entry;

    int result = 0;
    if (likely(_setjmp(entry.jump) == 0)) {
        func->call(func, slots);
    } else {
        result = -1;
        if (entry.outer && gs)
            set_gs(thread, gs);
    }
    thread->mode = mode;
    thread->entry = entry.outer;
    thread->store = store;
    return result;
}
