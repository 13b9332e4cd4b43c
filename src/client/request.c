/*
 * Requests. libcurl calls back from client_session_drive: for bytes to send (fill_upload), lines of
 * the response's head (take_line), bytes of its body (take_body). Where a buffer is full or empty
 * the callback pauses the transfer, and whoever makes room or adds bytes lets it go on.
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "client/http_int.h"

struct client_request {
    struct client_session *session;
    struct client_request *previous, *next; /* live; spare ones by next only */
    CURL *easy;
    bool in_multi;
    struct curl_slist *fields;
    char reason[CURL_ERROR_SIZE];

    /* Bytes to send: upload[upload_at..]. */
    struct buf upload;
    size_t upload_at;
    uint64_t upload_left; /* of the length that was announced; UINT64_MAX: none was */
    bool upload_finished, upload_aborted, upload_paused;

    /* The head: lines "name:value\0", without white space around the value. */
    unsigned status;
    struct buf head;
    bool head_done, head_failed, head_too_large;

    /* Bytes received: body[body_at..]. */
    struct buf body;
    size_t body_at;
    bool body_paused;

    bool ended, prohibited;
    enum client_failure failure;
    deadline_t deadline; /* for what is waited for; NEVER while it is the guest */
    uint64_t first_byte_ns, between_ns;
};

enum { SPARE_REQUESTS = 4, SPARE_BUFFER = 64 * 1024 };

/* Durations that somebody else chose. */
static deadline_t from_now(uint64_t ns)
{
    deadline_t at;
    return __builtin_add_overflow(clock_monotonic_ns(), ns, &at) ? NEVER : at;
}

/* libcurl quotes what peers have sent. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static void end(struct client_request *request, enum client_failure failure)
{
    make_printable(request->reason);
    if (request->in_multi)
        curl_multi_remove_handle(request->session->multi, request->easy);
    request->in_multi = false;
    request->ended = true;
    if (request->failure == CLIENT_OK)
        request->failure = failure;
}

bool client_is_token(struct str text)
{
    static const bool chars[256] = {
        ['0' ... '9'] = true,
        ['A' ... 'Z'] = true,
        ['a' ... 'z'] = true,
        ['!'] = true,
        ['#' ... '\''] = true,
        ['*'] = true,
        ['+'] = true,
        ['-'] = true,
        ['.'] = true,
        ['^' ... '`'] = true,
        ['|'] = true,
        ['~'] = true,
    };
    for (size_t i = 0; i < text.len; i++)
        if (!chars[(unsigned char)text.ptr[i]])
            return false;
    return text.len > 0;
}

/* What libcurl calls. */

static size_t fill_upload(char *to, size_t size, size_t count, void *data)
{
    struct client_request *request = data;
    size_t have = request->upload.len - request->upload_at;
    size_t take = have < size * count ? have : size * count;
    if (request->upload_aborted)
        return CURL_READFUNC_ABORT;
    if (take == 0 && !request->upload_finished) {
        request->upload_paused = true;
        return CURL_READFUNC_PAUSE;
    }
    /* The peer would take what comes next on the connection for the rest. */
    if (take == 0 && request->upload_left != UINT64_MAX && request->upload_left > 0)
        return CURL_READFUNC_ABORT;
    if (request->upload_left != UINT64_MAX)
        request->upload_left -= take < request->upload_left ? take : request->upload_left;
    if (take)
        memcpy(to, request->upload.data + request->upload_at, take);
    request->upload_at += take;
    if (request->upload_at == request->upload.len) {
        buf_clear(&request->upload);
        request->upload_at = 0;
    }
    return take;
}

/* "HTTP/1.1 200 OK": the first line of a head; an earlier one was of an interim response. */
static void take_status(struct client_request *request, struct str line)
{
    ptrdiff_t space = str_find_byte(line, ' ');
    struct str rest = space < 0 ? STR_EMPTY : str_trim(str_skip(line, (size_t)space));
    uint64_t status = 0;
    request->head_failed =
        !str_to_u64(str_make(rest.ptr, rest.len < 3 ? rest.len : 3), &status) || status < 100;
    request->status = (unsigned)status;
    buf_clear(&request->head);
}

/* A name is a token (RFC 9110 5.1); a line that begins with white space is an obsolete folding. */
static bool append_field(struct buf *head, struct str line)
{
    ptrdiff_t colon = str_find_byte(line, ':');
    if (colon < 0 || !client_is_token(str_make(line.ptr, (size_t)colon)))
        return false;
    for (size_t i = 0; i < (size_t)colon; i++)
        buf_append_byte(head, (uint8_t)tolower((unsigned char)line.ptr[i]));
    struct str value = str_trim(str_skip(line, (size_t)colon + 1));
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    buf_append_byte(head, ':');
    buf_append_str(head, value);
    buf_append_byte(head, 0);
    return true;
}

static size_t take_line(char *bytes, size_t size, size_t count, void *data)
{
    struct client_request *request = data;
    struct str line = str_make(bytes, size * count);
    while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    if (request->head_done) /* a trailer */
        return size * count;
    if (str_starts_with(line, STR("HTTP/")))
        take_status(request, line);
    else if (line.len)
        request->head_failed |= !append_field(&request->head, line);
    else if (request->status >= 200) {
        request->head_done = true;
        request->deadline = from_now(request->between_ns);
    }
    request->head_too_large |= request->head.failed;
    return request->head_failed || request->head_too_large ? 0 : size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct client_request *request = data;
    size_t len = size * count;
    if (request->body.len - request->body_at >= LIMIT_CLIENT_BUFFER) {
        request->body_paused = true;
        request->deadline = NEVER;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (request->body_at > 0) { /* a reader that leaves some each time must not fill the buffer */
        request->body.len -= request->body_at;
        memmove(request->body.data, request->body.data + request->body_at, request->body.len);
        request->body_at = 0;
    }
    buf_append(&request->body, bytes, len);
    request->deadline = from_now(request->between_ns);
    return request->body.failed ? 0 : len;
}

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct client_request *request = data;
    struct client_ip ip;
    (void)purpose;
    if (client_ip_of_socket(&address->addr, &ip) &&
        client_is_blocked(&request->session->pool->options.blocked, &ip)) {
        request->prohibited = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The connection is there, and the request goes out now. */
static int before_request(void *data, char *ip, char *local_ip, int port, int local_port)
{
    struct client_request *request = data;
    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    request->deadline = from_now(request->first_byte_ns);
    return CURL_PREREQFUNC_OK;
}

/* Starting. */

/* An address in brackets where it needs them. */
static void append_origin(struct buf *url, const struct client_head *head)
{
    struct client_ip ip;
    bool brackets = client_ip_parse(head->host, &ip) && ip.len == 16;
    buf_append_str(url, head->scheme);
    buf_append_cstr(url, brackets ? "://[" : "://");
    buf_append_str(url, head->host);
    buf_printf(url, "%s:%u/", brackets ? "]" : "", head->port);
}

static bool add_line(struct client_request *request, const char *line)
{
    struct curl_slist *longer = curl_slist_append(request->fields, line);
    if (!longer)
        return false;
    request->fields = longer;
    return true;
}

/* Servers expect to be told that the body of such a request is empty (RFC 9110 8.6). */
static bool method_has_body(struct str method)
{
    return str_is(method, "POST") || str_is(method, "PUT") || str_is(method, "PATCH");
}

static bool add_fields(struct client_request *request, const struct client_head *head)
{
    struct buf line = BUF_INIT(LIMIT_WASI_FIELDS * 2);
    bool accepts = false, good = true;
    for (size_t i = 0; i < head->field_count && good; i++) {
        const struct client_field *field = &head->fields[i];
        if (str_is(field->name, "content-length"))
            continue; /* libcurl writes what is true of the body */
        accepts |= str_is(field->name, "accept");
        buf_clear(&line);
        buf_append_str(&line, field->name);
        /* This is how libcurl is told of a field with an empty value, ... */
        buf_append_cstr(&line, field->value.len ? ": " : ";");
        buf_append_str(&line, field->value);
        good = add_line(request, buf_cstr(&line)) && !line.failed;
    }
    buf_release(&line);
    /* ... and this how to leave out what it adds of its own. */
    good = good && add_line(request, "Expect:") && (accepts || add_line(request, "Accept:"));
    bool is_empty =
        head->body == CLIENT_BODY_NONE || (head->body == CLIENT_BODY_LENGTH && head->length == 0);
    return good &&
           (!is_empty || !method_has_body(head->method) || add_line(request, "content-length: 0"));
}

static bool set_target(struct client_request *request, const struct client_head *head)
{
    CURL *easy = request->easy;
    struct buf text = BUF_INIT(LIMIT_CLIENT_URL + KIB);
    append_origin(&text, head);
    bool good = !text.failed && curl_easy_setopt(easy, CURLOPT_URL, buf_cstr(&text)) == CURLE_OK;
    buf_clear(&text);
    if (head->path.len == 0 || head->path.ptr[0] != '/')
        buf_append_byte(&text, '/');
    buf_append_str(&text, head->path);
    good = good && !text.failed &&
           curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, buf_cstr(&text)) == CURLE_OK;
    buf_clear(&text);
    buf_append_str(&text, head->method);
    good = good && !text.failed &&
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, buf_cstr(&text)) == CURLE_OK;
    buf_release(&text);
    return good;
}

/* What is the same for all requests: set once. */
static void set_basics(struct client_request *request)
{
    const struct client_pool *pool = request->session->pool;
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, fill_upload);
    curl_easy_setopt(easy, CURLOPT_READDATA, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->reason);
    curl_easy_setopt(easy, CURLOPT_SHARE, pool->share);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* no waiting for a slow look-up of a name */
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)(64 * KIB));
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, request);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    if (pool->ca_file || pool->ca_folder) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, pool->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, pool->ca_folder);
    }
}

static void set_body(struct client_request *request, const struct client_head *head)
{
    CURL *easy = request->easy;
    bool unknown = head->body == CLIENT_BODY_CHUNKED;
    if (str_is(head->method, "HEAD")) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (unknown || (head->body == CLIENT_BODY_LENGTH && head->length > 0)) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, fill_upload);
        curl_easy_setopt(easy, CURLOPT_READDATA, request);
        curl_easy_setopt(
            easy, CURLOPT_INFILESIZE_LARGE, unknown ? (curl_off_t)-1 : (curl_off_t)head->length);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
}

static bool set_up(struct client_request *request, const struct client_head *head)
{
    uint64_t connect_ms = head->connect_ns / NS_PER_MS;
    set_body(request, head);
    curl_easy_setopt(request->easy, CURLOPT_CONNECTTIMEOUT_MS,
        connect_ms < 1           ? 1L
        : connect_ms > INT32_MAX ? (long)INT32_MAX
                                 : (long)connect_ms);
    request->upload_finished = head->body == CLIENT_BODY_NONE;
    request->upload_left = head->body == CLIENT_BODY_LENGTH ? head->length : UINT64_MAX;
    request->first_byte_ns = head->first_byte_ns;
    request->between_ns = head->between_ns;
    request->deadline = NEVER; /* the time to connect is libcurl's to watch */
    return set_target(request, head) && add_fields(request, head) &&
           curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->fields) == CURLE_OK;
}

static struct client_request *take_spare(struct client_session *session)
{
    struct client_request *request = session->spare;
    if (request) {
        session->spare = request->next;
        session->spare_count--;
        request->next = NULL;
        return request;
    }
    request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    request->session = session;
    request->easy = curl_easy_init();
    request->head = BUF_INIT(LIMIT_CLIENT_HEAD);
    request->body = BUF_INIT(LIMIT_CLIENT_BUFFER * 2);
    request->upload = BUF_INIT(LIMIT_CLIENT_UPLOAD);
    if (!request->easy) {
        free(request);
        return NULL;
    }
    set_basics(request);
    return request;
}

static void link_live(struct client_request *request)
{
    struct client_session *session = request->session;
    request->previous = NULL;
    request->next = session->live;
    if (request->next)
        request->next->previous = request;
    session->live = request;
    session->live_count++;
}

struct client_request *client_request_start(
    struct client_session *session, const struct client_head *head)
{
    if (session->live_count >= LIMIT_CLIENT_REQUESTS)
        return NULL;
    struct client_request *request = take_spare(session);
    if (!request)
        return NULL;
    link_live(request);
    if (!set_up(request, head) ||
        curl_multi_add_handle(session->multi, request->easy) != CURLM_OK) {
        client_request_free(request);
        return NULL;
    }
    request->in_multi = true;
    return request;
}

/* Ending. */

void client_request_destroy(struct client_request *request)
{
    curl_easy_cleanup(request->easy);
    buf_release(&request->upload);
    buf_release(&request->head);
    buf_release(&request->body);
    free(request);
}

static void keep_small(struct buf *buf)
{
    if (buf->cap > SPARE_BUFFER)
        buf_release(buf);
    else
        buf_clear(buf);
}

/* Everything that set_up has set for the request. */
static void forget_options(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)-1);
    curl_easy_setopt(easy, CURLOPT_URL, NULL);
    curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, NULL);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
}

/* As new, but for memory that is worth keeping. */
static void reset(struct client_request *request)
{
    struct client_request kept = {.session = request->session,
        .easy = request->easy,
        .upload = request->upload,
        .head = request->head,
        .body = request->body};
    forget_options(request->easy);
    curl_slist_free_all(request->fields);
    *request = kept;
    keep_small(&request->upload);
    keep_small(&request->head);
    keep_small(&request->body);
}

void client_request_free(struct client_request *request)
{
    if (!request)
        return;
    struct client_session *session = request->session;
    if (request->in_multi && request->head_done && !request->body_paused)
        client_session_drive(session); /* its end may be here: then the connection can be kept */
    end(request, CLIENT_OK);
    if (request->next)
        request->next->previous = request->previous;
    if (request->previous)
        request->previous->next = request->next;
    else
        session->live = request->next;
    session->live_count--;
    reset(request);
    if (session->spare_count >= SPARE_REQUESTS) {
        client_request_destroy(request);
        return;
    }
    request->next = session->spare;
    session->spare = request;
    session->spare_count++;
}

void client_requests_end(struct client_session *session)
{
    while (session->live)
        client_request_free(session->live);
    while (session->spare) {
        struct client_request *request = session->spare;
        session->spare = request->next;
        client_request_destroy(request);
    }
}

static enum client_failure failure_of_connect(struct client_request *request)
{
    long problem = 0;
    if (request->prohibited)
        return CLIENT_PROHIBITED;
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &problem);
    return problem == ETIMEDOUT ? CLIENT_CONNECT_TIMEOUT : CLIENT_REFUSED;
}

static enum client_failure failure_of(struct client_request *request, CURLcode code)
{
    if (request->head_too_large)
        return CLIENT_HEAD_TOO_LARGE;
    if (request->head_failed)
        return CLIENT_PROTOCOL;
    switch (code) {
    case CURLE_OK:
        return request->head_done ? CLIENT_OK : CLIENT_PROTOCOL;
    case CURLE_COULDNT_RESOLVE_HOST:
        return CLIENT_NO_SUCH_HOST;
    case CURLE_COULDNT_CONNECT:
        return failure_of_connect(request);
    case CURLE_OPERATION_TIMEDOUT:
        return CLIENT_CONNECT_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        return CLIENT_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return CLIENT_CERTIFICATE;
    case CURLE_SSL_CACERT_BADFILE:
        return CLIENT_CONFIGURATION;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return CLIENT_TERMINATED;
    case CURLE_PARTIAL_FILE:
        return CLIENT_INCOMPLETE;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return CLIENT_PROTOCOL;
    default:
        return CLIENT_INTERNAL;
    }
}

/* The reason for one of its pauses has gone. */
static void go_on(struct client_request *request)
{
    if (!request->in_multi)
        return;
    int pauses =
        (request->upload_paused ? CURLPAUSE_SEND : 0) | (request->body_paused ? CURLPAUSE_RECV : 0);
    CURLcode code = curl_easy_pause(request->easy, pauses);
    if (code != CURLE_OK)
        end(request, failure_of(request, code));
}

static void check_time(struct client_request *request, uint64_t now)
{
    if (request->ended || request->deadline > now)
        return;
    end(request, request->head_done ? CLIENT_BETWEEN_BYTES_TIMEOUT : CLIENT_FIRST_BYTE_TIMEOUT);
}

void client_requests_settle(struct client_session *session)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(session->multi, &left))) {
        struct client_request *request;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request) != CURLE_OK)
            continue;
        end(request, failure_of(request, code));
    }
    deadline_t first = client_requests_deadline(session);
    uint64_t now = first == NEVER ? 0 : clock_monotonic_ns();
    if (first > now)
        return;
    for (struct client_request *request = session->live; request; request = request->next)
        check_time(request, now);
}

deadline_t client_requests_deadline(const struct client_session *session)
{
    deadline_t first = NEVER;
    for (const struct client_request *r = session->live; r; r = r->next)
        if (!r->ended && r->deadline < first)
            first = r->deadline;
    return first;
}

/* The request's body. */

static void go_on_sending(struct client_request *request)
{
    if (!request->upload_paused)
        return;
    request->upload_paused = false;
    go_on(request);
}

size_t client_request_room(const struct client_request *request)
{
    size_t used = request->upload.len - request->upload_at;
    return used < LIMIT_CLIENT_BUFFER ? LIMIT_CLIENT_BUFFER - used : 0;
}

/* Small ones fit, all of them together. */
static bool may_wait(const struct client_request *request, size_t len)
{
    size_t all = len;
    if (request->upload.len + len <= 2 * LIMIT_CLIENT_BUFFER)
        return true;
    for (const struct client_request *r = request->session->live; r; r = r->next)
        all += r->upload.len;
    return all <= LIMIT_CLIENT_UPLOADS;
}

bool client_request_write(struct client_request *request, struct str bytes)
{
    if (request->ended)
        return true; /* the peer has answered without reading to the end */
    if (request->upload_at > 0) {
        size_t left = request->upload.len - request->upload_at;
        memmove(request->upload.data, request->upload.data + request->upload_at, left);
        request->upload.len = left;
        request->upload_at = 0;
    }
    if (!may_wait(request, bytes.len))
        return false;
    buf_append_str(&request->upload, bytes);
    if (request->upload.failed)
        return false;
    go_on_sending(request);
    return true;
}

void client_request_finish(struct client_request *request)
{
    request->upload_finished = true;
    go_on_sending(request);
}

void client_request_abort(struct client_request *request)
{
    if (request->ended)
        return;
    request->upload_aborted = true;
    end(request, CLIENT_TERMINATED);
}

/* The response. */

enum client_failure client_request_failure(const struct client_request *request)
{
    return request->failure;
}

const char *client_request_reason(const struct client_request *request)
{
    return request->reason;
}

bool client_request_has_head(const struct client_request *request)
{
    return request->head_done;
}

unsigned client_request_status(const struct client_request *request)
{
    return request->status;
}

bool client_request_next_field(
    const struct client_request *request, size_t *at, struct client_field *ret_field)
{
    if (*at >= request->head.len)
        return false;
    struct str line = str_of((const char *)request->head.data + *at);
    size_t colon = (size_t)str_find_byte(line, ':');
    ret_field->name = str_make(line.ptr, colon);
    ret_field->value = str_skip(line, colon + 1);
    *at += line.len + 1;
    return true;
}

struct str client_request_body(const struct client_request *request)
{
    return str_make(request->body.data + request->body_at, request->body.len - request->body_at);
}

void client_request_consume(struct client_request *request, size_t count)
{
    request->body_at += count;
    if (request->body_at == request->body.len) {
        buf_clear(&request->body);
        request->body_at = 0;
    }
    bool has_room = request->body.len - request->body_at <= LIMIT_CLIENT_BUFFER / 2;
    if (!request->body_paused || !has_room)
        return;
    request->body_paused = false;
    request->deadline = from_now(request->between_ns);
    go_on(request);
}

bool client_request_ended(const struct client_request *request)
{
    return request->ended;
}
