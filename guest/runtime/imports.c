#include "imports.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *key, const void *entry)
{
    const struct guest_import *a = key, *b = entry;
    int order = strcmp(a->interface, b->interface);
    return order != 0 ? order : strcmp(a->name, b->name);
}

const struct guest_import *import_find(const char *interface, const char *name)
{
    struct guest_import key = {.interface = interface, .name = name};
    return bsearch(&key, guest_imports, guest_import_count, sizeof guest_imports[0], compare);
}

/* While building there is no network and no service, but there are clocks, and memory of the host
 * such as header fields. */
static bool works_while_building(const char *interface)
{
    static const char handler_interface[] = "wasi:http/outgoing-handler@";
    return strncmp(interface, "wasi:", 5) == 0 &&
           strncmp(interface, handler_interface, sizeof handler_interface - 1) != 0;
}

bool import_allowed(const struct guest_import *import, PyObject *interface, PyObject *name)
{
    if (import == NULL)
        PyErr_Format(
            PyExc_RuntimeError, "%U#%U is not imported by this component", interface, name);
    else if (runtime_is_building && !works_while_building(import->interface))
        PyErr_Format(PyExc_RuntimeError,
            "%U#%U cannot be called while the component is being built: call it in the handler",
            interface, name);
    else
        return true;
    return false;
}
