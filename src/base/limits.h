/*
 * Every compile-time limit, with its reason. A limit protects the process from a size that a guest,
 * a peer, a file or a developer chose; where a user may change it the default stands here.
 */
#ifndef SPINDLE_BASE_LIMITS_H
#define SPINDLE_BASE_LIMITS_H

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* Files that are read whole. */
#define LIMIT_COMPONENT_BYTES (256 * MIB) /* upstream components are 25 to 40 MB */
#define LIMIT_TEXT_FILE_BYTES (4 * MIB)   /* manifests, WIT, templates */
#define LIMIT_MESSAGE_BYTES \
    (32 * MIB)                   /* of an error, while made: it may quote such a file's line */
#define LIMIT_TOML_KEY_PARTS 16  /* a.b.c has 3; times 256 inline tables in each other */
#define LIMIT_GLOB_DEPTH     100 /* folders in folders; each is open while it is searched */
#define LIMIT_GRANTS_BYTES   (1 * GIB) /* what a component is granted, templates expanded */

/* Core modules: the limits that the web embedding fixes, so that nothing which runs elsewhere is
 * refused. */
#define LIMIT_WASM_TYPES             1000000
#define LIMIT_WASM_FUNCTIONS         1000000
#define LIMIT_WASM_IMPORTS           1000000
#define LIMIT_WASM_EXPORTS           1000000
#define LIMIT_WASM_GLOBALS           1000000
#define LIMIT_WASM_SEGMENTS          100000
#define LIMIT_WASM_TABLES            100000
#define LIMIT_WASM_TABLE_ELEMENTS    10000000
#define LIMIT_WASM_PARAMS            1000
#define LIMIT_WASM_RESULTS           1000
#define LIMIT_WASM_LOCALS            50000
#define LIMIT_WASM_BODY_BYTES        7654321
#define LIMIT_WASM_OPERANDS          (1u << 20) /* on one function's operand stack */
#define LIMIT_WASM_BLOCK_DEPTH       (1u << 20) /* nested blocks: heap, not stack, in every pass */
#define LIMIT_WASM_CONSTANT_OPERANDS 64         /* waiting in a constant expression */
#define LIMIT_WASM_STORE_BYTES (512 * MIB)      /* a store's own structs: 1,000,000 functions fit */
#define LIMIT_WASM_MEMORIES    100
#define LIMIT_WASM_PAGES       65536 /* 4 GiB: all that 32-bit addresses reach */

/* Stacks. */
#define LIMIT_STACK_RESERVE \
    (256 * KIB)                     /* an import traps when less native stack than this is left */
#define LIMIT_STACK_GUARD (1 * MIB) /* one function's frame may be larger than a page */

/* Components. */
#define LIMIT_COMPONENT_DEPTH 100 /* nested components and instance types */
#define LIMIT_COMPONENT_ITEMS 1000000
/* Instantiation of nested components multiplies; a composed application has some hundreds. */
#define LIMIT_COMPONENT_STEPS      10000
#define LIMIT_COMPONENT_LINK_BYTES (256 * MIB)
#define LIMIT_COMPONENT_LINK_WORK  100000000 /* names looked up, all instantiations together */
#define LIMIT_TYPE_DEPTH           100       /* nested value types */
#define LIMIT_TYPE_SIZE            1000000   /* type nodes after expanding */
#define LIMIT_STRING_BYTES         (((size_t)1 << 28) - 1) /* canonical ABI MAX_LIST_BYTE_LENGTH */
/* The canonical ABI allows 2^28 - 1; each takes 32 bytes of ours, in each component instance. */
#define LIMIT_HANDLES       (1 << 20)
#define LIMIT_REQUEST_ARENA (192 * MIB) /* host memory that one request's host calls may hold */
#define LIMIT_WASI_OBJECTS  (64 * MIB)  /* what one request's WASI handles stand for */
#define LIMIT_WASI_FILES    256         /* that one instance has open */
#define LIMIT_RESULT_BYTES  (128 * MIB) /* one answer of a database or a server; Spin's number */
#define LIMIT_WASI_FIELDS   (1 * MIB)   /* names and values in one wasi:http fields */

/* Databases and key-value stores. */
#define LIMIT_SQLITE_MEMORY      (256 * MIB) /* one connection: pages, sorting, temporary tables */
#define LIMIT_SQLITE_IDLE_MEMORY (4 * MIB)   /* what a connection may keep while nobody uses it */
#define LIMIT_SQLITE_VALUE_BYTES (128 * MIB) /* one text, blob or row */
#define LIMIT_SQLITE_STATEMENT   (16 * MIB)
#define LIMIT_SQLITE_PATTERN     5000        /* of LIKE and GLOB, which recurse */
#define LIMIT_SQLITE_STACK       (2 * MIB)   /* free when a guest's statement begins: it recurses */
#define LIMIT_SQLITE_STACK_LEFT  (128 * KIB) /* below that a statement fails for want of memory */
#define LIMIT_SQLITE_CONNECTIONS 1024        /* to one database, at once */
#define LIMIT_SQLITE_PER_REQUEST 256         /* Spin's */
#define LIMIT_SQLITE_IDLE        16          /* connections kept for later */
#define LIMIT_SQLITE_WAIT_NS     (5 * NS_PER_S) /* for a lock; what Spin waits */
#define LIMIT_SQLITE_LINE_NS (60 * NS_PER_S) /* behind other writers and takers of this process */
/* A transaction in which its guest has done nothing for so long is ended when another one waits. */
#define LIMIT_SQLITE_TRANSACTION_NS (30 * NS_PER_S)

/* Templates: Spin's own set has 100 files of 100 KB together. */
#define LIMIT_TEMPLATE_BYTES (64 * MIB) /* all templates of one source, or all that one makes */
#define LIMIT_TEMPLATE_FILES 10000
#define LIMIT_TEMPLATE_DEPTH 64      /* Liquid blocks, partials and values inside of each other */
#define LIMIT_TEMPLATE_STEPS 1000000 /* nodes and rounds of loops while one text is rendered */

/* HTTP (defaults; options of `spin up` change them). */
#define LIMIT_ROUTE_PARAMETERS   32  /* `:name` parts of one route */
#define LIMIT_ROUTE_SEGMENTS     128 /* parts of one route; longer paths match wildcards only */
#define LIMIT_HTTP_HEAD_BYTES    (64 * KIB)
#define LIMIT_HTTP_FIELDS        256
#define LIMIT_HTTP_BODY_BYTES    (64 * MIB)
#define LIMIT_HTTP_BODY_AHEAD    (1 * MIB) /* read before an instance is taken */
#define LIMIT_HTTP_QUEUE_BYTES   (1 * MIB) /* of a response, queued after `handle` returns */
#define LIMIT_HTTP_RESPONSE_HEAD (1 * MIB)
#define LIMIT_HTTP_CONNECTIONS   10000
#define LIMIT_HTTP_THREADS       512 /* with those waiting in host calls; 8 MiB of addresses each */
#define LIMIT_HTTP_STREAMS       256 /* of these, waiting for a slow client */
#define LIMIT_HTTP_HELD_BYTES    (512 * MIB) /* buffered for all clients that are waited for */

/* Outgoing connections. Times are durations. */
#define LIMIT_CONNECT_NS        (10 * NS_PER_S)
#define LIMIT_LLM_TEXT_BYTES    (4 * MIB) /* of one question; JSON may need six times as much */
#define LIMIT_LLM_ANSWER_NS     (600 * NS_PER_S) /* a model may think for long */
#define LIMIT_LLM_ANSWER_BYTES  (16 * MIB)       /* JSON; 1,000 vectors of 1,500 numbers */
#define LIMIT_REDIS_ANSWER_NS   (60 * NS_PER_S)  /* between two signs of life of a server */
#define LIMIT_REDIS_CONNECTIONS 1024             /* of an application, to all servers */
#define LIMIT_REDIS_ADDRESS     (4 * KIB)        /* kept with each idle connection */
#define LIMIT_REDIS_OPEN        64               /* that one request has open */
#define LIMIT_REDIS_IDLE        256
#define LIMIT_REDIS_IDLE_NS     (60 * NS_PER_S)
#define LIMIT_REDIS_GREETING    (64 * KIB) /* answers to AUTH and SELECT */

/* Outgoing HTTP. */
#define LIMIT_CLIENT_REQUESTS     64          /* under way for one guest */
#define LIMIT_CLIENT_BUFFER       (256 * KIB) /* of each one's bodies, in each direction */
#define LIMIT_CLIENT_UPLOAD       (9 * MIB)   /* of one, with what was held before it was sent */
#define LIMIT_CLIENT_UPLOADS      (64 * MIB)  /* of all of one guest */
#define LIMIT_CLIENT_HEAD         (256 * KIB) /* of a response */
#define LIMIT_CLIENT_URL          (64 * KIB)
#define LIMIT_CLIENT_IDLE         256 /* sessions with their open connections, of an application */
#define LIMIT_CLIENT_IDLE_SECONDS 60
#define LIMIT_LOCAL_HEAD          (4 * MIB)  /* of both sides of one that stays in the process */
#define LIMIT_LOCAL_BODY          (8 * MIB)  /* of its response */
#define LIMIT_LOCAL_BODIES        (64 * MIB) /* of all of them that one guest has not dropped */
#define LIMIT_LOCAL_DEPTH         16         /* requests that lead to requests in the process */

#endif
