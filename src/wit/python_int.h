/*
 * Shared by the files that write Python (private to this folder).
 */
#ifndef SPINDLE_WIT_PYTHON_INT_H
#define SPINDLE_WIT_PYTHON_INT_H

#include "base/vec.h"
#include "wit/python.h"

/* An interface as a module of imports/ or exports/. */
struct py_module {
    const struct wit_interface *interface;
    bool exported;
    struct str name;         /* snake case, without the folder */
    VEC(struct str) aliases; /* further names of the module */
};

struct py {
    const struct wit_resolve *r;
    const struct wit_world *world;
    const struct wit_python_options *options;
    struct arena *arena;
    VEC(struct py_module) modules;
    VEC(struct wit_python_file) files;
    const struct py_module *current; /* being written; NULL: a module of the world itself */
    bool exporting;                  /* types are meant as exports have them */
    bool *needed;                    /* parallel to modules: used by what is being written */
};

/* ---- python_names.c: kebab-case names in Python's forms; in the arena */

enum py_case { PY_SNAKE, PY_CAMEL, PY_SHOUT };

struct str py_case(struct arena *a, struct str name, enum py_case form);
/* The same, with an underscore behind a keyword. */
struct str py_name(struct arena *a, struct str name, enum py_case form);
/* Fills p->modules with every interface that the world imports or exports. */
int py_modules(struct py *p, struct error *err);
/* The module of an interface that is imported or exported; NULL if it is not. */
const struct py_module *py_module(
    const struct py *p, const struct wit_interface *interface, bool exported);
/*
 * The module that has a type: the imported one if there is one. But what is made of resources that
 * the application implements is there twice, and exports mean the exported one.
 */
const struct py_module *py_owner(const struct py *p, const struct wit_definition *def);
/* What the module is called in those that import it: names clash between imports and exports. */
struct str py_module_ref(const struct py *p, const struct py_module *module);

/* ---- python_types.c */

/* Annotation: "Optional[types.Fields]". `self` is the class in whose body it stands, or NULL. */
void py_annotation(const struct py *p, const struct wit_type *type, const struct wit_resource *self,
    struct buf *out);
/* Type descriptor: "_t.option(_t.own(types.Fields))". */
void py_descriptor(const struct py *p, const struct wit_type *type, struct buf *out);
/* Class of a variant's case: "Method_Get". */
struct str py_case_class(struct arena *a, const struct wit_definition *variant, uint32_t index);
/* The classes of a definition other than a resource, with its aliases. */
void py_define(const struct py *p, const struct wit_definition *def, struct buf *out);
/* The line that makes a definition's descriptor. */
void py_define_descriptor(const struct py *p, const struct wit_definition *def, struct buf *out);
/* A docstring at this indentation, if there is anything to say. `raises` may be NULL. */
void py_docstring(const struct py *p, struct str docs, const struct wit_type *raises,
    unsigned indent, struct buf *out);
/* Does the definition become classes here (records, variants, enums, flags)? */
bool py_defines_names(const struct wit_definition *def);

/* ---- python_exports.c */

/* The protocols of exported interfaces, of exported resources, and of the world's functions. */
int py_add_protocols(struct py *p, struct error *err);
void py_resource_protocol(const struct py *p, const struct py_module *module,
    const struct wit_definition *def, struct buf *out);
void py_world_protocol(const struct py *p, struct buf *out);
/* _exports.py */
int py_add_exports(struct py *p, struct error *err);
struct str py_protocol_name(const struct py *p, const struct py_module *module);

/* ---- python.c, for python_exports.c */

int py_finish_module(struct py *p, const char *path, struct str docs, struct str from,
    const char *up, struct buf *body, struct error *err);
/* "def get(self, name: str) -> List[bytes]:". `receiver` is "self", "cls" or NULL. */
void py_signature(const struct py *p, const struct wit_func *func, const char *receiver,
    unsigned indent, struct buf *out);
/* `("name", descriptor), …` in parentheses. */
void py_parameters(const struct py *p, const struct wit_func *func, struct buf *out);
/* A function's result as a descriptor, or None. */
void py_result(const struct py *p, const struct wit_func *func, struct buf *out);
/* The result type whose error is raised; NULL: none. */
const struct wit_type *py_raised(const struct wit_func *func);

#endif
