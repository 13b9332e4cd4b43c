/*
 * Signal handlers, the table of reservations, per-thread state. The only process-wide mutable state
 * of the engine lives here.
 */
#include "wasm/process.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/file.h"
#include "wasm/pages.h"

enum {
    SIGNAL_STACK_BYTES = 128 * 1024, /* the dying backtrace loads symbols on it */
    LANDING_BYTES = 64 * 1024,       /* what leaving a trapped guest needs; part of the reserve */
};
#define THREAD_STACK_BYTES     (8 * MIB)
#define UNLIMITED_STACK_BYTES  (64 * MIB) /* for a first thread whose stack has no limit */
#define RESERVATION_SLOT_COUNT 16384      /* 48 bits of address space */

_Thread_local struct wasm_thread *wasm_thread_now;

/* By address / WASM_RESERVATION_ALIGN. Written by the thread that makes or frees a memory. */
static struct wasm_memory *_Atomic reservations[RESERVATION_SLOT_COUNT];

static size_t reservation_slot(uintptr_t address)
{
    return (address / WASM_RESERVATION_ALIGN) % RESERVATION_SLOT_COUNT;
}

void wasm_reservation_add(struct wasm_memory *memory)
{
    atomic_store(&reservations[reservation_slot((uintptr_t)memory->base)], memory);
}

void wasm_reservation_remove(struct wasm_memory *memory)
{
    struct wasm_memory *expected = memory;
    atomic_compare_exchange_strong(
        &reservations[reservation_slot((uintptr_t)memory->base)], &expected, NULL);
}

/* The memory in whose reservation the address lies, or NULL. */
static struct wasm_memory *find_memory(uintptr_t address)
{
    struct wasm_memory *memory = atomic_load(&reservations[reservation_slot(address)]);
    return memory && address - (uintptr_t)memory->base < WASM_RESERVED_BYTES ? memory : NULL;
}

/* Where an interrupted guest goes on: in ordinary context, on its own stack. */
static NORETURN void land(int kind)
{
    wasm_raise((enum wasm_trap_kind)kind);
}

/*
 * Makes the interrupted guest leave with a trap when the handler returns. The stack pointer moves
 * out of the guard: what lies there are frames of the guest, which are given up; the innermost
 * wasm_call's frame is above, since an entry needs LIMIT_STACK_RESERVE.
 */
static void leave_guest(struct wasm_thread *thread, ucontext_t *context, enum wasm_trap_kind kind)
{
    uintptr_t lowest = thread->stack_low + LANDING_BYTES;
#if defined(__x86_64__)
    greg_t *registers = context->uc_mcontext.gregs;
    uintptr_t sp = (uintptr_t)registers[REG_RSP] - 256;
    sp = (sp < lowest ? lowest : sp) & ~(uintptr_t)15;
    registers[REG_RSP] = (greg_t)(sp - 8); /* as after a call */
    registers[REG_RIP] = (greg_t)(uintptr_t)land;
    registers[REG_RDI] = kind;
    registers[REG_EFL] &= ~(greg_t)0x400; /* direction flag, which the ABI wants clear */
#elif defined(__aarch64__)
    uintptr_t sp = (uintptr_t)context->uc_mcontext.sp - 256;
    context->uc_mcontext.sp = (sp < lowest ? lowest : sp) & ~(uintptr_t)15;
    context->uc_mcontext.pc = (uintptr_t)land;
    context->uc_mcontext.regs[0] = kind;
#else
#error "no register layout for this processor"
#endif
}

static void write_text(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static NORETURN void die(int signal_number)
{
    void *frames[64];
    write_text(signal_number == SIGBUS ? "spindle: fault in host code (SIGBUS); backtrace:\n"
                                       : "spindle: fault in host code (SIGSEGV); backtrace:\n");
    backtrace_symbols_fd(frames, backtrace(frames, countof(frames)), STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    abort();
}

/* The order is that of docs: first write, trap of the running guest, fault of ours. */
static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    uintptr_t address = (uintptr_t)info->si_addr;
    struct wasm_memory *memory = info->si_code > 0 ? find_memory(address) : NULL;
    if (memory && wasm_pages_first_write(memory, address - (uintptr_t)memory->base)) {
        errno = saved_errno;
        return;
    }
    struct wasm_thread *thread = wasm_thread_now;
    if (info->si_code > 0 && thread && thread->entry && thread->mode == WASM_MODE_GUEST) {
        bool in_guard = address < thread->stack_low + LANDING_BYTES &&
                        address >= thread->stack_low - LIMIT_STACK_GUARD;
        if (memory && memory->pages->store == thread->store) {
            leave_guest(thread, context, WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
            return;
        }
        if (in_guard) {
            leave_guest(thread, context, WASM_TRAP_STACK_EXHAUSTED);
            return;
        }
    }
    die(signal_number);
}

/*
 * A tick of the thread's CPU clock. A call is first seen here, not at its entry, so that entering
 * costs no system call: it gets its budget and at most two ticks more. wasm_call counts `serial` up
 * before it sets the budget, so no call is measured with another one's budget.
 */
static void on_tick(int signal_number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    struct wasm_thread *thread = wasm_thread_now;
    (void)signal_number;
    if (info->si_code != SI_TIMER || !thread || !thread->entry)
        return;
    uint64_t now = clock_thread_cpu_ns();
    errno = saved_errno;
    if (thread->seen_serial != thread->serial) {
        thread->seen_serial = thread->serial;
        thread->seen_at = now;
        return;
    }
    if (thread->budget_ns == 0 || now - thread->seen_at < thread->budget_ns)
        return;
    atomic_store_explicit(&thread->expired, true, memory_order_relaxed);
    if (thread->mode == WASM_MODE_GUEST)
        leave_guest(thread, context, WASM_TRAP_DEADLINE);
}

static int tick_signal(void)
{
    return SIGRTMIN + 1;
}

static int install(int signal_number, void (*handler)(int, siginfo_t *, void *), struct error *err)
{
    struct sigaction action = {0};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, tick_signal());
    if (sigaction(signal_number, &action, NULL) < 0)
        return error_set_os(err, errno, "cannot handle signal %d", signal_number);
    return 0;
}

/*
 * The kernel maps 16 pages of a file around each one that is read first. Instances would so appear
 * to hold, and have page tables for, many times the pages of their image that they use. Ranges of
 * a userfaultfd are spared that; no event is ever asked for or comes. Where the kernel does not
 * allow one (-1) all works the same.
 */
static int sparing = -1;

static void open_sparing(void)
{
    struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_WP_HUGETLBFS_SHMEM};
    sparing = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    if (sparing >= 0 && ioctl(sparing, UFFDIO_API, &api) < 0)
        fd_close(&sparing);
}

void wasm_map_sparingly(void *start, size_t size)
{
    struct uffdio_register range = {
        .range = {.start = (uintptr_t)start, .len = size}, .mode = UFFDIO_REGISTER_MODE_WP};
    if (sparing >= 0)
        (void)ioctl(sparing, UFFDIO_REGISTER, &range); /* else it costs more, that is all */
}

static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static bool initialised;

int wasm_process_init(struct error *err)
{
    int result = 0;
    pthread_mutex_lock(&init_lock);
    if (!initialised) {
        void *frame;
        backtrace(&frame, 1); /* loads what it needs now, not in the handler */
        open_sparing();
        if (install(SIGSEGV, on_fault, err) < 0 || install(SIGBUS, on_fault, err) < 0 ||
            install(tick_signal(), on_tick, err) < 0)
            result = -1;
        else
            initialised = true;
    }
    pthread_mutex_unlock(&init_lock);
    return result;
}

/* The first thread's stack grows until its limit; "no limit" becomes one. */
static void limit_first_stack(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur > GIB) {
        limit.rlim_cur = UNLIMITED_STACK_BYTES;
        setrlimit(RLIMIT_STACK, &limit);
    }
}

static int find_stack(struct wasm_thread *thread, struct error *err)
{
    bool first = getpid() == gettid();
    pthread_attr_t attributes;
    void *low;
    size_t size, guard = 0;
    if (first)
        limit_first_stack();
    int code = pthread_getattr_np(pthread_self(), &attributes);
    if (code != 0)
        return error_set_os(err, code, "cannot learn the bounds of the stack");
    code = pthread_attr_getstack(&attributes, &low, &size);
    if (code == 0)
        code = pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_destroy(&attributes);
    if (code != 0)
        return error_set_os(err, code, "cannot learn the bounds of the stack");
    if (!first && guard < LIMIT_STACK_GUARD)
        return error_set(err, ERROR_LIMIT, "the stack guard of a thread is too small for guests");
    if (size < 4 * LIMIT_STACK_RESERVE)
        return error_set(err, ERROR_LIMIT, "the stack of a thread is too small for guests");
    thread->stack_low = (uintptr_t)low;
    return 0;
}

static int make_signal_stack(struct wasm_thread *thread, struct error *err)
{
    void *memory = mmap(NULL, SIGNAL_STACK_BYTES, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return error_set_os(err, errno, "cannot map a signal stack");
    stack_t stack = {.ss_sp = memory, .ss_size = SIGNAL_STACK_BYTES};
    if (sigaltstack(&stack, NULL) < 0) {
        munmap(memory, SIGNAL_STACK_BYTES);
        return error_set_os(err, errno, "cannot use a signal stack");
    }
    thread->signal_stack = memory;
    return 0;
}

/* The timer ticks once a call has a budget. */
static int make_timer(struct wasm_thread *thread, struct error *err)
{
    struct sigevent event = {0};
    timer_t timer;
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = tick_signal();
    event._sigev_un._tid = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) < 0)
        return error_set_os(err, errno, "cannot make a timer for a thread");
    thread->timer = (void *)timer;
    return 0;
}

int wasm_thread_init(struct error *err)
{
    if (wasm_thread_now)
        return 0;
    struct wasm_thread *thread = calloc(1, sizeof(*thread));
    if (!thread)
        return error_set(err, ERROR_MEMORY, "no memory for a thread's state");
#ifdef __x86_64__
    thread->has_wrgsbase = (getauxval(AT_HWCAP2) & 2) != 0;
#endif
    if (find_stack(thread, err) < 0 || make_timer(thread, err) < 0) {
        free(thread);
        return -1;
    }
    if (make_signal_stack(thread, err) < 0) {
        timer_delete((timer_t)thread->timer);
        free(thread);
        return -1;
    }
    wasm_thread_now = thread;
    return 0;
}

void wasm_thread_release(void)
{
    struct wasm_thread *thread = wasm_thread_now;
    if (!thread)
        return;
    timer_delete((timer_t)thread->timer);
    wasm_thread_now = NULL;
    stack_t off = {.ss_flags = SS_DISABLE};
    sigaltstack(&off, NULL);
    munmap(thread->signal_stack, SIGNAL_STACK_BYTES);
    free(thread);
}

int wasm_thread_attributes(pthread_attr_t *ret_attributes, struct error *err)
{
    int code = pthread_attr_init(ret_attributes);
    if (code == 0)
        code = pthread_attr_setstacksize(ret_attributes, THREAD_STACK_BYTES);
    if (code == 0)
        code = pthread_attr_setguardsize(ret_attributes, LIMIT_STACK_GUARD);
    return code == 0 ? 0 : error_set_os(err, code, "cannot set a thread's attributes");
}

void wasm_thread_tick(struct wasm_thread *thread, uint64_t tick_ns)
{
    struct timespec every = {
        .tv_sec = (time_t)(tick_ns / NS_PER_S), .tv_nsec = (long)(tick_ns % NS_PER_S)};
    struct itimerspec setting = {.it_interval = every, .it_value = every};
    if (timer_settime((timer_t)thread->timer, 0, &setting, NULL) < 0)
        BUG("a thread's timer cannot be set: %s", strerror(errno));
    thread->tick_ns = tick_ns;
}
