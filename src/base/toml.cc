#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/toml_bridge.h"

#include <cstdio>

namespace
{

struct walk {
    void *(*see)(void *data, void *parent, const struct toml_seen *value);
    void *data;
};

toml_seen describe(const toml::node &node)
{
    toml_seen seen{};
    seen.line = node.source().begin.line;
    seen.column = node.source().begin.column;
    switch (node.type()) {
    case toml::node_type::string:
        seen.kind = TOML_STRING;
        seen.text = node.as_string()->get().data();
        seen.text_len = node.as_string()->get().size();
        break;
    case toml::node_type::integer:
        seen.kind = TOML_INTEGER;
        seen.integer = node.as_integer()->get();
        break;
    case toml::node_type::floating_point:
        seen.kind = TOML_FLOAT;
        seen.number = node.as_floating_point()->get();
        break;
    case toml::node_type::boolean:
        seen.kind = TOML_BOOLEAN;
        seen.integer = node.as_boolean()->get();
        break;
    case toml::node_type::array:
        seen.kind = TOML_ARRAY;
        break;
    case toml::node_type::table:
        seen.kind = TOML_TABLE;
        break;
    default:
        seen.kind = TOML_DATE;
        break;
    }
    return seen;
}

void visit(const walk &w, const toml::node &node, void *parent, const toml::key *key)
{
    toml_seen seen = describe(node);
    if (key) {
        seen.key = key->str().data();
        seen.key_len = key->str().size();
        seen.key_line = key->source().begin.line;
        seen.key_column = key->source().begin.column;
    }
    void *made = w.see(w.data, parent, &seen);
    if (const toml::table *table = node.as_table())
        for (const auto &entry : *table)
            visit(w, entry.second, made, &entry.first);
    if (const toml::array *array = node.as_array())
        for (const auto &element : *array)
            visit(w, element, made, nullptr);
}

} // namespace

extern "C" int toml_bridge_parse(const char *text, size_t len,
    void *(*see)(void *data, void *parent, const struct toml_seen *value), void *data,
    struct toml_problem *problem)
{
    toml::parse_result result = toml::parse(std::string_view{text, len});
    if (!result) {
        const toml::parse_error &error = result.error();
        problem->line = error.source().begin.line;
        problem->column = error.source().begin.column;
        std::snprintf(problem->message, sizeof problem->message, "%.*s",
            static_cast<int>(error.description().size()), error.description().data());
        return -1;
    }
    visit(walk{see, data}, result.table(), nullptr, nullptr);
    return 0;
}
