/* Starting the interpreter and importing the application: the exports that the builder calls. */
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "libc/vfs.h"
#include "config.h"
#include "exports.h"
#include "imports.h"
#include "runtime.h"

/* Where the archive (guest/vfs.py) has the standard library and the SDK. */
static const char *const bundled_paths[] = {"/python", "/bundled"};

bool runtime_is_building = true;
bool runtime_is_bare;

/* What the configuration block asks for. */
struct settings {
    char *app;
    unsigned long hash_seed;
    const char *world;         /* of the exports that follow */
    struct config_text *paths; /* owned array of views */
    size_t path_count;
};

static char *copy_text(struct config_text text)
{
    char *copy = malloc(text.len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

static bool add_path(struct settings *settings, struct config_text path)
{
    struct config_text *grown =
        realloc(settings->paths, (settings->path_count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    settings->paths = grown;
    grown[settings->path_count++] = path;
    return true;
}

static bool set_variable(struct config_text name, struct config_text value)
{
    char *name_copy = copy_text(name), *value_copy = copy_text(value);
    bool done = name_copy != NULL && value_copy != NULL && setenv(name_copy, value_copy, 1) == 0;
    free(name_copy);
    free(value_copy);
    return done;
}

static bool embed(struct config_text path, struct config_text contents)
{
    while (path.len > 0 && path.data[0] == '/') {
        path.data++;
        path.len--;
    }
    return vfs_add(path.data, path.len, (const uint8_t *)contents.data, contents.len);
}

static bool apply(const struct config_entry *entry, struct settings *settings)
{
    struct config_text rest, value = entry->value;
    if (config_key(entry, "app", &rest)) {
        settings->app = copy_text(value);
        return settings->app != NULL;
    }
    if (config_key(entry, "path", &rest))
        return add_path(settings, value);
    if (config_key(entry, "hash-seed", &rest)) {
        char *digits = copy_text(value);
        settings->hash_seed = digits == NULL ? 0 : strtoul(digits, NULL, 10);
        free(digits);
        return digits != NULL;
    }
    if (config_key(entry, "env:", &rest))
        return set_variable(rest, value);
    if (config_key(entry, "world", &rest)) {
        settings->world = copy_text(value);
        return settings->world != NULL;
    }
    if (config_key(entry, "stub-wasi", &rest)) {
        runtime_is_bare = true;
        return true;
    }
    if (config_key(entry, "export:", &rest))
        return export_add(settings->world, rest, value);
    if (config_key(entry, "import:", &rest))
        return import_add(rest, value, false);
    if (config_key(entry, "early-import:", &rest))
        return import_add(rest, value, true);
    if (config_key(entry, "vfs", &rest))
        return vfs_mount((const uint8_t *)value.data, value.len);
    if (config_key(entry, "file:", &rest))
        return embed(rest, value);
    return false;
}

static bool read_settings(const uint8_t *data, size_t len, struct settings *ret_settings)
{
    struct config config;
    struct config_entry entry;
    *ret_settings = (struct settings){.world = "spin_sdk.wit"};
    if (!config_open(&config, data, len))
        return false;
    while (config_next(&config, &entry)) {
        if (!apply(&entry, ret_settings))
            return false;
    }
    return config.left == 0 && ret_settings->app != NULL;
}

static PyStatus append_path(PyConfig *config, const char *path, size_t len)
{
    char *text = copy_text((struct config_text){path, len});
    wchar_t *wide = text == NULL ? NULL : Py_DecodeLocale(text, NULL);
    free(text);
    if (wide == NULL)
        return PyStatus_NoMemory();
    PyStatus status = PyWideStringList_Append(&config->module_search_paths, wide);
    PyMem_RawFree(wide);
    return status;
}

static PyStatus set_paths(PyConfig *config, const struct settings *settings)
{
    PyStatus status = PyStatus_Ok();
    config->module_search_paths_set = 1;
    for (size_t i = 0; i < sizeof bundled_paths / sizeof bundled_paths[0]; i++) {
        status = append_path(config, bundled_paths[i], strlen(bundled_paths[i]));
        if (PyStatus_Exception(status))
            return status;
    }
    for (size_t i = 0; i < settings->path_count; i++) {
        status = append_path(config, settings->paths[i].data, settings->paths[i].len);
        if (PyStatus_Exception(status))
            return status;
    }
    static const wchar_t prefix[] = L"/python";
    wchar_t **const homes[] = {&config->prefix, &config->base_prefix, &config->exec_prefix,
        &config->base_exec_prefix, &config->stdlib_dir};
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
        status = PyConfig_SetString(config, homes[i], prefix);
        if (PyStatus_Exception(status))
            return status;
    }
    return PyConfig_SetString(config, &config->executable, L"");
}

static PyStatus start_python(const struct settings *settings)
{
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status))
        return status;
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.use_hash_seed = 1;
    config.hash_seed = settings->hash_seed;
    config.write_bytecode = 0;
    config.buffered_stdio = 0;
    config.install_signal_handlers = 0;
    config.pathconfig_warnings = 0;
    config.code_debug_ranges = 1;
    status = set_paths(&config, settings);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

/* At run time the environment is the host's, and there are no arguments. */
static bool forget_environment(void)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *variables = os == NULL ? NULL : PyObject_GetAttrString(os, "environ");
    PyObject *cleared = variables == NULL ? NULL : PyObject_CallMethod(variables, "clear", NULL);
    PyObject *arguments = cleared == NULL ? NULL : PyList_New(0);
    bool done = arguments != NULL && PySys_SetObject("argv", arguments) == 0;
    Py_XDECREF(arguments);
    Py_XDECREF(cleared);
    Py_XDECREF(variables);
    Py_XDECREF(os);
    return done;
}

/* Prints the exception that is set, with what is known to help. */
static void print_explained(void)
{
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *module = PyImport_ImportModule("_spindle_hints");
    PyObject *result =
        module == NULL ? NULL : PyObject_CallMethod(module, "explain", "O", exception);
    if (result == NULL)
        PyErr_Clear();
    Py_XDECREF(module);
    Py_XDECREF(result);
    PyErr_SetRaisedException(exception);
    print_exception();
}

GUEST_EXPORT("spindle_alloc") void *spindle_alloc(size_t size)
{
    return malloc(size);
}

/* 0, or 1 when the application cannot be imported: the traceback is on standard error. */
GUEST_EXPORT("spindle_init") int32_t spindle_init(const uint8_t *data, size_t len)
{
    struct settings settings;
    if (!read_settings(data, len, &settings)) {
        static const char message[] = "malformed configuration block\n";
        fwrite(message, 1, sizeof message - 1, stderr);
        return 1;
    }
    if (PyImport_AppendInittab("_spindle", PyInit__spindle) < 0 ||
        PyImport_AppendInittab("_crypt", PyInit__crypt) < 0)
        return 1;
    PyStatus status = start_python(&settings);
    if (PyStatus_Exception(status)) {
        fprintf(stderr, "%s: %s\n", status.func ? status.func : "python", status.err_msg);
        return 1;
    }
    PyObject *app = PyImport_ImportModule(settings.app);
    if (app == NULL || !application_bind(app) || !handler_bind() || !exports_bind() ||
        !forget_environment()) {
        print_explained();
        return 1;
    }
    return 0;
}

/* What spindle_warm left undone; spindle_seal tells. */
static bool warm_failed;

GUEST_EXPORT("spindle_warm") void spindle_warm(void)
{
    warm_failed = !warm_modules(handler.app) || !warm_requests();
}

/* 0, or 1 if the application's warm_up() failed or memory cannot be made ready. */
GUEST_EXPORT("spindle_seal") int32_t spindle_seal(void)
{
    if (warm_failed || !seal_interpreter())
        return 1;
    runtime_is_building = false;
    return 0;
}

/* Called by the host for memory that it fills. Calls no import. */
GUEST_EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t alignment, size_t size)
{
    (void)old_size;
    if (size == 0)
        return (void *)alignment;
    void *block =
        old == NULL && alignment > 16 ? aligned_alloc(alignment, size) : realloc(old, size);
    if (block == NULL)
        __builtin_trap();
    return block;
}
