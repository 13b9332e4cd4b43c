/* From Python objects to memory in the layout of the canonical ABI. */
#include <stdlib.h>

#include "libc/host.h"
#include "value.h"

enum { LIST_LIMIT = 1 << 28 };

void value_scratch_release(struct value_scratch *scratch)
{
    for (uint32_t i = 0; i < scratch->buffer_count; i++) {
        PyBuffer_Release(scratch->buffers[i]);
        free(scratch->buffers[i]);
    }
    for (uint32_t i = 0; i < scratch->block_count; i++)
        free(scratch->blocks[i]);
    free(scratch->buffers);
    free(scratch->blocks);
    Py_CLEAR(scratch->held);
    Py_CLEAR(scratch->given);
}

/* Room for one more in an array of pointers that doubles. */
static bool reserve(void ***array, uint32_t count)
{
    if ((count & (count - 1)) != 0)
        return true;
    void **grown = realloc(*array, (count == 0 ? 1 : (size_t)count * 2) * sizeof *grown);
    if (grown == NULL)
        return false;
    *array = grown;
    return true;
}

void *value_scratch_alloc(struct value_scratch *scratch, size_t size)
{
    void *block = NULL;
    if (reserve(&scratch->blocks, scratch->block_count))
        block = calloc(1, size + 1);
    if (block == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    return scratch->blocks[scratch->block_count++] = block;
}

static bool append(PyObject **list, PyObject *object)
{
    if (*list == NULL)
        *list = PyList_New(0);
    return *list != NULL && PyList_Append(*list, object) == 0;
}

bool value_scratch_hold(struct value_scratch *scratch, PyObject *object)
{
    bool done = object != NULL && append(&scratch->held, object);
    Py_XDECREF(object);
    return done;
}

bool value_scratch_give(struct value_scratch *scratch)
{
    Py_ssize_t count = scratch->given == NULL ? 0 : PyList_GET_SIZE(scratch->given);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!resource_give(PyList_GET_ITEM(scratch->given, i)))
            return false;
    }
    return true;
}

static bool wrong_type(struct value_scratch *scratch, const char *expected, PyObject *object)
{
    PyErr_Format(PyExc_TypeError, "%s: %s must be %s, not %T", scratch->function,
        scratch->parameter, expected, object);
    return false;
}

static bool wrong_value(struct value_scratch *scratch, const char *expected)
{
    PyErr_Format(
        PyExc_ValueError, "%s: %s must be %s", scratch->function, scratch->parameter, expected);
    return false;
}

static void put(uint8_t *memory, const void *value, size_t size)
{
    memcpy(memory, value, size);
}

static bool out_of_range(struct value_scratch *scratch, long long low, unsigned long long high)
{
    PyErr_Format(PyExc_OverflowError, "%s: %s must be from %lld to %llu", scratch->function,
        scratch->parameter, low, high);
    return false;
}

static bool store_unsigned(
    struct value_scratch *scratch, uint32_t size, PyObject *object, uint8_t *memory)
{
    unsigned long long high = size == 8 ? UINT64_MAX : (1ull << size * 8) - 1;
    if (!PyLong_Check(object))
        return wrong_type(scratch, "an int", object);
    unsigned long long value = PyLong_AsUnsignedLongLong(object);
    bool failed = value == (unsigned long long)-1 && PyErr_Occurred();
    if (failed)
        PyErr_Clear();
    if (failed || value > high)
        return out_of_range(scratch, 0, high);
    put(memory, &value, size);
    return true;
}

static bool store_signed(
    struct value_scratch *scratch, uint32_t size, PyObject *object, uint8_t *memory)
{
    long long high = size == 8 ? INT64_MAX : (1ll << (size * 8 - 1)) - 1, low = -high - 1;
    if (!PyLong_Check(object))
        return wrong_type(scratch, "an int", object);
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0 || value < low || value > high)
        return out_of_range(scratch, low, (unsigned long long)high);
    put(memory, &value, size);
    return true;
}

static bool store_float(
    struct value_scratch *scratch, uint32_t size, PyObject *object, uint8_t *memory)
{
    if (!PyFloat_Check(object) && !PyLong_Check(object))
        return wrong_type(scratch, "a float", object);
    double value = PyFloat_AsDouble(object);
    if (value == -1.0 && PyErr_Occurred())
        return false;
    float narrow = (float)value;
    put(memory, size == 4 ? (void *)&narrow : (void *)&value, size);
    return true;
}

static bool store_bool(PyObject *object, uint8_t *memory)
{
    int truth = PyObject_IsTrue(object);
    *memory = truth == 1;
    return truth >= 0;
}

static bool store_char(struct value_scratch *scratch, PyObject *object, uint8_t *memory)
{
    if (!PyUnicode_Check(object) || PyUnicode_GET_LENGTH(object) != 1)
        return wrong_type(scratch, "a str of one character", object);
    uint32_t value = PyUnicode_READ_CHAR(object, 0);
    if (value >= 0xd800 && value <= 0xdfff)
        return wrong_value(scratch, "a character that is no surrogate");
    put(memory, &value, sizeof value);
    return true;
}

static void put_list(uint8_t *memory, const void *data, size_t count)
{
    uint32_t pair[2] = {host_address(data), (uint32_t)count};
    put(memory, pair, sizeof pair);
}

/* The host reads the str's own UTF-8 form, which lives as long as the str. */
static bool store_string(struct value_scratch *scratch, PyObject *object, uint8_t *memory)
{
    if (!PyUnicode_Check(object))
        return wrong_type(scratch, "a str", object);
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(object, &len);
    if (text == NULL) {
        PyErr_Clear();
        return wrong_value(scratch, "a str without surrogates");
    }
    put_list(memory, text, (size_t)len);
    return true;
}

static bool store_bytes(struct value_scratch *scratch, PyObject *object, uint8_t *memory)
{
    if (!PyObject_CheckBuffer(object))
        return wrong_type(scratch, "bytes", object);
    Py_buffer *buffer = malloc(sizeof *buffer);
    if (buffer == NULL || !reserve((void ***)&scratch->buffers, scratch->buffer_count)) {
        free(buffer);
        PyErr_NoMemory();
        return false;
    }
    if (PyObject_GetBuffer(object, buffer, PyBUF_SIMPLE) < 0) {
        free(buffer);
        return false;
    }
    scratch->buffers[scratch->buffer_count++] = buffer;
    put_list(memory, buffer->buf, (size_t)buffer->len);
    return true;
}

static bool store_list(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    const struct value_type *element = type->parts[0];
    if (element->kind == VALUE_U8 || element->kind == VALUE_S8)
        return store_bytes(scratch, object, memory);
    if (PyUnicode_Check(object) || PyBytes_Check(object) || !PySequence_Check(object))
        return wrong_type(scratch, "a list", object);
    PyObject *items = PySequence_Fast(object, "a list is expected");
    if (!value_scratch_hold(scratch, items))
        return false;
    size_t count = (size_t)PySequence_Fast_GET_SIZE(items);
    if (element->size > 0 && count > LIST_LIMIT / element->size)
        return wrong_value(scratch, "a shorter list");
    uint8_t *elements = value_scratch_alloc(scratch, count * element->size);
    if (elements == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        PyObject *item = PySequence_Fast_GET_ITEM(items, (Py_ssize_t)i);
        if (!value_store(scratch, element, item, elements + i * element->size))
            return false;
    }
    put_list(memory, elements, count);
    return true;
}

bool value_store_case(struct value_scratch *scratch, const struct value_type *type, uint32_t index,
    PyObject *payload, uint8_t *memory)
{
    put(memory, &index, type->tag_size);
    const struct value_type *part = type->parts[index];
    return part == NULL || value_store(scratch, part, payload, memory + type->payload_offset);
}

/* The payload of an Ok, Err, Some or case object; held by the scratch. */
static PyObject *payload_of(struct value_scratch *scratch, PyObject *object)
{
    PyObject *payload = PyObject_GetAttr(object, value_name_value);
    return value_scratch_hold(scratch, payload) ? payload : NULL;
}

static bool store_option(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    if (object == Py_None)
        return value_store_case(scratch, type, 0, NULL, memory);
    if (type->parts[1]->kind != VALUE_OPTION)
        return value_store_case(scratch, type, 1, object, memory);
    PyObject *some = value_class_some();
    if (some == NULL)
        return false;
    if (!PyObject_TypeCheck(object, (PyTypeObject *)some))
        return wrong_type(scratch, "None or a Some", object);
    PyObject *payload = payload_of(scratch, object);
    return payload != NULL && value_store_case(scratch, type, 1, payload, memory);
}

static bool store_result(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    PyObject *ok = value_class_ok(), *err = value_class_err();
    if (ok == NULL || err == NULL)
        return false;
    bool failed = PyObject_TypeCheck(object, (PyTypeObject *)err);
    if (!failed && !PyObject_TypeCheck(object, (PyTypeObject *)ok))
        return wrong_type(scratch, "an Ok or an Err", object);
    PyObject *payload = payload_of(scratch, object);
    return payload != NULL && value_store_case(scratch, type, failed, payload, memory);
}

static bool store_variant(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    uint32_t index = 0;
    while (index < type->count &&
           !PyObject_TypeCheck(object, (PyTypeObject *)PyTuple_GET_ITEM(type->class, index)))
        index++;
    if (index == type->count)
        return wrong_type(scratch, "one of the variant's cases", object);
    PyObject *payload = NULL;
    if (type->parts[index] != NULL) {
        payload = payload_of(scratch, object);
        if (payload == NULL)
            return false;
    }
    return value_store_case(scratch, type, index, payload, memory);
}

static bool store_fields(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    for (uint32_t i = 0; i < type->count; i++) {
        PyObject *field = PyObject_GetAttr(object, PyTuple_GET_ITEM(type->names, i));
        if (field == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear();
            return wrong_type(scratch, ((PyTypeObject *)type->class)->tp_name, object);
        }
        if (!value_scratch_hold(scratch, field) ||
            !value_store(scratch, type->parts[i], field, memory + type->offsets[i]))
            return false;
    }
    return true;
}

static bool store_tuple(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    if (!PyTuple_Check(object) && !PyList_Check(object))
        return wrong_type(scratch, "a tuple", object);
    if (PySequence_Fast_GET_SIZE(object) != (Py_ssize_t)type->count) {
        PyErr_Format(PyExc_TypeError, "%s: %s must be a tuple of %u", scratch->function,
            scratch->parameter, type->count);
        return false;
    }
    for (uint32_t i = 0; i < type->count; i++) {
        PyObject *item = PySequence_Fast_GET_ITEM(object, (Py_ssize_t)i);
        if (!value_store(scratch, type->parts[i], item, memory + type->offsets[i]))
            return false;
    }
    return true;
}

/* The number of an enum's case or of a set of flags. */
static bool store_number(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    if (!PyObject_TypeCheck(object, (PyTypeObject *)type->class))
        return wrong_type(scratch, ((PyTypeObject *)type->class)->tp_name, object);
    PyObject *value = payload_of(scratch, object);
    if (value == NULL)
        return false;
    unsigned long long number = PyLong_AsUnsignedLongLong(value);
    if (number == (unsigned long long)-1 && PyErr_Occurred())
        return false;
    put(memory, &number, type->size > 8 ? 8 : type->size);
    return true;
}

static bool store_handle(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    uint32_t handle;
    if (exported_check(type->class)) {
        if (!exported_lower(type->class, object, &handle))
            return false;
        put(memory, &handle, sizeof handle);
        return true;
    }
    if (!resource_handle(scratch, type->class, object, &handle))
        return false;
    put(memory, &handle, sizeof handle);
    return type->kind == VALUE_BORROW || append(&scratch->given, object);
}

bool value_store(
    struct value_scratch *scratch, const struct value_type *type, PyObject *object, uint8_t *memory)
{
    switch (type->kind) {
    case VALUE_BOOL:
        return store_bool(object, memory);
    case VALUE_U8:
    case VALUE_U16:
    case VALUE_U32:
    case VALUE_U64:
        return store_unsigned(scratch, type->size, object, memory);
    case VALUE_S8:
    case VALUE_S16:
    case VALUE_S32:
    case VALUE_S64:
        return store_signed(scratch, type->size, object, memory);
    case VALUE_F32:
    case VALUE_F64:
        return store_float(scratch, type->size, object, memory);
    case VALUE_CHAR:
        return store_char(scratch, object, memory);
    case VALUE_STRING:
        return store_string(scratch, object, memory);
    case VALUE_LIST:
        return store_list(scratch, type, object, memory);
    case VALUE_OPTION:
        return store_option(scratch, type, object, memory);
    case VALUE_RESULT:
        return store_result(scratch, type, object, memory);
    case VALUE_TUPLE:
        return store_tuple(scratch, type, object, memory);
    case VALUE_RECORD:
        return store_fields(scratch, type, object, memory);
    case VALUE_VARIANT:
        return store_variant(scratch, type, object, memory);
    case VALUE_ENUM:
    case VALUE_FLAGS:
        return store_number(scratch, type, object, memory);
    case VALUE_OWN:
    case VALUE_BORROW:
        return store_handle(scratch, type, object, memory);
    }
    Py_UNREACHABLE();
}

static uint64_t load(const uint8_t *memory, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, memory, size);
    return value;
}

void value_flatten(const struct value_type *type, const uint8_t *memory, uint64_t *ret_flat)
{
    memset(ret_flat, 0, type->flat_count * sizeof *ret_flat);
    switch (type->kind) {
    case VALUE_STRING:
    case VALUE_LIST:
        ret_flat[0] = load(memory, 4);
        ret_flat[1] = load(memory + 4, 4);
        break;
    case VALUE_TUPLE:
    case VALUE_RECORD:
        for (uint32_t i = 0; i < type->count; i++) {
            value_flatten(type->parts[i], memory + type->offsets[i], ret_flat);
            ret_flat += type->parts[i]->flat_count;
        }
        break;
    case VALUE_OPTION:
    case VALUE_RESULT:
    case VALUE_VARIANT:
    case VALUE_ENUM:
        ret_flat[0] = load(memory, type->tag_size);
        if (type->parts != NULL && type->parts[ret_flat[0]] != NULL)
            value_flatten(type->parts[ret_flat[0]], memory + type->payload_offset, ret_flat + 1);
        break;
    case VALUE_FLAGS:
        for (uint32_t i = 0; i < type->flat_count; i++)
            ret_flat[i] = load(memory + i * 4, type->size < 4 ? type->size : 4);
        break;
    case VALUE_S8: /* a core i32 holds it with its sign */
        ret_flat[0] = (uint32_t)(int8_t)*memory;
        break;
    case VALUE_S16:
        ret_flat[0] = (uint32_t)(int16_t)load(memory, 2);
        break;
    default:
        ret_flat[0] = load(memory, type->size);
        break;
    }
}

void value_unflatten(const struct value_type *type, const uint64_t *flat, uint8_t *memory)
{
    switch (type->kind) {
    case VALUE_STRING:
    case VALUE_LIST:
        put(memory, &flat[0], 4);
        put(memory + 4, &flat[1], 4);
        break;
    case VALUE_TUPLE:
    case VALUE_RECORD:
        for (uint32_t i = 0; i < type->count; i++) {
            value_unflatten(type->parts[i], flat, memory + type->offsets[i]);
            flat += type->parts[i]->flat_count;
        }
        break;
    case VALUE_OPTION:
    case VALUE_RESULT:
    case VALUE_VARIANT:
    case VALUE_ENUM: {
        uint32_t which = (uint32_t)flat[0];
        put(memory, &which, type->tag_size);
        if (type->parts != NULL && which < type->count && type->parts[which] != NULL)
            value_unflatten(type->parts[which], flat + 1, memory + type->payload_offset);
        break;
    }
    case VALUE_FLAGS:
        for (uint32_t i = 0; i < type->flat_count; i++)
            put(memory + i * 4, &flat[i], type->size < 4 ? type->size : 4);
        break;
    default:
        put(memory, &flat[0], type->size);
        break;
    }
}
