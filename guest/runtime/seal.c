/*
 * Sealing: the last step before the memory is written down. What a request writes must be copied
 * back after it, so everything is arranged that requests write little:
 *
 * - Every object that can be reached becomes immortal: its reference count is never written.
 * - The collector's lists are frozen: it never looks at these objects again.
 * - The heap and the interpreter's free lists forget what is free, so that a request's own objects
 *   lie together.
 * - The stack of Python frames begins anew beside the heap's own state, in one page.
 *
 * This file alone uses CPython's internal headers.
 */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_freelist.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_object.h"
#include "internal/pycore_obmalloc.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_typeobject.h"

#include "heap.h"
#include "libc/seal.h"

/* Zero pages inside the image: memory that a request needs does not have to be grown. */
#define RESERVE ((size_t)4 << 20)

/* In the patched _randommodule.c. */
void _PyRandom_MarkStale(PyObject *random);

/* Bounds of the shadow stack: set by the linker. */
extern unsigned char __stack_low;

/* Objects that were found and whose parts are still to be visited. */
struct walk {
    PyObject **objects;
    size_t count, capacity;
    bool failed;
    PyTypeObject *random_type; /* _random.Random, or NULL if it was never loaded */
};

static void find(struct walk *walk, PyObject *object)
{
    if (object == NULL || object->ob_refcnt == _Py_IMMORTAL_REFCNT)
        return;
    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity ? walk->capacity * 2 : 4096;
        PyObject **grown = realloc(walk->objects, capacity * sizeof *grown);
        if (grown == NULL) {
            walk->failed = true;
            return;
        }
        walk->objects = grown;
        walk->capacity = capacity;
    }
    object->ob_refcnt = _Py_IMMORTAL_REFCNT;
    walk->objects[walk->count++] = object;
}

static int find_visited(PyObject *object, void *walk)
{
    find(walk, object);
    return 0;
}

/* Dicts with string keys do not show the keys to the collector. */
static void find_in_dict(struct walk *walk, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (PyDict_Next(dict, &position, &key, &value)) {
        find(walk, key);
        find(walk, value);
    }
}

static void find_in_code(struct walk *walk, PyCodeObject *code)
{
    PyObject *const parts[] = {code->co_consts, code->co_names, code->co_exceptiontable,
        code->co_localsplusnames, code->co_localspluskinds, code->co_filename, code->co_name,
        code->co_qualname, code->co_linetable};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        find(walk, parts[i]);
    if (code->_co_cached != NULL) {
        find(walk, code->_co_cached->_co_code);
        find(walk, code->_co_cached->_co_cellvars);
        find(walk, code->_co_cached->_co_freevars);
        find(walk, code->_co_cached->_co_varnames);
    }
}

/*
 * Names of attributes that instances share. Making an instance would count a reference to them, and
 * take from the room for names that the first instances may add: it is taken now.
 */
static void find_in_shared_keys(struct walk *walk, PyDictKeysObject *keys)
{
    if (keys == NULL)
        return;
    keys->dk_refcnt = _Py_IMMORTAL_REFCNT;
    if (keys->dk_nentries > 0 && keys->dk_usable > 1)
        keys->dk_usable = 1;
    for (Py_ssize_t i = 0; i < keys->dk_nentries; i++)
        find(walk, DK_UNICODE_ENTRIES(keys)[i].me_key);
}

static void find_in_type(struct walk *walk, PyTypeObject *type)
{
    find(walk, _PyType_GetDict(type));
    find(walk, _PyType_GetMRO(type));
    find(walk, _PyType_GetBases(type));
    find(walk, (PyObject *)type->tp_base);
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE))
        return;
    PyHeapTypeObject *heap_type = (PyHeapTypeObject *)type;
    find(walk, heap_type->ht_name);
    find(walk, heap_type->ht_qualname);
    find(walk, heap_type->ht_slots);
    find(walk, heap_type->ht_module);
    find(walk, heap_type->_spec_cache.getitem);
    find(walk, heap_type->_spec_cache.init);
    find(walk, type->tp_cache);
    find(walk, type->tp_subclasses);
    find_in_shared_keys(walk, heap_type->ht_cached_keys);
}

static void settle_string(PyObject *string)
{
    PyASCIIObject *head = (PyASCIIObject *)string;
    if (head->state.interned == SSTATE_INTERNED_MORTAL)
        head->state.interned = SSTATE_INTERNED_IMMORTAL;
}

static void visit(struct walk *walk, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    find(walk, (PyObject *)type);
    if (PyUnicode_Check(object))
        settle_string(object);
    if (PyDict_Check(object))
        find_in_dict(walk, object);
    if (PyCode_Check(object))
        find_in_code(walk, (PyCodeObject *)object);
    if (PyType_Check(object))
        find_in_type(walk, (PyTypeObject *)object);
    if (!runtime_is_bare && walk->random_type != NULL &&
        PyObject_TypeCheck(object, walk->random_type))
        _PyRandom_MarkStale(object);
    if (type->tp_traverse != NULL && PyObject_IS_GC(object))
        type->tp_traverse(object, find_visited, walk);
}

static void visit_all(struct walk *walk)
{
    while (walk->count > 0)
        visit(walk, walk->objects[--walk->count]);
}

/* What the interpreter holds outside of every object. */
static void find_roots(struct walk *walk)
{
    PyThreadState *thread = PyThreadState_Get();
    PyInterpreterState *interp = thread->interp;
    PyObject *const roots[] = {interp->sysdict, interp->builtins, interp->dict,
        interp->sysdict_copy, interp->builtins_copy, interp->imports.modules,
        interp->imports.importlib, interp->imports.import_func, interp->codecs.search_path,
        interp->codecs.search_cache, interp->codecs.error_registry, interp->audit_hooks,
        interp->cached_objects.interned_strings, thread->dict, thread->context,
        thread->async_gen_firstiter, thread->async_gen_finalizer, handler.app, handler.object,
        handler.method, handler.request_type, handler.response_type, handler.environment};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        find(walk, roots[i]);
    for (size_t i = 0; i < runtime_string_count; i++)
        find(walk, runtime_strings[i]);
}

static bool make_immortal(void)
{
    struct walk walk = {0};
    PyObject *module = PyImport_ImportModule("_random");
    PyObject *random_type = module == NULL ? NULL : PyObject_GetAttrString(module, "Random");
    PyErr_Clear();
    walk.random_type = (PyTypeObject *)random_type;
    PyObject *collector = PyImport_ImportModule("gc");
    PyObject *tracked =
        collector == NULL ? NULL : PyObject_CallMethod(collector, "get_objects", NULL);
    if (tracked == NULL)
        return false;
    find_roots(&walk);
    visit_all(&walk);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(tracked); i++) {
        find(&walk, PyList_GET_ITEM(tracked, i));
        visit_all(&walk);
    }
    /* Found among its own items; its memory is to be free again. */
    Py_SET_REFCNT(tracked, 1);
    Py_DECREF(tracked);
    free(walk.objects);
    return !walk.failed;
}

static bool call_collector(const char *function)
{
    PyObject *collector = PyImport_ImportModule("gc");
    PyObject *result = collector == NULL ? NULL : PyObject_CallMethod(collector, function, NULL);
    Py_XDECREF(collector);
    Py_XDECREF(result);
    return result != NULL;
}

static void flush_stream(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    PyObject *result =
        stream == NULL || stream == Py_None ? NULL : PyObject_CallMethod(stream, "flush", NULL);
    Py_XDECREF(result);
    PyErr_Clear();
}

/* The part of the shadow stack below the running frames holds leftovers. */
static void clear_dead_stack(void)
{
    enum { RED_ZONE = 4096 };
    unsigned char *end = (unsigned char *)__builtin_frame_address(0) - RED_ZONE;
    unsigned char *low = &__stack_low;
    if (end > low)
        memset(low, 0, (size_t)(end - low));
}

/* No Python frame is active: the stack of frames is empty. */
static void free_frame_stack(PyThreadState *thread)
{
    _PyStackChunk *chunk = thread->datastack_chunk;
    while (chunk != NULL) {
        _PyStackChunk *previous = chunk->previous;
        _PyObject_VirtualFree(chunk, chunk->size);
        chunk = previous;
    }
    thread->datastack_chunk = NULL;
}

/* Deeper stacks get further chunks from the heap, as CPython does it. */
static void begin_frame_stack(PyThreadState *thread, void *memory, size_t size)
{
    _PyStackChunk *chunk = memory;
    *chunk = (_PyStackChunk){.size = size};
    thread->datastack_chunk = chunk;
    thread->datastack_top = &chunk->data[1]; /* the first word of a first chunk stays unused */
    thread->datastack_limit = (PyObject **)((char *)memory + size);
}

bool seal_interpreter(void)
{
    PyThreadState *thread = PyThreadState_Get();
    flush_stream("stdout");
    flush_stream("stderr");
    if (!call_collector("collect") || !make_immortal() || !call_collector("freeze")) {
        print_exception();
        return false;
    }
    _PyObject_ClearFreeLists(_Py_object_freelists_GET(), 0);
    free_frame_stack(thread);
    fflush(NULL);
    libc_seal();
    size_t size;
    void *memory = heap_seal(RESERVE, &size);
    if (memory == NULL)
        return false;
    begin_frame_stack(thread, memory, size);
    clear_dead_stack();
    return true;
}
