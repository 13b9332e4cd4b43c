#include "config.h"

#include <string.h>

static bool take_u32(struct config *config, uint32_t *ret_value)
{
    if (config->end - config->data < 4)
        return false;
    memcpy(ret_value, config->data, 4);
    config->data += 4;
    return true;
}

static bool take_text(struct config *config, struct config_text *ret_text)
{
    uint32_t len;
    if (!take_u32(config, &len) || (size_t)(config->end - config->data) < len)
        return false;
    *ret_text = (struct config_text){(const char *)config->data, len};
    config->data += len;
    return true;
}

bool config_open(struct config *config, const uint8_t *data, size_t len)
{
    *config = (struct config){.data = data, .end = data + len};
    return take_u32(config, &config->left);
}

bool config_next(struct config *config, struct config_entry *ret_entry)
{
    if (config->left == 0 || !take_text(config, &ret_entry->key) ||
        !take_text(config, &ret_entry->value))
        return false;
    config->left--;
    return true;
}

bool config_key(const struct config_entry *entry, const char *prefix, struct config_text *ret_rest)
{
    size_t len = strlen(prefix);
    bool open_ended = prefix[len - 1] == ':';
    if (entry->key.len < len || memcmp(entry->key.data, prefix, len) != 0 ||
        (!open_ended && entry->key.len != len))
        return false;
    *ret_rest = (struct config_text){entry->key.data + len, entry->key.len - len};
    return true;
}
