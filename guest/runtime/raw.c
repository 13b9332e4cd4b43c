/* Requests for a class that overrides handle(): it gets the host's resources as objects. */
#include "exports.h"

static struct export *handle_export;

/* Classes of the SDK get the SDK's objects, others those of the world's own modules. */
bool raw_bind(bool of_sdk)
{
    handle_export = export_find(HANDLER_INTERFACE, "handle");
    return export_bind_method(handle_export, of_sdk ? "spin_sdk.wit" : NULL, handler.object);
}

/* The application answers through the outparam; if it fails before that, the host answers 500. */
void raw_handle(uint32_t request, uint32_t outparam)
{
    uint64_t flat[] = {request, outparam};
    PyObject *result = export_call(handle_export, flat);
    if (result == NULL)
        print_exception();
    Py_XDECREF(result);
}
