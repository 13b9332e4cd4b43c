/*
 * _crypt, which CPython no longer has: what the module crypt is made of. The methods are musl's:
 * DES, MD5, SHA-256, SHA-512 and Blowfish.
 */
#include <errno.h>
#include <unistd.h>

#include "runtime.h"

static PyObject *hash_password(PyObject *self, PyObject *arguments)
{
    (void)self;
    const char *word, *salt;
    if (!PyArg_ParseTuple(arguments, "ss:crypt", &word, &salt))
        return NULL;
    errno = 0;
    const char *hash = crypt(word, salt);
    return hash == NULL ? PyErr_SetFromErrno(PyExc_OSError) : PyUnicode_FromString(hash);
}

static PyMethodDef functions[] = {
    {"crypt", hash_password, METH_VARARGS, "crypt(word, salt): the word's hash, behind the salt"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_crypt",
    .m_size = 0,
    .m_methods = functions,
};

PyObject *PyInit__crypt(void)
{
    return PyModule_Create(&definition);
}
