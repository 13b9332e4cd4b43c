/*
 * Tier 0: the interpreter. Plain C that checks every bound itself; a body is lowered (lower.h) at
 * its first call. A guest call is a C call: each function's frame lies on the native stack, and a
 * call traps when too little of that is left.
 *
 * While it runs, the thread's mode is WASM_MODE_INTERPRET: the preemption handler then only sets
 * `expired`, which is looked at when a function begins and at the head of each loop.
 */
#include <alloca.h>
#include <pthread.h>

#include "wasm/lower.h"
#include "wasm/numeric.h"

struct interpreted {
    struct wasm_code_unit unit; /* first */
    const struct wasm_module *module;
    pthread_mutex_t lock;               /* held while a body is lowered */
    _Atomic(struct lowered *) bodies[]; /* own functions'; NULL until the first call */
};

/* Once set, a body never changes, so that readers need no lock. */
static struct lowered *lower_now(struct interpreted *code, uint32_t own_index)
{
    pthread_mutex_lock(&code->lock);
    struct lowered *body = atomic_load(&code->bodies[own_index]);
    if (!body) {
        body = wasm_lower(code->module, &code->module->funcs[own_index]);
        atomic_store(&code->bodies[own_index], body);
    }
    pthread_mutex_unlock(&code->lock);
    if (!body) {
        struct wasm_trap trap = {WASM_TRAP_HOST, "no memory to interpret a function"};
        wasm_raise_trap(&trap);
    }
    return body;
}

static inline void poll(const struct wasm_thread *thread)
{
    if (unlikely(atomic_load_explicit(&thread->expired, memory_order_relaxed)))
        wasm_raise(WASM_TRAP_DEADLINE);
}

/* The address of an access of `size` bytes. */
static inline uint8_t *address(
    const struct wasm_memory *memory, uint32_t index, uint32_t offset, uint32_t size)
{
    uint64_t start = (uint64_t)index + offset;
    if (unlikely(start + size > memory->size))
        wasm_raise(WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
    return memory->base + start;
}

static inline union wasm_value *element(const struct wasm_table *table, uint32_t index)
{
    if (index >= table->size)
        wasm_raise(WASM_TRAP_OUT_OF_BOUNDS_TABLE);
    return &table->elements[index];
}

static struct wasm_func *indirect_callee(
    const struct wasm_table *table, uint32_t index, const struct wasm_func_type *type)
{
    if (index >= table->size)
        wasm_raise(WASM_TRAP_UNDEFINED_ELEMENT);
    struct wasm_func *func = table->elements[index].ref;
    if (!func)
        wasm_raise(WASM_TRAP_UNINITIALIZED_ELEMENT);
    if (!wasm_func_type_equal(func->type, type))
        wasm_raise(WASM_TRAP_INDIRECT_CALL_TYPE);
    return func;
}

/* Moves a branch's values down; returns the new top. */
static inline union wasm_value *carry(
    union wasm_value *frame, union wasm_value *sp, const uint32_t *operands)
{
    uint32_t count = operands[1];
    union wasm_value *to = frame + operands[2];
    memmove(to, sp - count, count * sizeof *sp);
    return to + count;
}

/* Cases of the dispatch. `a` and `b` are operands by their C types. */
#define CASE(op) case LOWERED_OP(WASM_OP_##op):

#define UNARY(op, in, out, in_type, expression) \
    CASE(op)                                    \
    {                                           \
        in_type a = (in_type)sp[-1].in;         \
        sp[-1].out = (expression);              \
        break;                                  \
    }

#define BINARY(op, in, out, in_type, expression)                \
    CASE(op)                                                    \
    {                                                           \
        in_type a = (in_type)sp[-2].in, b = (in_type)sp[-1].in; \
        sp--;                                                   \
        sp[-1].out = (expression);                              \
        break;                                                  \
    }

#define FLOAT_UNARY(op, type, of, bits_of, member, expression) \
    CASE(op)                                                   \
    {                                                          \
        type a = of(sp[-1].member);                            \
        sp[-1].member = bits_of(expression);                   \
        break;                                                 \
    }

#define FLOAT_BINARY(op, type, of, bits_of, member, expression) \
    CASE(op)                                                    \
    {                                                           \
        type a = of(sp[-2].member), b = of(sp[-1].member);      \
        sp--;                                                   \
        sp[-1].member = bits_of(expression);                    \
        break;                                                  \
    }

#define FLOAT_COMPARE(op, type, of, member, expression)    \
    CASE(op)                                               \
    {                                                      \
        type a = of(sp[-2].member), b = of(sp[-1].member); \
        sp--;                                              \
        sp[-1].i32 = (expression);                         \
        break;                                             \
    }

#define LOAD(op, type, out, cast)                                                           \
    CASE(op)                                                                                \
    {                                                                                       \
        type value;                                                                         \
        memcpy(&value, address(instance->memories[pc[1]], sp[-1].i32, pc[0], sizeof value), \
            sizeof value);                                                                  \
        sp[-1].out = (cast)value;                                                           \
        pc += 2;                                                                            \
        break;                                                                              \
    }

#define STORE(op, type, in)                                                                 \
    CASE(op)                                                                                \
    {                                                                                       \
        type value = (type)sp[-1].in;                                                       \
        memcpy(address(instance->memories[pc[1]], sp[-2].i32, pc[0], sizeof value), &value, \
            sizeof value);                                                                  \
        sp -= 2;                                                                            \
        pc += 2;                                                                            \
        break;                                                                              \
    }

/* Integer instructions of one width. */
#define INTEGER_CASES(I, member, U, S, bits)                            \
    UNARY(I##_EQZ, member, i32, U, a == 0)                              \
    BINARY(I##_EQ, member, i32, U, a == b)                              \
    BINARY(I##_NE, member, i32, U, a != b)                              \
    BINARY(I##_LT_S, member, i32, S, a < b)                             \
    BINARY(I##_LT_U, member, i32, U, a < b)                             \
    BINARY(I##_GT_S, member, i32, S, a > b)                             \
    BINARY(I##_GT_U, member, i32, U, a > b)                             \
    BINARY(I##_LE_S, member, i32, S, a <= b)                            \
    BINARY(I##_LE_U, member, i32, U, a <= b)                            \
    BINARY(I##_GE_S, member, i32, S, a >= b)                            \
    BINARY(I##_GE_U, member, i32, U, a >= b)                            \
    UNARY(I##_CLZ, member, member, U, member##_clz(a))                  \
    UNARY(I##_CTZ, member, member, U, member##_ctz(a))                  \
    UNARY(I##_POPCNT, member, member, U, (U)__builtin_popcountll(a))    \
    BINARY(I##_ADD, member, member, U, a + b)                           \
    BINARY(I##_SUB, member, member, U, a - b)                           \
    BINARY(I##_MUL, member, member, U, a *b)                            \
    BINARY(I##_DIV_S, member, member, U, member##_div_s(a, b))          \
    BINARY(I##_DIV_U, member, member, U, member##_div_u(a, b))          \
    BINARY(I##_REM_S, member, member, U, member##_rem_s(a, b))          \
    BINARY(I##_REM_U, member, member, U, member##_rem_u(a, b))          \
    BINARY(I##_AND, member, member, U, a &b)                            \
    BINARY(I##_OR, member, member, U, a | b)                            \
    BINARY(I##_XOR, member, member, U, a ^ b)                           \
    BINARY(I##_SHL, member, member, U, a << (b & (bits - 1)))           \
    BINARY(I##_SHR_S, member, member, U, (U)((S)a >> (b & (bits - 1)))) \
    BINARY(I##_SHR_U, member, member, U, a >> (b & (bits - 1)))         \
    BINARY(I##_ROTL, member, member, U, member##_rotl(a, b))            \
    BINARY(I##_ROTR, member, member, U, member##_rotr(a, b))            \
    UNARY(I##_EXTEND8_S, member, member, U, (U)(S)(int8_t)a)            \
    UNARY(I##_EXTEND16_S, member, member, U, (U)(S)(int16_t)a)

/* Float instructions of one width; `sign` is the sign's bit. */
#define FLOAT_CASES(F, member, type, of, bits_of, sign)                      \
    FLOAT_COMPARE(F##_EQ, type, of, member, a == b)                          \
    FLOAT_COMPARE(F##_NE, type, of, member, a != b)                          \
    FLOAT_COMPARE(F##_LT, type, of, member, a < b)                           \
    FLOAT_COMPARE(F##_GT, type, of, member, a > b)                           \
    FLOAT_COMPARE(F##_LE, type, of, member, a <= b)                          \
    FLOAT_COMPARE(F##_GE, type, of, member, a >= b)                          \
    FLOAT_UNARY(F##_CEIL, type, of, bits_of, member, member##_ceil(a))       \
    FLOAT_UNARY(F##_FLOOR, type, of, bits_of, member, member##_floor(a))     \
    FLOAT_UNARY(F##_TRUNC, type, of, bits_of, member, member##_trunc(a))     \
    FLOAT_UNARY(F##_NEAREST, type, of, bits_of, member, member##_nearest(a)) \
    FLOAT_UNARY(F##_SQRT, type, of, bits_of, member, member##_sqrt(a))       \
    FLOAT_BINARY(F##_ADD, type, of, bits_of, member, a + b)                  \
    FLOAT_BINARY(F##_SUB, type, of, bits_of, member, a - b)                  \
    FLOAT_BINARY(F##_MUL, type, of, bits_of, member, a *b)                   \
    FLOAT_BINARY(F##_DIV, type, of, bits_of, member, a / b)                  \
    FLOAT_BINARY(F##_MIN, type, of, bits_of, member, member##_min(a, b))     \
    FLOAT_BINARY(F##_MAX, type, of, bits_of, member, member##_max(a, b))     \
    UNARY(F##_ABS, member, member, __typeof__(sign), a & ~(sign))            \
    UNARY(F##_NEG, member, member, __typeof__(sign), a ^ (sign))             \
    BINARY(F##_COPYSIGN, member, member, __typeof__(sign), (a & ~(sign)) | (b & (sign)))

#define F32_OPERAND f32_of((uint32_t)a)
#define F64_OPERAND f64_of(a)

/* Runs a body. `results` receives what it returns. */
static void run(struct wasm_instance *instance, const struct lowered *body, union wasm_value *frame,
    union wasm_value *sp, union wasm_value *results, uint32_t result_count)
{
    const struct wasm_thread *thread = wasm_thread_now;
    const uint32_t *pc = body->words;
    for (;;) {
        switch (*pc++) {
            CASE(UNREACHABLE)
            wasm_raise(WASM_TRAP_UNREACHABLE);
        case LOWERED_POLL:
            poll(thread);
            break;
        case LOWERED_JUMP:
            pc = body->words + pc[0];
            break;
        case LOWERED_JUMP_IF:
            pc = (--sp)->i32 ? body->words + pc[0] : pc + 1;
            break;
        case LOWERED_JUMP_UNLESS:
            pc = (--sp)->i32 ? pc + 1 : body->words + pc[0];
            break;
        case LOWERED_BR:
            sp = carry(frame, sp, pc);
            pc = body->words + pc[0];
            break;
        case LOWERED_BR_IF:
            if ((--sp)->i32) {
                sp = carry(frame, sp, pc);
                pc = body->words + pc[0];
            } else {
                pc += 3;
            }
            break;
        case LOWERED_BR_TABLE: {
            uint32_t index = (--sp)->i32 < pc[0] ? sp->i32 : pc[0];
            pc += 1 + (size_t)index * 3;
            sp = carry(frame, sp, pc);
            pc = body->words + pc[0];
            break;
        }
        case LOWERED_RETURN:
            memcpy(results, sp - result_count, result_count * sizeof *sp);
            return;
        case LOWERED_CALL_OWN: {
            struct wasm_func *func = &instance->funcs[pc[0]];
            sp -= pc[1];
            func->call(func, sp);
            sp += pc[2];
            pc += 3;
            break;
        }
        case LOWERED_CALL_IMPORT: {
            struct wasm_func *func = instance->imports[pc[0]];
            sp -= pc[1];
            func->call(func, sp);
            sp += pc[2];
            pc += 3;
            break;
        }
            CASE(CALL_INDIRECT)
            {
                struct wasm_func *func =
                    indirect_callee(instance->tables[pc[1]], (--sp)->i32, instance->types[pc[0]]);
                sp -= pc[2];
                func->call(func, sp);
                sp += pc[3];
                pc += 4;
                break;
            }

            CASE(DROP)
            sp--;
            break;
            CASE(SELECT)
            CASE(SELECT_TYPED)
            sp -= 2;
            if (!sp[1].i32)
                sp[-1] = sp[0];
            break;
            CASE(LOCAL_GET)
            *sp++ = frame[*pc++];
            break;
            CASE(LOCAL_SET)
            frame[*pc++] = *--sp;
            break;
            CASE(LOCAL_TEE)
            frame[*pc++] = sp[-1];
            break;
            CASE(GLOBAL_GET)
            *sp++ = *wasm_instance_global(instance, *pc++);
            break;
            CASE(GLOBAL_SET)
            *wasm_instance_global(instance, *pc++) = *--sp;
            break;
            CASE(I32_CONST)
            CASE(F32_CONST)(sp++)->i64 = *pc++;
            break;
            CASE(I64_CONST)
            CASE(F64_CONST)(sp++)->i64 = pc[0] | (uint64_t)pc[1] << 32;
            pc += 2;
            break;

            CASE(REF_NULL)(sp++)->i64 = 0;
            break;
            CASE(REF_IS_NULL)
            sp[-1].i32 = sp[-1].ref == NULL;
            break;
            CASE(REF_FUNC)(sp++)->ref = wasm_instance_func(instance, *pc++);
            break;
            CASE(TABLE_GET)
            sp[-1] = *element(instance->tables[*pc++], sp[-1].i32);
            break;
            CASE(TABLE_SET)
            {
                struct wasm_table *table = instance->tables[*pc++];
                sp -= 2;
                (void)element(table, sp[0].i32); /* it must be there */
                wasm_table_put(table, sp[0].i32, sp[1]);
                break;
            }
            CASE(TABLE_SIZE)(sp++)->i32 = instance->tables[*pc++]->size;
            break;
            CASE(TABLE_GROW)
            sp--;
            sp[-1].i32 =
                wasm_table_grow(instance->store, instance->tables[*pc++], sp[0].i32, sp[-1]);
            break;
            CASE(TABLE_FILL)
            sp -= 3;
            wasm_table_fill(instance->tables[*pc++], sp[0].i32, sp[1], sp[2].i32);
            break;
            CASE(TABLE_COPY)
            sp -= 3;
            wasm_table_copy(
                instance->tables[pc[0]], instance->tables[pc[1]], sp[0].i32, sp[1].i32, sp[2].i32);
            pc += 2;
            break;
            CASE(TABLE_INIT)
            sp -= 3;
            wasm_table_init(instance, pc[1], pc[0], sp[0].i32, sp[1].i32, sp[2].i32);
            pc += 2;
            break;
            CASE(ELEM_DROP)
            wasm_drop_elements(instance, *pc++);
            break;
            CASE(DATA_DROP)
            wasm_drop_data(instance, *pc++);
            break;
            CASE(MEMORY_SIZE)(sp++)->i32 = (uint32_t)(instance->memories[*pc++]->size / WASM_PAGE);
            break;
            CASE(MEMORY_GROW)
            sp[-1].i32 = wasm_memory_grow(instance->store, instance->memories[*pc++], sp[-1].i32);
            break;
            CASE(MEMORY_FILL)
            sp -= 3;
            wasm_memory_fill(instance->memories[*pc++], sp[0].i32, (uint8_t)sp[1].i32, sp[2].i32);
            break;
            CASE(MEMORY_COPY)
            sp -= 3;
            wasm_memory_copy(instance->memories[pc[0]], instance->memories[pc[1]], sp[0].i32,
                sp[1].i32, sp[2].i32);
            pc += 2;
            break;
            CASE(MEMORY_INIT)
            sp -= 3;
            wasm_memory_init(instance, pc[1], pc[0], sp[0].i32, sp[1].i32, sp[2].i32);
            pc += 2;
            break;

            LOAD(I32_LOAD, uint32_t, i32, uint32_t)
            LOAD(I64_LOAD, uint64_t, i64, uint64_t)
            LOAD(F32_LOAD, uint32_t, i32, uint32_t)
            LOAD(F64_LOAD, uint64_t, i64, uint64_t)
            LOAD(I32_LOAD8_S, int8_t, i32, uint32_t)
            LOAD(I32_LOAD8_U, uint8_t, i32, uint32_t)
            LOAD(I32_LOAD16_S, int16_t, i32, uint32_t)
            LOAD(I32_LOAD16_U, uint16_t, i32, uint32_t)
            LOAD(I64_LOAD8_S, int8_t, i64, uint64_t)
            LOAD(I64_LOAD8_U, uint8_t, i64, uint64_t)
            LOAD(I64_LOAD16_S, int16_t, i64, uint64_t)
            LOAD(I64_LOAD16_U, uint16_t, i64, uint64_t)
            LOAD(I64_LOAD32_S, int32_t, i64, uint64_t)
            LOAD(I64_LOAD32_U, uint32_t, i64, uint64_t)
            STORE(I32_STORE, uint32_t, i32)
            STORE(I64_STORE, uint64_t, i64)
            STORE(F32_STORE, uint32_t, i32)
            STORE(F64_STORE, uint64_t, i64)
            STORE(I32_STORE8, uint8_t, i32)
            STORE(I32_STORE16, uint16_t, i32)
            STORE(I64_STORE8, uint8_t, i64)
            STORE(I64_STORE16, uint16_t, i64)
            STORE(I64_STORE32, uint32_t, i64)

            INTEGER_CASES(I32, i32, uint32_t, int32_t, 32)
            INTEGER_CASES(I64, i64, uint64_t, int64_t, 64)
            UNARY(I64_EXTEND32_S, i64, i64, uint64_t, (uint64_t)(int64_t)(int32_t)a)
            FLOAT_CASES(F32, f32, float, f32_of, bits_of_f32, UINT32_C(0x80000000))
            FLOAT_CASES(F64, f64, double, f64_of, bits_of_f64, UINT64_C(0x8000000000000000))

            UNARY(I32_WRAP_I64, i64, i32, uint64_t, (uint32_t)a)
            UNARY(I64_EXTEND_I32_S, i32, i64, uint32_t, (uint64_t)(int64_t)(int32_t)a)
            UNARY(I64_EXTEND_I32_U, i32, i64, uint32_t, a)
            UNARY(I32_TRUNC_F32_S, i32, i32, uint32_t, i32_trunc_s(F32_OPERAND))
            UNARY(I32_TRUNC_F32_U, i32, i32, uint32_t, i32_trunc_u(F32_OPERAND))
            UNARY(I32_TRUNC_F64_S, i64, i32, uint64_t, i32_trunc_s(F64_OPERAND))
            UNARY(I32_TRUNC_F64_U, i64, i32, uint64_t, i32_trunc_u(F64_OPERAND))
            UNARY(I64_TRUNC_F32_S, i32, i64, uint32_t, i64_trunc_s(F32_OPERAND))
            UNARY(I64_TRUNC_F32_U, i32, i64, uint32_t, i64_trunc_u(F32_OPERAND))
            UNARY(I64_TRUNC_F64_S, i64, i64, uint64_t, i64_trunc_s(F64_OPERAND))
            UNARY(I64_TRUNC_F64_U, i64, i64, uint64_t, i64_trunc_u(F64_OPERAND))
            UNARY(I32_TRUNC_SAT_F32_S, i32, i32, uint32_t, i32_trunc_s_sat(F32_OPERAND))
            UNARY(I32_TRUNC_SAT_F32_U, i32, i32, uint32_t, i32_trunc_u_sat(F32_OPERAND))
            UNARY(I32_TRUNC_SAT_F64_S, i64, i32, uint64_t, i32_trunc_s_sat(F64_OPERAND))
            UNARY(I32_TRUNC_SAT_F64_U, i64, i32, uint64_t, i32_trunc_u_sat(F64_OPERAND))
            UNARY(I64_TRUNC_SAT_F32_S, i32, i64, uint32_t, i64_trunc_s_sat(F32_OPERAND))
            UNARY(I64_TRUNC_SAT_F32_U, i32, i64, uint32_t, i64_trunc_u_sat(F32_OPERAND))
            UNARY(I64_TRUNC_SAT_F64_S, i64, i64, uint64_t, i64_trunc_s_sat(F64_OPERAND))
            UNARY(I64_TRUNC_SAT_F64_U, i64, i64, uint64_t, i64_trunc_u_sat(F64_OPERAND))
            UNARY(F32_CONVERT_I32_S, i32, i32, int32_t, bits_of_f32((float)a))
            UNARY(F32_CONVERT_I32_U, i32, i32, uint32_t, bits_of_f32((float)a))
            UNARY(F32_CONVERT_I64_S, i64, i32, int64_t, bits_of_f32((float)a))
            UNARY(F32_CONVERT_I64_U, i64, i32, uint64_t, bits_of_f32((float)a))
            UNARY(F32_DEMOTE_F64, i64, i32, uint64_t, bits_of_f32((float)F64_OPERAND))
            UNARY(F64_CONVERT_I32_S, i32, i64, int32_t, bits_of_f64((double)a))
            UNARY(F64_CONVERT_I32_U, i32, i64, uint32_t, bits_of_f64((double)a))
            UNARY(F64_CONVERT_I64_S, i64, i64, int64_t, bits_of_f64((double)a))
            UNARY(F64_CONVERT_I64_U, i64, i64, uint64_t, bits_of_f64((double)a))
            UNARY(F64_PROMOTE_F32, i32, i64, uint32_t, bits_of_f64((double)F32_OPERAND))
            CASE(I32_REINTERPRET_F32)
            CASE(I64_REINTERPRET_F64)
            CASE(F32_REINTERPRET_I32)
            CASE(F64_REINTERPRET_I64)
            break; /* slots hold bits */
        default:
            BUG("lowered opcode %u", pc[-1]);
        }
    }
}

/* Runs a function in a frame of its own; the mode is INTERPRET. */
static __attribute__((noinline)) void run_in_frame(const struct wasm_thread *thread,
    struct wasm_func *self, const struct lowered *body, union wasm_value *slots)
{
    const struct wasm_func_type *type = self->type;
    struct wasm_instance *instance = self->instance;
    size_t frame_size = (size_t)body->slot_count * sizeof(union wasm_value);
    if (!wasm_stack_has(thread, frame_size))
        wasm_raise(WASM_TRAP_STACK_EXHAUSTED);
    union wasm_value *frame = alloca(frame_size + sizeof *frame);
    uint32_t own_index = self->index - instance->module->imported_funcs;
    uint32_t locals = instance->module->funcs[own_index].local_count;
    memcpy(frame, slots, type->param_count * sizeof *frame);
    memset(frame + type->param_count, 0, locals * sizeof *frame);
    run(instance, body, frame, frame + type->param_count + locals, slots, type->result_count);
}

/* The uniform entry of an interpreted function. */
static void interpret(struct wasm_func *self, union wasm_value *slots)
{
    struct wasm_thread *thread = wasm_thread_now;
    sig_atomic_t mode = thread->mode;
    thread->mode = WASM_MODE_INTERPRET;
    atomic_signal_fence(memory_order_seq_cst);
    poll(thread);
    struct interpreted *code = (struct interpreted *)self->instance->code;
    uint32_t own_index = self->index - code->module->imported_funcs;
    struct lowered *body = atomic_load_explicit(&code->bodies[own_index], memory_order_acquire);
    if (unlikely(!body))
        body = lower_now(code, own_index);
    run_in_frame(thread, self, body, slots);
    atomic_signal_fence(memory_order_seq_cst);
    thread->mode = mode;
}

static uint32_t own_count(const struct wasm_module *m)
{
    return m->func_count - m->imported_funcs;
}

static int bind(struct wasm_code_unit *code, struct wasm_instance *instance, struct error *err)
{
    (void)code;
    (void)err;
    for (uint32_t i = 0; i < own_count(instance->module); i++)
        instance->funcs[i].call = interpret;
    return 0;
}

static void interpreted_free(struct wasm_code_unit *unit)
{
    struct interpreted *code = (struct interpreted *)unit;
    for (uint32_t i = 0; i < own_count(code->module); i++)
        free(atomic_load(&code->bodies[i]));
    pthread_mutex_destroy(&code->lock);
    free(code);
}

int wasm_code_interpret(
    const struct wasm_module *m, struct wasm_code_unit **ret_code, struct error *err)
{
    static const struct wasm_code_ops ops = {.bind = bind, .free = interpreted_free};
    struct interpreted *code =
        calloc(1, sizeof *code + (size_t)own_count(m) * sizeof code->bodies[0]);
    if (!code)
        return error_set(err, ERROR_MEMORY, "no memory to interpret %u functions", own_count(m));
    code->unit.ops = &ops;
    atomic_init(&code->unit.references, 1);
    code->module = m;
    pthread_mutex_init(&code->lock, NULL);
    *ret_code = &code->unit;
    return 0;
}
