#include "template/generate.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "template/files_int.h"
#include "template/merge.h"

/* ------------------------------------------------------------------------------------- manifest */

static int check_version(const struct toml_document *doc, struct error *err)
{
    const struct toml_node *version = toml_get(doc->root, STR("spin_manifest_version"));
    bool old = (version && version->kind == TOML_STRING) ||
               (!version && toml_get(doc->root, STR("spin_version")));
    return old ? error_set(err, ERROR_INVALID,
                     "Components cannot be added to Spin manifest version 1 applications.")
               : 0;
}

int template_manifest_load(
    struct arena *a, const char *path, struct template_manifest *ret, struct error *err)
{
    struct template_manifest m = {.path = path, .text = BUF_INIT(LIMIT_TEXT_FILE_BYTES)};
    if (!file_exists(path))
        return error_set(
            err, ERROR_NOT_FOUND, "Can't add component to %s: file does not exist", path);
    if (file_read(path, LIMIT_TEXT_FILE_BYTES, &m.text, err) < 0 ||
        toml_parse(a, path, buf_str(&m.text), &m.document, err) < 0 ||
        check_version(&m.document, err) < 0) {
        buf_release(&m.text);
        return -1;
    }
    *ret = m;
    return 0;
}

void template_manifest_release(struct template_manifest *m)
{
    buf_release(&m->text);
}

/* ----------------------------------------------------------------------------------- conditions */

static bool has_entry(const struct toml_node *node, struct str dotted)
{
    while (node && dotted.len) {
        ptrdiff_t dot = str_find_byte(dotted, '.');
        size_t len = dot < 0 ? dotted.len : (size_t)dot;
        node = toml_get(node, str_make(dotted.ptr, len));
        dotted = str_skip(dotted, len + 1);
    }
    return node != NULL;
}

static bool is_in(const struct template_strings *list, struct str item)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i], item))
            return true;
    return false;
}

static void add_all(
    struct arena *a, struct template_strings *list, const struct template_strings *more)
{
    struct str *items = arena_alloc(a, (list->count + more->count + 1) * sizeof *items);
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    if (more->count)
        memcpy(items + list->count, more->items, more->count * sizeof *items);
    *list = (struct template_strings){.count = list->count + more->count, .items = items};
}

struct template_variant template_variant_for(struct arena *a, const struct template *t,
    enum template_action action, const struct template_manifest *manifest)
{
    static const struct str names[TEMPLATE_SNIPPETS] = {
        [SNIPPET_COMPONENT] = {"component", 9},
        [SNIPPET_APPLICATION_TRIGGER] = {"application_trigger", 19},
        [SNIPPET_VARIABLES] = {"variables", 9},
    };
    struct template_variant variant = t->variants[action];
    for (size_t i = 0; i < t->variants[action].condition_count; i++) {
        const struct template_condition *condition = &variant.conditions[i];
        if (!manifest || !has_entry(manifest->document.root, condition->entry))
            continue;
        add_all(a, &variant.skip_files, &condition->skip_files);
        add_all(a, &variant.skip_parameters, &condition->skip_parameters);
        for (size_t j = 0; j < TEMPLATE_SNIPPETS; j++)
            if (is_in(&condition->skip_snippets, names[j]))
                variant.snippets[j] = STR_EMPTY;
    }
    variant.condition_count = 0;
    return variant;
}

/* ------------------------------------------------------------------------------------ rendering */

/* Everything that will be written, in memory. */
struct rendering {
    const struct template_job *job;
    struct arena arena;
    struct arena parsed; /* the partials' trees, which strangers make large */
    struct map partials;
    struct liquid_globals globals;
    struct collecting files; /* paths relative to the job's folder */
    VEC(const char *) folders;
    struct buf manifest; /* the new text */
};

static const char *name_of(struct rendering *r, const char *folder, struct str path)
{
    return arena_printf(&r->arena, "%" STR_FMT "/%s/%" STR_FMT, STR_ARG(r->job->template->id),
        folder, STR_ARG(path));
}

static int parse_partials(struct rendering *r, struct error *err)
{
    struct template_files partials =
        template_files_below(&r->arena, &r->job->template->files, STR("metadata/partials"));
    map_init(&r->partials, &r->arena);
    for (size_t i = 0; i < partials.count; i++) {
        const struct template_file *file = &partials.items[i];
        const struct liquid_template *parsed;
        if (liquid_parse(&r->parsed, name_of(r, "metadata/partials", file->path), file->bytes,
                &parsed, err) < 0)
            return -1;
        if (!map_put(&r->partials, file->path, (void *)parsed))
            return error_set(err, ERROR_MEMORY, "no memory for the partials of a template");
    }
    return 0;
}

/* The text in the arena. `raw`: what is no Liquid is taken as it is. */
static int render_text(struct rendering *r, const char *name, struct str text, bool raw,
    enum liquid_output output, struct str *ret, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(2 * LIMIT_TEMPLATE_BYTES);
    struct buf out CLEANUP(buf_release) = BUF_INIT(collecting_left(&r->files));
    const struct liquid_template *parsed;
    if (raw && !utf8_valid(text)) {
        *ret = text;
        return 0;
    }
    if (liquid_parse(&a, name, text, &parsed, err) < 0) {
        if (!raw || err->kind != ERROR_INVALID)
            return -1;
        error_release(err);
        *ret = text;
        return 0;
    }
    if (liquid_render(&a, parsed, &r->globals, output, &out, err) < 0)
        return -1;
    char *copy = arena_try_alloc_raw(&r->arena, out.len + 1);
    if (!copy)
        return error_set(err, ERROR_MEMORY, "no memory to render '%s'", name);
    if (out.len)
        memcpy(copy, out.data, out.len);
    *ret = str_make(copy, out.len);
    return 0;
}

static struct str without_tmpl(struct str path)
{
    if (str_ends_with(path, STR(".tmpl")) && path.len > 5 && path.ptr[path.len - 6] != '/')
        path.len -= 5;
    return path;
}

static bool is_left_out(const struct rendering *r, struct str path)
{
    return is_in(&r->job->variant.skip_files, path) ||
           (r->job->no_vcs && (str_is(without_tmpl(path), ".gitignore") ||
                                  str_ends_with(without_tmpl(path), STR("/.gitignore"))));
}

static int render_content(struct rendering *r, struct error *err)
{
    struct template_files content =
        template_files_below(&r->arena, &r->job->template->files, STR("content"));
    for (size_t i = 0; i < content.count; i++) {
        struct template_file file = content.items[i];
        if (is_left_out(r, file.path))
            continue;
        const char *name = name_of(r, "content", file.path);
        file.path = without_tmpl(file.path);
        bool toml = str_ends_with(file.path, STR(".toml"));
        if (render_text(r, name, file.bytes, true, toml ? LIQUID_TOML : LIQUID_PLAIN, &file.bytes,
                err) < 0 ||
            collecting_add(&r->files, &file, err) < 0)
            return -1;
    }
    return 0;
}

static int render_outputs(struct rendering *r, struct error *err)
{
    const struct template *t = r->job->template;
    for (size_t i = 0; i < t->output_count; i++) {
        const struct template_output *output = &t->outputs[i];
        struct str path;
        const char *name = name_of(r, "outputs", output->name);
        if (render_text(r, name, output->path, false, LIQUID_PLAIN, &path, err) < 0)
            return -1;
        if (!template_path_is_inside(path))
            return error_set(err, ERROR_INVALID,
                "%s: '%" STR_FMT "' is no folder inside of the new one", name, STR_ARG(path));
        const char *base = output->beside_manifest && r->job->manifest
                               ? path_dir(&r->arena, r->job->manifest->path)
                               : r->job->folder;
        const char **slot = VEC_PUSH(&r->folders, &r->arena);
        if (!slot)
            return error_set(err, ERROR_MEMORY, "no memory for the outputs of a template");
        *slot = arena_printf(&r->arena, "%s/%" STR_FMT, base, STR_ARG(path));
    }
    return 0;
}

/* ------------------------------------------------------------------------------------- snippets */

static int apply_snippet(struct rendering *r, enum template_snippet kind, struct error *err)
{
    struct str file = r->job->variant.snippets[kind], text;
    struct str path = str_of(arena_printf(&r->arena, "metadata/snippets/%" STR_FMT, STR_ARG(file)));
    const char *name = name_of(r, "metadata/snippets", file);
    struct buf merged CLEANUP(buf_release) = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    const struct template_file *found = template_files_find(&r->job->template->files, path);
    BUG_IF(!found); /* template_read has looked */
    if (render_text(r, name, found->bytes, false, LIQUID_TOML, &text, err) < 0)
        return -1;
    if (kind != SNIPPET_VARIABLES)
        merge_append(buf_str(&r->manifest), text, &merged);
    else if (merge_variables(
                 r->job->manifest->path, buf_str(&r->manifest), name, text, &merged, err) < 0)
        return -1;
    if (merged.failed)
        return error_set(err, ERROR_LIMIT, "'%s' becomes larger than %zu MiB",
            r->job->manifest->path, LIMIT_TEXT_FILE_BYTES / MIB);
    buf_clear(&r->manifest);
    buf_append_str(&r->manifest, buf_str(&merged));
    return 0;
}

static int render_manifest(struct rendering *r, struct error *err)
{
    struct toml_document ignored;
    if (!r->job->manifest)
        return 0;
    buf_append_str(&r->manifest, buf_str(&r->job->manifest->text));
    for (size_t i = 0; i < TEMPLATE_SNIPPETS; i++)
        if (r->job->variant.snippets[i].len && apply_snippet(r, i, err) < 0)
            return -1;
    if (toml_parse(&r->arena, r->job->manifest->path, buf_str(&r->manifest), &ignored, err) < 0)
        return error_wrap(err, "the component cannot be added: '%s' would not be valid any more",
            r->job->manifest->path);
    return 0;
}

/* -------------------------------------------------------------------------------------- writing */

/* A new folder is filled under another name first. */
static int write_new_folder(
    struct arena *a, const struct template_files *files, const char *folder, struct error *err)
{
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    char *final = arena_printf(a, "%.*s", (int)len, folder);
    char *made = arena_printf(a, "%s.new-%ld", final, (long)getpid());
    if (file_make_dirs(path_dir(a, final), 0777, err) < 0)
        return -1;
    if (template_files_write(files, made, err) < 0) {
        file_remove_tree(made);
        return -1;
    }
    if (rename(made, final) < 0) {
        int saved = errno;
        file_remove_tree(made);
        return error_set_os(err, saved, "cannot create folder '%s'", final);
    }
    return 0;
}

static int write_all(struct rendering *r, const struct template_files *files, struct error *err)
{
    const struct template_job *job = r->job;
    if (files->count && file_exists(job->folder)) {
        if (template_files_write(files, job->folder, err) < 0)
            return -1;
    } else if (files->count && write_new_folder(&r->arena, files, job->folder, err) < 0)
        return -1;
    for (size_t i = 0; i < r->folders.len; i++)
        if (file_make_dirs(r->folders.data[i], 0777, err) < 0)
            return -1;
    if (!job->manifest || str_equal(buf_str(&r->manifest), buf_str(&job->manifest->text)))
        return 0;
    return file_write(job->manifest->path, buf_str(&r->manifest), 0666, err);
}

static int generate(struct rendering *r, struct error *err)
{
    struct template_files files;
    if (parse_partials(r, err) < 0 || render_content(r, err) < 0 || render_outputs(r, err) < 0 ||
        render_manifest(r, err) < 0 || collecting_finish(&r->files, &files, err) < 0)
        return -1;
    bool changes = r->job->manifest && r->manifest.len != r->job->manifest->text.len;
    if (!files.count && !r->folders.len && !changes)
        return error_set(err, ERROR_INVALID, "Nothing to create");
    return write_all(r, &files, err);
}

int template_generate(const struct template_job *job, struct error *err)
{
    struct rendering r = {
        .job = job,
        .arena = ARENA_INIT(SIZE_MAX / 2), /* at most LIMIT_TEMPLATE_BYTES, and paths */
        .parsed = ARENA_INIT(2 * LIMIT_TEMPLATE_BYTES),
        .globals = {.count = job->value_count, .variables = job->values, .partials = &r.partials},
        .manifest = BUF_INIT(LIMIT_TEXT_FILE_BYTES),
    };
    r.files =
        (struct collecting){.arena = &r.arena, .from = arena_printf(&r.arena, "%s", job->folder)};
    int result = generate(&r, err);
    buf_release(&r.manifest);
    arena_release(&r.parsed);
    arena_release(&r.arena);
    return result;
}
