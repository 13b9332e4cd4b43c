#include "http/request.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "http/server.h"

enum {
    FIRST_CAP = 16 * 1024,
    LEAST_ROOM = 2 * 1024,
    STREAM_ROOM = 64 * 1024,
    LARGEST_SPARE = 256 * 1024
};

static char *request_start(const struct http_request *r)
{
    return r->data + r->start;
}

static struct str span_str(const struct http_request *r, struct http_span span)
{
    return str_make(request_start(r) + span.at, span.len);
}

/* The parser's callbacks. A negative answer stops it with HPE_USER or the callback's own code. */

static struct http_request *of_parser(llhttp_t *parser)
{
    return parser->data;
}

static int refuse(struct http_request *r, unsigned status)
{
    r->status = status;
    return -1;
}

static void span_extend(struct http_request *r, struct http_span *span, const char *at, size_t len)
{
    if (!span->len)
        span->at = (uint32_t)(at - request_start(r));
    span->len += (uint32_t)len;
}

/* What is read only to be thrown away must not be endless either. */
static int ignore_bytes(struct http_request *r, size_t len)
{
    r->ignored_bytes += (unsigned)len;
    return r->ignored_bytes > r->options->max_head_bytes ? refuse(r, 431) : 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct http_request *r = of_parser(parser);
    span_extend(r, &r->target, at, len);
    return 0;
}

/* Lower case of a character that a name may have (RFC 9110 5.6.2), else 0. */
static char lower_token(char c)
{
    if ((unsigned)(c - 'A') < 26)
        return (char)(c | 0x20);
    if ((unsigned)(c - 'a') < 26 || (unsigned)(c - '0') < 10)
        return c;
    return c && memchr("!#$%&'*+-.^_`|~", c, 15) ? c : 0;
}

static bool lower_in_place(char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        at[i] = lower_token(at[i]);
        if (!at[i])
            return false;
    }
    return true;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    struct http_request *r = of_parser(parser);
    if (r->head_done)
        return ignore_bytes(r, len);
    if (!r->field_open) {
        if (r->field_count == r->options->max_fields)
            return refuse(r, 431);
        memset(r->fields[r->field_count++], 0, sizeof r->fields[0]);
        r->field_open = true;
    }
    span_extend(r, &r->fields[r->field_count - 1][0], at, len);
    return lower_in_place(r->data + (at - r->data), len) ? 0 : refuse(r, 400);
}

static int on_field_complete(llhttp_t *parser)
{
    of_parser(parser)->field_open = false;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct http_request *r = of_parser(parser);
    if (r->head_done)
        return ignore_bytes(r, len);
    span_extend(r, &r->fields[r->field_count - 1][1], at, len);
    return 0;
}

static int on_chunk_extension(llhttp_t *parser, const char *at, size_t len)
{
    (void)at;
    return ignore_bytes(of_parser(parser), len);
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct http_request *r = of_parser(parser);
    if (r->options->max_body_bytes - r->body_total < len) {
        r->body_too_large = true;
        return refuse(r, 413);
    }
    memmove(r->data + r->body_end, at, len);
    r->body_end += len;
    r->body_total += len;
    return 0;
}

static int pause_parser(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_value,
    .on_headers_complete = pause_parser,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_body = on_body,
    .on_message_complete = pause_parser,
};

struct http_request *request_new(const struct http_server_options *options)
{
    struct http_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->options = options;
    r->arena = ARENA_INIT(LIMIT_REQUEST_ARENA);
    r->head = BUF_INIT(LIMIT_HTTP_RESPONSE_HEAD);
    r->out = BUF_INIT(SIZE_MAX / 2);
    r->data = malloc(FIRST_CAP);
    r->cap = FIRST_CAP;
    r->fields = calloc(options->max_fields, sizeof *r->fields);
    r->exchange_fields = calloc(options->max_fields, sizeof *r->exchange_fields);
    if (!r->data || !r->fields || !r->exchange_fields) {
        request_free(r);
        return NULL;
    }
    return r;
}

void request_free(struct http_request *r)
{
    if (!r)
        return;
    arena_release(&r->arena);
    buf_release(&r->head);
    buf_release(&r->out);
    free(r->data);
    free(r->fields);
    free(r->exchange_fields);
    free(r);
}

void request_shrink(struct http_request *r)
{
    if (r->cap > LARGEST_SPARE) {
        char *smaller = realloc(r->data, FIRST_CAP);
        if (smaller) {
            r->data = smaller;
            r->cap = FIRST_CAP;
        }
    }
    if (r->out.cap > LARGEST_SPARE)
        buf_release(&r->out);
    if (r->head.cap > LARGEST_SPARE)
        buf_release(&r->head);
    if (r->arena.used > LARGEST_SPARE)
        arena_release(&r->arena);
    r->start = r->len = r->parsed = 0;
}

void request_begin(struct http_request *r)
{
    llhttp_init(&r->parser, HTTP_REQUEST, &settings);
    r->parser.data = r;
    r->parsed = r->start;
    r->head_done = r->field_open = r->expects_continue = r->keep_alive = false;
    r->is_head = r->http10 = false;
    r->status = r->ignored_bytes = 0;
    r->target = (struct http_span){0};
    r->field_count = 0;
    r->body = REQUEST_BODY_NONE;
    r->body_done = r->body_too_large = r->input_failed = false;
    r->body_left = r->body_total = 0;
    r->body_at = r->body_end = r->next = r->start;
}

bool request_next(struct http_request *r)
{
    if (r->next >= r->len) {
        r->start = r->len = r->parsed = 0;
        return false;
    }
    r->start = r->next;
    return true;
}

/*
 * Lines end in CR LF and none continues the one before (RFC 9112 2.2, 5.2): the parser is more
 * liberal, and what it reads otherwise than another server would is how requests are smuggled.
 */
static bool lines_are_strict(const char *at, const char *end)
{
    while (end - at > 2 && at[0] == '\r' && at[1] == '\n')
        at += 2;
    for (const char *line = at; line < end; line++) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        if (!feed)
            return true;
        if (feed == at || feed[-1] != '\r')
            return false;
        if (feed + 1 < end && (feed[1] == ' ' || feed[1] == '\t'))
            return false;
        line = feed;
    }
    return true;
}

static bool check_transfer_encoding(struct http_request *r, struct str value, unsigned count)
{
    if (r->http10 || count > 1 || !(r->parser.flags & F_CHUNKED)) {
        r->status = 400;
        return false;
    }
    if (!str_equal_ignore_case(value, STR("chunked"))) {
        r->status = 501;
        return false;
    }
    return true;
}

/* The fields on which the reading of this connection depends. */
static bool check_fields(struct http_request *r)
{
    unsigned hosts = 0, encodings = 0;
    for (size_t i = 0; i < r->field_count; i++) {
        struct str name = span_str(r, r->fields[i][0]), value = span_str(r, r->fields[i][1]);
        if (!name.len) {
            r->status = 400;
            return false;
        }
        if (str_equal(name, STR("host")))
            hosts++;
        else if (str_equal(name, STR("transfer-encoding")) &&
                 !check_transfer_encoding(r, value, ++encodings))
            return false;
        else if (str_equal(name, STR("expect"))) {
            if (!str_equal_ignore_case(value, STR("100-continue"))) {
                r->status = 417;
                return false;
            }
            r->expects_continue = !r->http10;
        }
    }
    if (hosts > 1 || (hosts == 0 && !r->http10)) {
        r->status = 400;
        return false;
    }
    return true;
}

static bool choose_body(struct http_request *r)
{
    if (r->parser.flags & F_CHUNKED) {
        r->body = REQUEST_BODY_CHUNKED;
        return true;
    }
    r->body_left = r->parser.content_length;
    r->body = r->body_left ? REQUEST_BODY_LENGTH : REQUEST_BODY_NONE;
    r->body_done = !r->body_left;
    if (r->body_left > r->options->max_body_bytes) {
        r->status = 413;
        return false;
    }
    return true;
}

/* After the head: what it says about the message. `end` is where the body begins. */
static bool check_head(struct http_request *r, const char *end)
{
    r->head_done = true;
    r->parsed = r->body_at = r->body_end = r->next = (size_t)(end - r->data);
    if (r->parser.http_major != 1 || r->parser.http_minor > 1) {
        r->status = r->parser.http_major ? 505 : 400;
        return false;
    }
    r->http10 = r->parser.http_minor == 0;
    r->keep_alive = llhttp_should_keep_alive(&r->parser);
    r->is_head = r->parser.method == HTTP_HEAD;
    if (r->parser.method == HTTP_CONNECT) {
        r->status = 501;
        return false;
    }
    if ((size_t)(end - request_start(r)) > r->options->max_head_bytes) {
        r->status = r->target.len > r->options->max_head_bytes ? 414 : 431;
        return false;
    }
    if (!lines_are_strict(request_start(r), end)) {
        r->status = 400;
        return false;
    }
    if (!check_fields(r) || !choose_body(r))
        return false;
    r->expects_continue = r->expects_continue && !r->body_done && r->len == r->parsed;
    return true;
}

static unsigned status_of_parser_error(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE:
        return 505;
    default:
        return 400;
    }
}

static enum request_progress refused(struct http_request *r, unsigned status)
{
    if (!r->status)
        r->status = status;
    r->keep_alive = false;
    return REQUEST_REFUSE;
}

static enum request_progress advance_head(struct http_request *r)
{
    const char *from = r->data + r->parsed;
    llhttp_errno_t error = llhttp_execute(&r->parser, from, r->len - r->parsed);
    if (error == HPE_OK) {
        r->parsed = r->len;
        if (r->len - r->start > r->options->max_head_bytes)
            return refused(r, r->field_count ? 431 : 414);
        return REQUEST_MORE;
    }
    if (error != HPE_PAUSED)
        return refused(r, status_of_parser_error(error));
    if (!check_head(r, llhttp_get_error_pos(&r->parser)))
        return refused(r, 400);
    if (r->body == REQUEST_BODY_CHUNKED)
        llhttp_resume(&r->parser);
    return REQUEST_READY;
}

static enum request_progress advance_length(struct http_request *r)
{
    size_t arrived = r->len - r->body_end;
    size_t take = arrived < r->body_left ? arrived : (size_t)r->body_left;
    r->body_end += take;
    r->body_left -= take;
    r->body_total += take;
    r->parsed = r->next = r->body_end;
    r->body_done = r->body_left == 0;
    if (r->body_done || r->body_total + r->body_left > r->options->body_ahead_bytes)
        return REQUEST_READY;
    return REQUEST_MORE;
}

static enum request_progress advance_chunked(struct http_request *r)
{
    llhttp_errno_t error = llhttp_execute(&r->parser, r->data + r->parsed, r->len - r->parsed);
    if (error == HPE_PAUSED) {
        r->body_done = true;
        r->next = (size_t)(llhttp_get_error_pos(&r->parser) - r->data);
        return REQUEST_READY;
    }
    if (error != HPE_OK)
        return refused(r, status_of_parser_error(error));
    r->parsed = r->len = r->body_end;
    return request_body_here(r) > r->options->body_ahead_bytes ? REQUEST_READY : REQUEST_MORE;
}

enum request_progress request_advance(struct http_request *r)
{
    if (!r->head_done) {
        enum request_progress progress = advance_head(r);
        if (progress != REQUEST_READY)
            return progress;
    }
    switch (r->body) {
    case REQUEST_BODY_LENGTH:
        return advance_length(r);
    case REQUEST_BODY_CHUNKED:
        return advance_chunked(r);
    case REQUEST_BODY_NONE:
        break;
    }
    return REQUEST_READY;
}

/* Drops what lies before the running message. */
static void move_to_front(struct http_request *r)
{
    size_t by = r->start;
    if (!by)
        return;
    memmove(r->data, r->data + by, r->len - by);
    r->start = 0;
    r->len -= by;
    r->parsed -= by;
    r->body_at -= by;
    r->body_end -= by;
    r->next -= by;
}

static bool grow(struct http_request *r, size_t cap)
{
    if (cap <= r->cap)
        return true;
    char *larger = realloc(r->data, cap);
    if (!larger)
        return false;
    r->data = larger;
    r->cap = cap;
    return true;
}

/* How long the buffer should be for what is still to come before the handler runs. */
static size_t wanted_cap(const struct http_request *r)
{
    if (!r->head_done || r->body == REQUEST_BODY_CHUNKED)
        return r->cap - r->len < LEAST_ROOM ? r->cap * 2 : r->cap;
    return r->len + (size_t)r->body_left;
}

char *request_room(struct http_request *r, size_t *ret_size)
{
    if (r->cap - r->len < LEAST_ROOM || r->head_done)
        move_to_front(r);
    if (!grow(r, wanted_cap(r)))
        return NULL;
    *ret_size = r->cap - r->len;
    return r->data + r->len;
}

bool request_stream_begin(struct http_request *r)
{
    r->stream_at = r->body_at;
    return r->body_done || grow(r, r->body_at + STREAM_ROOM);
}

char *request_stream_room(struct http_request *r, size_t *ret_size)
{
    size_t head_end = r->stream_at;
    r->body_at = r->body_end = r->parsed = r->len = head_end;
    size_t room = r->cap - head_end;
    if (r->body == REQUEST_BODY_LENGTH && room > r->body_left)
        room = (size_t)r->body_left;
    *ret_size = room;
    return r->data + head_end;
}

static bool host_is_valid(struct str host)
{
    static const char others[] = "-._~%!$&'()*+,;=:[]";
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool word = (c >= '0' && c <= '9') || (unsigned)((c | 0x20) - 'a') < 26;
        if (!word && (c == '\0' || !memchr(others, c, sizeof others - 1)))
            return false;
    }
    return host.len > 0;
}

/* Takes "http://host:port" off an absolute target (RFC 9112 3.2.2); the authority wins over Host.
 */
static bool split_absolute(struct http_exchange *x, struct arena *a)
{
    struct str rest = x->path;
    for (size_t i = 0; i < 2; i++) {
        struct str scheme = i ? STR("https://") : STR("http://");
        struct str start = str_make(rest.ptr, rest.len < scheme.len ? rest.len : scheme.len);
        if (!str_equal_ignore_case(start, scheme))
            continue;
        rest = str_skip(rest, scheme.len);
        size_t end = 0;
        while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
            end++;
        struct str authority = str_make(rest.ptr, end);
        if (x->authority.len && !str_equal_ignore_case(authority, x->authority))
            return false;
        x->authority = authority;
        rest = str_skip(rest, end);
        if (rest.len && rest.ptr[0] == '/')
            x->path = rest;
        else
            x->path = str_of(arena_printf(a, "/%" STR_FMT, STR_ARG(rest)));
        return true;
    }
    return false;
}

static bool read_target(struct http_request *r, struct http_exchange *x)
{
    x->path = span_str(r, r->target);
    if (!utf8_valid(x->path))
        return false;
    if (x->path.len && x->path.ptr[0] == '/')
        return true;
    if (str_equal(x->path, STR("*")))
        return r->parser.method == HTTP_OPTIONS;
    return split_absolute(x, &r->arena);
}

bool request_to_exchange(struct http_request *r, struct str client, const char *own_address)
{
    struct http_exchange *x = &r->exchange;
    *x = (struct http_exchange){
        .ops = x->ops,
        .arena = &r->arena,
        .method = str_of(llhttp_method_name((llhttp_method_t)r->parser.method)),
        .scheme = STR("http"),
        .client_address = client,
        .fields = r->exchange_fields,
        .field_count = r->field_count,
        .has_body = r->body != REQUEST_BODY_NONE,
    };
    r->status = 400;
    for (size_t i = 0; i < r->field_count; i++) {
        struct http_field *field = &r->exchange_fields[i];
        field->name = span_str(r, r->fields[i][0]);
        field->value = str_trim(span_str(r, r->fields[i][1]));
        if (str_equal(field->name, STR("host"))) {
            x->authority = field->value;
            if (!host_is_valid(x->authority))
                return false;
        }
    }
    if (!read_target(r, x))
        return false;
    if (!x->authority.len)
        x->authority = str_of(own_address);
    r->status = 0;
    return host_is_valid(x->authority);
}
