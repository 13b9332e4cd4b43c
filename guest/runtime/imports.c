#include "imports.h"

#include <stdlib.h>
#include <string.h>

/* An interface of the world, in the order of the configuration block. */
struct numbered {
    struct config_text interface, names;
    uint32_t first; /* number of the first name */
    bool early;
    bool is_numbered, is_named; /* used so */
};

static struct numbered *numbered;
static uint32_t numbered_count, number_count;

__attribute__((import_module("spindle"), import_name("call"))) void spindle_call(
    uint32_t number, const uint64_t *flat, uint64_t *result);

bool import_add(struct config_text interface, struct config_text names, bool early)
{
    struct numbered *grown = realloc(numbered, (numbered_count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    numbered = grown;
    numbered[numbered_count++] = (struct numbered){
        .interface = interface, .names = names, .first = number_count, .early = early};
    for (size_t i = 0; i < names.len; i++)
        number_count += names.data[i] == '\n';
    return true;
}

static bool is(struct config_text text, const char *string)
{
    return strlen(string) == text.len && memcmp(text.data, string, text.len) == 0;
}

/* The name's place among the lines, or their count. */
static uint32_t find_line(struct config_text lines, const char *name)
{
    uint32_t line = 0;
    const char *end = lines.data + lines.len;
    for (const char *start = lines.data; start < end; line++) {
        const char *stop = memchr(start, '\n', (size_t)(end - start));
        if (stop == NULL || is((struct config_text){start, (size_t)(stop - start)}, name))
            break;
        start = stop + 1;
    }
    return line;
}

static int compare(const void *key, const void *entry)
{
    const struct guest_import *a = key, *b = entry;
    int order = strcmp(a->interface, b->interface);
    return order != 0 ? order : strcmp(a->name, b->name);
}

/* While building there is no network and no service, but there are clocks, and memory of the host
 * such as header fields. */
static bool works_while_building(const char *interface)
{
    static const char handler_interface[] = "wasi:http/outgoing-handler@";
    return strncmp(interface, handler_interface, sizeof handler_interface - 1) != 0;
}

/* NULL: not of the world. */
static struct numbered *find_interface(const char *interface)
{
    for (uint32_t i = 0; i < numbered_count; i++)
        if (is(numbered[i].interface, interface))
            return &numbered[i];
    return NULL;
}

static bool left_out(const char *interface)
{
    PyErr_Format(PyExc_ImportError,
        "'%s' was left out of this component, because no import statement named its module when it "
        "was built: write one at the top of the application and build again",
        interface);
    return false;
}

static bool find_numbered(const char *interface, const char *name, struct import *ret_import)
{
    struct numbered *entry = find_interface(interface);
    if (entry == NULL)
        return true;
    uint32_t number = entry->first + find_line(entry->names, name);
    uint32_t end = entry + 1 < numbered + numbered_count ? entry[1].first : number_count;
    if (number >= end)
        return true;
    if (!runtime_is_building && !entry->is_numbered)
        return left_out(interface);
    entry->is_numbered |= runtime_is_building;
    *ret_import = (struct import){.kind = IMPORT_NUMBERED, .number = number, .early = entry->early};
    return true;
}

static const struct guest_import *find_direct(const char *interface, const char *name)
{
    struct guest_import key = {.interface = interface, .name = name};
    return bsearch(&key, guest_imports, guest_import_count, sizeof guest_imports[0], compare);
}

/* Interfaces of WASI are there in any case, but not those of HTTP. */
static bool use_direct(const struct guest_import *direct, struct import *ret_import)
{
    static const char http[] = "wasi:http/";
    struct numbered *entry = find_interface(direct->interface);
    if (strncmp(direct->interface, http, sizeof http - 1) == 0) {
        if (entry == NULL)
            return true;
        if (!runtime_is_building && !entry->is_named)
            return left_out(direct->interface);
    }
    if (entry != NULL && runtime_is_building)
        entry->is_named = true;
    *ret_import = (struct import){
        .kind = IMPORT_DIRECT, .direct = direct, .early = works_while_building(direct->interface)};
    return true;
}

bool import_find(const char *interface, const char *name, struct import *ret_import)
{
    *ret_import = (struct import){.kind = IMPORT_ABSENT};
    const struct guest_import *direct = find_direct(interface, name);
    return direct != NULL ? use_direct(direct, ret_import)
                          : find_numbered(interface, name, ret_import);
}

bool import_allowed(const struct import *import, const char *interface, const char *name)
{
    if (import->kind == IMPORT_ABSENT)
        PyErr_Format(
            PyExc_RuntimeError, "%s#%s is not imported by this component", interface, name);
    else if (runtime_is_building && !import->early)
        PyErr_Format(PyExc_RuntimeError,
            "%s#%s cannot be called while the component is being built: call it in the handler",
            interface, name);
    else
        return true;
    return false;
}

void import_call(const struct import *import, const uint64_t *flat, uint64_t *result)
{
    if (import->kind == IMPORT_DIRECT)
        import->direct->call(flat, result);
    else
        spindle_call(import->number, flat, result);
}

/*
 * For the builder: how the application uses that interface of the configuration block. Bit 0: by
 * number; bit 1: by name.
 */
GUEST_EXPORT("spindle_uses") int32_t spindle_uses(uint32_t interface)
{
    if (interface >= numbered_count)
        return 0;
    return numbered[interface].is_numbered | numbered[interface].is_named << 1;
}
