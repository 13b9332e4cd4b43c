/* Requests for a class that overrides handle(): it gets the host's resources as objects. */
#include "value.h"

static PyObject *request_class, *outparam_class, *handle_method;

bool raw_bind(void)
{
    PyObject *types = PyImport_ImportModule("spin_sdk.wit.imports.types");
    if (types == NULL)
        return false;
    request_class = runtime_keep(PyObject_GetAttrString(types, "IncomingRequest"));
    outparam_class = runtime_keep(PyObject_GetAttrString(types, "ResponseOutparam"));
    handle_method = runtime_keep(PyObject_GetAttrString(handler.object, "handle"));
    Py_DECREF(types);
    return request_class != NULL && outparam_class != NULL && handle_method != NULL;
}

/* The application answers through the outparam; if it fails before that, the host answers 500. */
void raw_handle(uint32_t request, uint32_t outparam)
{
    PyObject *arguments[] = {
        resource_lift(request_class, request), resource_lift(outparam_class, outparam)};
    PyObject *result = arguments[0] == NULL || arguments[1] == NULL
                           ? NULL
                           : PyObject_Vectorcall(handle_method, arguments, 2, NULL);
    if (result == NULL)
        print_exception();
    Py_XDECREF(result);
    Py_XDECREF(arguments[0]);
    Py_XDECREF(arguments[1]);
}
