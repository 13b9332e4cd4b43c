#include "template/template.h"

#include <regex.h>

#include "base/file.h"
#include "base/limits.h"

static const char metadata_name[] = "/metadata/spin-template.toml";

static struct str file_text(const struct template_file *file)
{
    return str_make(file->bytes, file->len);
}

static struct str text_of(const struct toml_node *table, const char *key)
{
    const struct toml_node *value = toml_get(table, str_of(key));
    return value && value->kind == TOML_STRING ? value->string : STR_EMPTY;
}

static void read_parameters(struct arena *a, const struct toml_node *table, struct template *t)
{
    t->parameter_count = table ? table->count : 0;
    t->parameters = arena_alloc(a, (t->parameter_count + 1) * sizeof *t->parameters);
    for (size_t i = 0; i < t->parameter_count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        t->parameters[i] = (struct template_parameter){
            .name = entry->key,
            .prompt = text_of(entry->value, "prompt"),
            .pattern = text_of(entry->value, "pattern"),
            .has_default = toml_get(entry->value, STR("default")) != NULL,
            .value = text_of(entry->value, "default"),
        };
    }
}

static int read_template(
    struct arena *a, const struct template_file *file, struct template *t, struct error *err)
{
    struct toml_document doc;
    if (toml_parse(a, file->path, file_text(file), &doc, err) < 0)
        return -1;
    t->id = text_of(doc.root, "id");
    t->description = text_of(doc.root, "description");
    read_parameters(a, toml_get(doc.root, STR("parameters")), t);
    return 0;
}

int template_list(
    struct arena *a, struct template **ret_templates, size_t *ret_count, struct error *err)
{
    struct template *list = arena_alloc(a, (template_file_count + 1) * sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < template_file_count; i++)
        if (str_ends_with(str_of(template_files[i].path), str_of(metadata_name)) &&
            read_template(a, &template_files[i], &list[count++], err) < 0)
            return -1;
    *ret_templates = list;
    *ret_count = count;
    return 0;
}

int template_check_value(
    const struct template_parameter *parameter, struct str value, struct error *err)
{
    if (!parameter->pattern.len)
        return 0;
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    const char *pattern = arena_copy(&a, parameter->pattern).ptr;
    regex_t regex;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(err, ERROR_INVALID, "a template has a bad pattern '%s'", pattern);
    bool matches = regexec(&regex, arena_copy(&a, value).ptr, 0, NULL, 0) == 0;
    regfree(&regex);
    if (!matches)
        return error_set(err, ERROR_INVALID, "Input '%" STR_FMT "' does not match pattern '%s'",
            STR_ARG(value), pattern);
    return 0;
}

static int generate_file(struct arena *a, const char *path, struct str text,
    const struct template_value *values, size_t count, struct error *err)
{
    struct buf out CLEANUP(buf_release) = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    bool toml = str_ends_with(str_of(path), STR(".toml"));
    if (template_render(text, values, count, toml, &out, err) < 0)
        return error_wrap(err, "cannot make '%s'", path);
    if (file_make_dirs(path_dir(a, path), 0777, err) < 0)
        return -1;
    return file_write(path, buf_str(&out), 0666, err);
}

int template_generate(const struct template *t, const char *folder, const char *skip,
    const struct template_value *values, size_t count, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    struct str prefix = str_of(arena_printf(&a, "%" STR_FMT "/content/", STR_ARG(t->id)));
    for (size_t i = 0; i < template_file_count; i++) {
        const struct template_file *file = &template_files[i];
        if (!str_starts_with(str_of(file->path), prefix) ||
            (skip && !strcmp(path_name(file->path), skip)))
            continue;
        const char *path = path_join(&a, folder, file->path + prefix.len);
        if (generate_file(&a, path, file_text(file), values, count, err) < 0)
            return -1;
    }
    return 0;
}
