/* Numbers, texts and vectors between JSON and the interface. */
#include <float.h>
#include <math.h>

#include "spin/backend/llm_api.h"

json_t *llm_json_float(float number)
{
    char text[32];
    for (int digits = 6; digits <= FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)number);
        if (strtof(text, NULL) == number)
            break;
    }
    return json_real(strtod(text, NULL));
}

json_t *llm_json_str(struct str text)
{
    return json_stringn(text.len ? text.ptr : "", text.len);
}

json_t *llm_json_strings(const llm_strings *texts)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < texts->len; i++) {
        if (json_array_append_new(array, llm_json_str(texts->data[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int wrong(const char *what, const char *wanted, struct error *err)
{
    return error_set(err, ERROR_INVALID, "`%s` must be %s", what, wanted);
}

static int no_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "the answer is too large");
}

int llm_read_count(const json_t *value, const char *what, uint32_t *ret_count, struct error *err)
{
    json_int_t count = json_integer_value(value);
    if (!json_is_integer(value) || count < 0 || count > UINT32_MAX)
        return wrong(what, "a count", err);
    *ret_count = (uint32_t)count;
    return 0;
}

int llm_read_text(const json_t *value, const char *what, struct arena *arena, struct str *ret_text,
    struct error *err)
{
    if (!json_is_string(value))
        return wrong(what, "a string", err);
    size_t len = json_string_length(value);
    char *text = arena_try_alloc_raw(arena, len + 1);
    if (!text)
        return no_memory(err);
    memcpy(text, json_string_value(value), len);
    *ret_text = str_make(text, len);
    return 0;
}

int llm_read_vector(const json_t *value, const char *what, struct arena *arena,
    struct fermyon_spin_v2_llm_list_f32 *ret_vector, struct error *err)
{
    if (!json_is_array(value))
        return wrong(what, "an array of numbers", err);
    size_t count = json_array_size(value);
    float *vector = arena_try_array(arena, count + 1, float);
    if (!vector)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        double number = json_number_value(item);
        if (!json_is_number(item) || fabs(number) > (double)FLT_MAX)
            return wrong(what, "an array of numbers", err);
        vector[i] = (float)number;
    }
    *ret_vector = (struct fermyon_spin_v2_llm_list_f32){vector, count};
    return 0;
}

int llm_read_array(const json_t *value, const char *what, struct arena *arena,
    struct fermyon_spin_v2_llm_list_list_f32 *ret_vectors, struct error *err)
{
    if (!json_is_array(value))
        return wrong(what, "an array", err);
    size_t count = json_array_size(value);
    struct fermyon_spin_v2_llm_list_f32 *vectors =
        arena_try_array(arena, count + 1, struct fermyon_spin_v2_llm_list_f32);
    if (!vectors)
        return no_memory(err);
    *ret_vectors = (struct fermyon_spin_v2_llm_list_list_f32){vectors, count};
    return 0;
}
