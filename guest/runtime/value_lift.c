/* From memory that the host has filled to Python objects. */
#include <stdlib.h>

#include "libc/host.h"
#include "value.h"

PyObject *value_name_value;

static PyObject *class_of(PyObject **cached, const char *name)
{
    if (*cached == NULL) {
        PyObject *module = PyImport_ImportModule("spin_sdk.wit.types");
        if (module != NULL)
            *cached = runtime_keep(PyObject_GetAttrString(module, name));
        Py_XDECREF(module);
    }
    return *cached;
}

PyObject *value_class_ok(void)
{
    static PyObject *class;
    return class_of(&class, "Ok");
}

PyObject *value_class_err(void)
{
    static PyObject *class;
    return class_of(&class, "Err");
}

PyObject *value_class_some(void)
{
    static PyObject *class;
    return class_of(&class, "Some");
}

static uint64_t load(const uint8_t *memory, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, memory, size);
    return value;
}

static PyObject *lift_float(const uint8_t *memory, size_t size)
{
    float narrow;
    double value;
    memcpy(&narrow, memory, sizeof narrow);
    memcpy(&value, memory, size);
    return PyFloat_FromDouble(size == 4 ? (double)narrow : value);
}

static PyObject *lift_signed(const uint8_t *memory, size_t size)
{
    unsigned unused = 64 - 8 * (unsigned)size;
    return PyLong_FromLongLong((int64_t)(load(memory, size) << unused) >> unused);
}

static struct host_list load_list(const uint8_t *memory)
{
    struct host_list list;
    memcpy(&list, memory, sizeof list);
    return list;
}

static PyObject *lift_string(const uint8_t *memory)
{
    struct host_list list = load_list(memory);
    PyObject *string = PyUnicode_DecodeUTF8((const char *)list.data, (Py_ssize_t)list.len, NULL);
    host_list_free(&list);
    return string;
}

static PyObject *lift_elements(const struct value_type *element, const struct host_list *list)
{
    PyObject *items = PyList_New((Py_ssize_t)list->len);
    for (uint32_t i = 0; items != NULL && i < list->len; i++) {
        PyObject *item = value_lift(element, list->data + (size_t)i * element->size);
        if (item == NULL)
            Py_CLEAR(items);
        else
            PyList_SET_ITEM(items, (Py_ssize_t)i, item);
    }
    return items;
}

static PyObject *lift_list(const struct value_type *type, const uint8_t *memory)
{
    const struct value_type *element = type->parts[0];
    struct host_list list = load_list(memory);
    PyObject *object =
        element->kind == VALUE_U8 || element->kind == VALUE_S8
            ? PyBytes_FromStringAndSize((const char *)list.data, (Py_ssize_t)list.len)
            : lift_elements(element, &list);
    host_list_free(&list);
    return object;
}

/* None for a case without a payload. */
static PyObject *lift_payload(const struct value_type *type, uint64_t which, const uint8_t *memory)
{
    const struct value_type *part = type->parts[which];
    return part == NULL ? Py_NewRef(Py_None) : value_lift(part, memory + type->payload_offset);
}

static PyObject *wrap(PyObject *class, PyObject *payload)
{
    PyObject *object =
        class == NULL || payload == NULL ? NULL : PyObject_CallOneArg(class, payload);
    Py_XDECREF(payload);
    return object;
}

static PyObject *lift_case(const struct value_type *type, const uint8_t *memory)
{
    uint64_t which = load(memory, type->tag_size);
    if (which >= type->count) {
        PyErr_SetString(PyExc_SystemError, "the host gave a case that does not exist");
        return NULL;
    }
    if (type->kind == VALUE_ENUM)
        return wrap(type->class, PyLong_FromUnsignedLongLong(which));
    if (type->kind == VALUE_VARIANT && type->parts[which] == NULL)
        return PyObject_CallNoArgs(PyTuple_GET_ITEM(type->class, (Py_ssize_t)which));
    PyObject *payload = lift_payload(type, which, memory);
    if (type->kind == VALUE_VARIANT)
        return wrap(PyTuple_GET_ITEM(type->class, (Py_ssize_t)which), payload);
    if (type->kind == VALUE_RESULT)
        return wrap(which == 0 ? value_class_ok() : value_class_err(), payload);
    bool nested = which == 1 && type->parts[1]->kind == VALUE_OPTION;
    return nested ? wrap(value_class_some(), payload) : payload;
}

/* All fields as a tuple; for a record, as arguments of its class. */
static PyObject *lift_fields(const struct value_type *type, const uint8_t *memory)
{
    PyObject *fields = PyTuple_New((Py_ssize_t)type->count);
    for (uint32_t i = 0; fields != NULL && i < type->count; i++) {
        PyObject *field = value_lift(type->parts[i], memory + type->offsets[i]);
        if (field == NULL)
            Py_CLEAR(fields);
        else
            PyTuple_SET_ITEM(fields, (Py_ssize_t)i, field);
    }
    if (fields == NULL || type->kind == VALUE_TUPLE)
        return fields;
    PyObject *record = PyObject_CallObject(type->class, fields);
    Py_DECREF(fields);
    return record;
}

static PyObject *lift_handle(const struct value_type *type, uint32_t handle)
{
    bool own = type->kind == VALUE_OWN;
    if (exported_check(type->class))
        return exported_lift(type->class, own, handle);
    PyObject *object = resource_lift(type->class, handle);
    if (object != NULL && !own && resource_borrows != NULL &&
        PyList_Append(resource_borrows, object) < 0)
        Py_CLEAR(object);
    return object;
}

PyObject *value_lift(const struct value_type *type, const uint8_t *memory)
{
    switch (type->kind) {
    case VALUE_BOOL:
        return PyBool_FromLong(*memory != 0);
    case VALUE_U8:
    case VALUE_U16:
    case VALUE_U32:
    case VALUE_U64:
        return PyLong_FromUnsignedLongLong(load(memory, type->size));
    case VALUE_S8:
    case VALUE_S16:
    case VALUE_S32:
    case VALUE_S64:
        return lift_signed(memory, type->size);
    case VALUE_F32:
    case VALUE_F64:
        return lift_float(memory, type->size);
    case VALUE_CHAR:
        return PyUnicode_FromOrdinal((int)load(memory, 4));
    case VALUE_STRING:
        return lift_string(memory);
    case VALUE_LIST:
        return lift_list(type, memory);
    case VALUE_OPTION:
    case VALUE_RESULT:
    case VALUE_VARIANT:
    case VALUE_ENUM:
        return lift_case(type, memory);
    case VALUE_TUPLE:
    case VALUE_RECORD:
        return lift_fields(type, memory);
    case VALUE_FLAGS:
        return wrap(type->class,
            PyLong_FromUnsignedLongLong(load(memory, type->size > 8 ? 8 : type->size)));
    case VALUE_OWN:
    case VALUE_BORROW:
        return lift_handle(type, (uint32_t)load(memory, 4));
    }
    Py_UNREACHABLE();
}
