#include "exports.h"

#include <stdlib.h>
#include <string.h>

#include "libc/host.h"

struct export {
    const char *world;
    struct config_text interface, name;
    PyObject *callable; /* NULL: the first argument's method `attribute`, or not bound */
    PyObject *attribute;
    PyObject *shown_name;
    struct value_type *parameters; /* a tuple */
    struct value_type *result;     /* or NULL */
};

static struct export *exports;
static uint32_t export_count;

/* Everything that is bound, held for good: Python objects of `exports`. */
static PyObject *held;

/* What the last call's result is made of, until the caller has read it. */
static struct value_scratch result_scratch;

/* ---- the table */

static bool is(struct config_text text, const char *string)
{
    return strlen(string) == text.len && memcmp(text.data, string, text.len) == 0;
}

static bool add(const char *world, struct config_text interface, struct config_text name)
{
    struct export *grown = realloc(exports, (export_count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    exports = grown;
    exports[export_count++] = (struct export){.world = world, .interface = interface, .name = name};
    return true;
}

bool export_add(const char *world, struct config_text interface, struct config_text names)
{
    const char *start = names.data, *end = names.data + names.len;
    while (start < end) {
        const char *stop = memchr(start, '\n', (size_t)(end - start));
        if (stop == NULL ||
            !add(world, interface, (struct config_text){start, (size_t)(stop - start)}))
            return false;
        start = stop + 1;
    }
    return true;
}

struct export *export_find(const char *interface, const char *name)
{
    for (uint32_t i = 0; i < export_count; i++)
        if (is(exports[i].interface, interface) && is(exports[i].name, name))
            return &exports[i];
    return NULL;
}

/* ---- binding */

/* An entry of the generated table (_exports.py). */
struct entry {
    const char *interface, *name, *holder;
    PyObject *attribute, *parameters, *result;
};

static bool hold(PyObject *object)
{
    if (held == NULL)
        held = runtime_keep(PyList_New(0));
    bool done = object != NULL && held != NULL && PyList_Append(held, object) == 0;
    Py_XDECREF(object);
    return done;
}

/* The table of a world's package; a tuple. */
static PyObject *read_table(const char *world)
{
    PyObject *name = PyUnicode_FromFormat("%s._exports", world);
    PyObject *module = name == NULL ? NULL : PyImport_Import(name);
    PyObject *table = module == NULL ? NULL : PyObject_GetAttrString(module, "functions");
    Py_XDECREF(name);
    Py_XDECREF(module);
    return table;
}

static bool find_entry(PyObject *table, const struct export *export, struct entry *ret_entry)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(table); i++) {
        struct entry *e = ret_entry;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(table, i), "sszOO!O", &e->interface, &e->name,
                &e->holder, &e->attribute, &PyTuple_Type, &e->parameters, &e->result))
            return false;
        if (is(export->interface, e->interface) && is(export->name, e->name))
            return true;
    }
    PyErr_SetString(PyExc_SystemError, "the world's modules do not have all of its exports");
    return false;
}

static bool bind_types(struct export *export, const struct entry *entry)
{
    PyObject *names;
    bool done = value_parameters(entry->parameters, &export->parameters, &names) && hold(names) &&
                hold((PyObject *)export->parameters);
    if (!done)
        return false;
    if (entry->result != Py_None) {
        export->result = (struct value_type *)entry->result;
        if (!hold(Py_NewRef(entry->result)))
            return false;
    }
    const char *end = entry->name[0] == '[' ? strchr(entry->name, ']') : NULL;
    export->shown_name = PyUnicode_FromString(end == NULL ? entry->name : end + 1);
    return hold(export->shown_name);
}

/* Says beside the exception why the class is looked for. */
static PyObject *explain(const struct entry *entry, const char *holder)
{
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *result = PyObject_CallMethod(exception, "add_note", "N",
        PyUnicode_FromFormat("the world exports '%s', which is implemented by %s",
            entry->interface[0] != '\0' ? entry->interface : entry->name, holder));
    if (result == NULL)
        PyErr_Clear();
    Py_XDECREF(result);
    PyErr_SetRaisedException(exception);
    return NULL;
}

/* "module:Class" */
static PyObject *find_class(const struct entry *entry)
{
    const char *colon = strchr(entry->holder, ':');
    PyObject *name = PyUnicode_FromStringAndSize(entry->holder, colon - entry->holder);
    PyObject *module = name == NULL ? NULL : PyImport_Import(name);
    PyObject *class = module == NULL ? NULL : PyObject_GetAttrString(module, colon + 1);
    char holder[256];
    PyOS_snprintf(holder, sizeof holder, "class %s in a module %.*s.py", colon + 1,
        (int)(colon - entry->holder), entry->holder);
    Py_XDECREF(name);
    Py_XDECREF(module);
    return class == NULL ? explain(entry, holder) : class;
}

/* The application's object of a protocol: one for all functions. */
static PyObject *find_object(const struct entry *entry, PyObject *objects)
{
    PyObject *object = PyDict_GetItemString(objects, entry->holder);
    if (object != NULL)
        return Py_NewRef(object);
    PyObject *class = PyObject_GetAttrString(handler.app, entry->holder);
    object = class == NULL ? NULL : PyObject_CallNoArgs(class);
    Py_XDECREF(class);
    char holder[256];
    PyOS_snprintf(holder, sizeof holder, "class %s of the application", entry->holder);
    if (object == NULL)
        return explain(entry, holder);
    if (PyDict_SetItemString(objects, entry->holder, object) < 0)
        Py_CLEAR(object);
    return object;
}

static bool bind(struct export *export, const struct entry *entry, PyObject *object)
{
    if (!bind_types(export, entry))
        return false;
    if (entry->attribute == Py_None)
        export->callable = Py_NewRef(object);
    else
        export->callable = PyObject_GetAttr(object, entry->attribute);
    return hold(export->callable);
}

static bool bind_holder(struct export *export, const struct entry *entry, PyObject *objects)
{
    if (entry->holder == NULL) {
        export->attribute = Py_NewRef(entry->attribute);
        return bind_types(export, entry) && hold(export->attribute);
    }
    PyObject *object =
        strchr(entry->holder, ':') != NULL ? find_class(entry) : find_object(entry, objects);
    bool done = object != NULL && bind(export, entry, object);
    Py_XDECREF(object);
    return done;
}

static bool is_destructor(const struct export *export)
{
    static const char prefix[] = "[dtor]";
    return export->name.len > sizeof prefix &&
           memcmp(export->name.data, prefix, sizeof prefix - 1) == 0;
}

/* Binds an export by its world's table, which is read again when the world is another one. */
static bool bind_export(
    struct export *export, PyObject **table, const char **table_world, PyObject *objects)
{
    struct entry entry;
    if (*table_world != export->world) {
        *table = read_table(export->world);
        *table_world = export->world;
        if (!hold(*table))
            return false;
    }
    return find_entry(*table, export, &entry) && bind_holder(export, &entry, objects);
}

bool exports_bind(void)
{
    PyObject *table = NULL, *objects = PyDict_New();
    const char *table_world = NULL;
    bool done = objects != NULL;
    for (uint32_t i = 0; done && i < export_count; i++)
        if (!is_destructor(&exports[i]) && !is(exports[i].interface, HANDLER_INTERFACE))
            done = bind_export(&exports[i], &table, &table_world, objects);
    Py_XDECREF(objects);
    return done;
}

bool export_bind_method(struct export *export, const char *world, PyObject *object)
{
    struct entry entry;
    PyObject *table = read_table(world != NULL ? world : export->world);
    return hold(table) && find_entry(table, export, &entry) && bind(export, &entry, object);
}

/* ---- calling */

static bool lift_arguments(
    const struct value_type *types, const uint8_t *memory, PyObject **objects)
{
    for (uint32_t i = 0; i < types->count; i++) {
        objects[i] = value_lift(types->parts[i], memory + types->offsets[i]);
        if (objects[i] == NULL)
            return false;
    }
    return true;
}

static PyObject *call_with(const struct export *export, const uint8_t *memory)
{
    uint32_t count = export->parameters->count;
    PyObject **objects = calloc(count + 1, sizeof *objects);
    PyObject *result = NULL, *borrows = PyList_New(0);
    resource_borrows = borrows;
    bool lifted =
        objects != NULL && borrows != NULL && lift_arguments(export->parameters, memory, objects);
    resource_borrows = NULL;
    if (lifted && export->attribute != NULL)
        result = PyObject_VectorcallMethod(export->attribute, objects, count, NULL);
    else if (lifted)
        result = PyObject_Vectorcall(export->callable, objects, count, NULL);
    for (uint32_t i = 0; objects != NULL && i < count; i++)
        Py_XDECREF(objects[i]);
    if (borrows != NULL) {
        PyObject *exception = PyErr_GetRaisedException();
        resource_return(borrows);
        PyErr_SetRaisedException(exception);
    }
    Py_XDECREF(borrows);
    free(objects);
    return result;
}

PyObject *export_call(const struct export *export, const uint64_t *flat)
{
    const struct value_type *types = export->parameters;
    bool in_memory = types->flat_count > VALUE_FLAT_PARAMS;
    uint8_t *memory = in_memory ? (uint8_t *)(uintptr_t)flat[0] : calloc(1, types->size + 1);
    if (memory == NULL)
        return PyErr_NoMemory();
    if (!in_memory)
        value_unflatten(types, flat, memory);
    PyObject *result = call_with(export, memory);
    free(memory);
    return result;
}

/* The exception is Err: its value is the result's error. */
static PyObject *take_error(void)
{
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *value = PyObject_GetAttr(exception, value_name_value);
    Py_DECREF(exception);
    return value;
}

/* Stores what the call gave in memory that lives until the next call. Takes over the object. */
static uint8_t *store_result(const struct export *export, PyObject *object)
{
    const struct value_type *type = export->result;
    struct value_scratch *scratch = &result_scratch;
    bool is_result = type->kind == VALUE_RESULT;
    bool failed = object == NULL;
    if (failed) {
        PyObject *err = value_class_err();
        if (!is_result || err == NULL || !PyErr_ExceptionMatches(err))
            return NULL;
        object = take_error();
    }
    value_scratch_release(scratch);
    *scratch = (struct value_scratch){
        .function = PyUnicode_AsUTF8(export->shown_name), .parameter = "the result"};
    uint8_t *memory = value_scratch_alloc(scratch, type->size);
    if (memory == NULL || !value_scratch_hold(scratch, object))
        return NULL;
    bool stored = is_result ? value_store_case(scratch, type, failed, object, memory)
                            : value_store(scratch, type, object, memory);
    return stored && value_scratch_give(scratch) ? memory : NULL;
}

/* Ends the process as the exception says: sys.exit(), or a trap behind the traceback. */
static _Noreturn void fail(void)
{
    if (!PyErr_ExceptionMatches(PyExc_SystemExit)) {
        print_exception();
        __builtin_trap();
    }
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *code = PyObject_GetAttrString(exception, "code");
    if (code == NULL || code == Py_None)
        _Exit(0);
    if (PyLong_Check(code))
        _Exit(PyLong_AsLong(code) == 0 ? 0 : 1);
    PyObject_Print(code, stderr, Py_PRINT_RAW);
    fputc('\n', stderr);
    _Exit(1);
}

static uint64_t arguments[VALUE_FLAT_PARAMS + 1];

GUEST_EXPORT("spindle_arguments") uint64_t *spindle_arguments(void)
{
    return arguments;
}

/* The caller has read the result. */
GUEST_EXPORT("spindle_dispatched") void spindle_dispatched(void)
{
    value_scratch_release(&result_scratch);
    result_scratch = (struct value_scratch){0};
}

/* What is the same for all calls of an instance. */
static void begin(void)
{
    static bool begun;
    if (begun)
        return;
    begun = true;
    if (runtime_is_bare)
        return;
    refresh_environment();
    refresh_arguments();
}

/* The result's flat value, or its address. */
GUEST_EXPORT("spindle_dispatch") uint64_t spindle_dispatch(uint32_t number)
{
    const struct export *export = &exports[number];
    if (is_destructor(export)) {
        exported_destroy((uint32_t)arguments[0]);
        return 0;
    }
    begin();
    PyObject *object = export_call(export, arguments);
    if (export->result == NULL) {
        if (object == NULL)
            fail();
        Py_DECREF(object);
        return 0;
    }
    uint8_t *memory = store_result(export, object);
    if (memory == NULL)
        fail();
    if (export->result->flat_count > VALUE_FLAT_RESULTS)
        return host_address(memory);
    uint64_t flat;
    value_flatten(export->result, memory, &flat);
    spindle_dispatched();
    return flat;
}
