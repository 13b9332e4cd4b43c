/*
 * Values between Python and the canonical ABI, described by types that Python modules make (they
 * are generated from WIT). One interpreter of these descriptions serves every interface.
 *
 * To the host: value_store() writes Python objects to memory in the ABI's layout, value_flatten()
 * loads flat parameters from there. From the host: value_lift() reads memory.
 */
#ifndef GUEST_RUNTIME_VALUE_H
#define GUEST_RUNTIME_VALUE_H

#include "runtime.h"

enum value_kind {
    VALUE_BOOL,
    VALUE_U8,
    VALUE_S8,
    VALUE_U16,
    VALUE_S16,
    VALUE_U32,
    VALUE_S32,
    VALUE_U64,
    VALUE_S64,
    VALUE_F32,
    VALUE_F64,
    VALUE_CHAR,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_OPTION,
    VALUE_RESULT,
    VALUE_TUPLE,
    VALUE_RECORD,
    VALUE_VARIANT,
    VALUE_ENUM,
    VALUE_FLAGS,
    VALUE_OWN,
    VALUE_BORROW,
};

/* Canonical ABI: more flat values than this are passed in memory. */
enum { VALUE_FLAT_PARAMS = 16, VALUE_FLAT_RESULTS = 1 };

/* A Python object: `_spindle.Type`. Immutable. */
struct value_type {
    PyObject_HEAD enum value_kind kind;
    uint32_t size, align, flat_count;
    /*
     * list: the element. option: {NULL, payload}. result: {ok, error}. tuple, record: the fields.
     * variant: the payloads. NULL: no payload. Of enum and flags only the count is used.
     */
    uint32_t count;
    struct value_type **parts;
    uint32_t *offsets;       /* tuple, record: of each field */
    uint32_t tag_size;       /* cases: bytes of the discriminant */
    uint32_t payload_offset; /* cases */
    PyObject *names;         /* record: tuple of attribute names */
    PyObject *class;         /* record, enum, flags, own, borrow; variant: tuple of the cases' */
};

extern PyTypeObject value_type_object;

static inline bool value_has_cases(const struct value_type *type)
{
    return type->kind == VALUE_OPTION || type->kind == VALUE_RESULT ||
           type->kind == VALUE_VARIANT || type->kind == VALUE_ENUM;
}

/* Of (("name", T), ...): a tuple type, and a tuple of names. False: a Python exception is set. */
bool value_parameters(PyObject *parameters, struct value_type **ret_types, PyObject **ret_names);
/* A type of parts; takes over nothing. NULL: a Python exception is set. */
struct value_type *value_type_new(
    enum value_kind kind, uint32_t count, struct value_type *const *parts);
/* The functions and constants of `_spindle.types`. */
bool value_types_prepare(PyObject *module);

/* What lives as long as one call: blocks, and references to objects whose memory the host reads. */
struct value_scratch {
    const char *function;  /* for messages */
    const char *parameter; /* likewise */
    void **blocks;
    uint32_t block_count;
    Py_buffer **buffers;
    uint32_t buffer_count;
    PyObject *held;  /* list, made when needed */
    PyObject *given; /* list of resource objects that are passed as own, made when needed */
};

/* Frees and releases everything. */
void value_scratch_release(struct value_scratch *scratch);
/* A zeroed block of at least 1 byte. NULL: a Python exception is set. */
void *value_scratch_alloc(struct value_scratch *scratch, size_t size);
/* Takes over the reference. False (also if the object is NULL): a Python exception is set. */
bool value_scratch_hold(struct value_scratch *scratch, PyObject *object);

/* Writes the object to memory. False: a Python exception is set. */
bool value_store(struct value_scratch *scratch, const struct value_type *type, PyObject *object,
    uint8_t *memory);
/* The same of a case of a variant, option or result, by its index. */
bool value_store_case(struct value_scratch *scratch, const struct value_type *type, uint32_t index,
    PyObject *payload, uint8_t *memory);
/* All resources that were stored as own are given away. */
bool value_scratch_give(struct value_scratch *scratch);
/* Loads type->flat_count core values; floats as their bits. */
void value_flatten(const struct value_type *type, const uint8_t *memory, uint64_t *ret_flat);
/* The reverse: from flat core values to memory. */
void value_unflatten(const struct value_type *type, const uint64_t *flat, uint8_t *memory);
/* Makes an object and frees the blocks that the host made. NULL: a Python exception is set. */
PyObject *value_lift(const struct value_type *type, const uint8_t *memory);

/* resource.c: handles. */
PyObject *resource_lift(PyObject *class, uint32_t handle);
/* The handle of a resource object that is of the class. False: a Python exception is set. */
bool resource_handle(
    struct value_scratch *scratch, PyObject *class, PyObject *object, uint32_t *ret_handle);
/* The object gives its handle away. */
bool resource_give(PyObject *object);
bool resource_prepare(PyObject *module);
/* While the list is set, objects of borrowed handles are appended to it. */
extern PyObject *resource_borrows;
/* Ends their use. */
void resource_return(PyObject *borrows);

/* exported.c: resources that the application implements; `_spindle.Exported`, as a type's class. */
bool exported_check(PyObject *object);
/* The application's object behind a handle (own) or, as the ABI has it, its own number (borrow). */
PyObject *exported_lift(PyObject *exported, bool own, uint32_t handle);
/* A new handle of any object. */
bool exported_lower(PyObject *exported, PyObject *object, uint32_t *ret_handle);
/* The handle that stands for this number is gone. */
void exported_destroy(uint32_t number);
bool exported_prepare(PyObject *module);

/* function.c: functions of the host as Python callables. */
bool function_prepare(PyObject *module);

/* Classes of spin_sdk.wit.types, imported when first needed. NULL: a Python exception is set. */
PyObject *value_class_ok(void);
PyObject *value_class_err(void);
PyObject *value_class_some(void);
/* The interned name "value". */
extern PyObject *value_name_value;

#endif
