;; A handler written by hand. The letter after the slash of the path says what it does:
;; h answers, s sleeps first, n answers nothing, c leaves its body unfinished, l leaves handles,
;; t traps, x exits, b uses a handle that it does not have, m passes memory that it does not have.
(module
  (import "wasi:http/types@0.2.0" "[method]incoming-request.path-with-query"
    (func $path (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-request.headers"
    (func $headers (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.0" "[method]fields.append"
    (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-response"
    (func $response (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]outgoing-body.finish"
    (func $finish (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[resource-drop]incoming-request" (func $drop_request (param i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $send (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop_stream (param i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop_pollable (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
    (func $timer (param i64) (result i32)))
  (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))

  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 16) "content-type")
  (data (i32.const 32) "text/plain")
  (data (i32.const 48) "Hello from a guest!")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $heap
      (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get 3))))

  (func $sleep (local $pollable i32)
    (local.set $pollable (call $timer (i64.const 100000)))
    (call $block (local.get $pollable))
    (call $drop_pollable (local.get $pollable)))

  (func $answer (param $out i32) (param $whole i32)
    (local $fields i32) (local $response i32) (local $body i32) (local $stream i32)
    (local.set $fields (call $fields))
    (call $append (local.get $fields) (i32.const 16) (i32.const 12) (i32.const 32) (i32.const 10)
      (i32.const 256))
    (if (i32.load8_u (i32.const 256)) (then unreachable))
    (local.set $response (call $response (local.get $fields)))
    (call $body (local.get $response) (i32.const 256))
    (local.set $body (i32.load (i32.const 260)))
    (call $set (local.get $out) (i32.const 0) (local.get $response) (i32.const 0) (i64.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $write (local.get $body) (i32.const 256))
    (local.set $stream (i32.load (i32.const 260)))
    (call $send (local.get $stream) (i32.const 48) (i32.const 19) (i32.const 256))
    (call $drop_stream (local.get $stream))
    (if (local.get $whole)
      (then (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 256)))))

  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $what i32)
    (call $path (local.get $request) (i32.const 256))
    (local.set $what (i32.load8_u offset=1 (i32.load (i32.const 260))))
    (if (i32.eq (local.get $what) (i32.const 104)) ;; h
      (then (call $drop_request (local.get $request))
        (call $answer (local.get $out) (i32.const 1))))
    (if (i32.eq (local.get $what) (i32.const 115)) ;; s
      (then (call $sleep) (call $answer (local.get $out) (i32.const 1))))
    (if (i32.eq (local.get $what) (i32.const 99)) ;; c
      (then (call $answer (local.get $out) (i32.const 0))))
    (if (i32.eq (local.get $what) (i32.const 108)) ;; l
      (then (drop (call $headers (local.get $request))) (drop (call $fields))
        (drop (call $timer (i64.const 1)))
        (call $answer (local.get $out) (i32.const 1))))
    (if (i32.eq (local.get $what) (i32.const 116)) (then unreachable)) ;; t
    (if (i32.eq (local.get $what) (i32.const 120)) (then (call $exit (i32.const 0)))) ;; x
    (if (i32.eq (local.get $what) (i32.const 98)) ;; b
      (then (call $drop_request (local.get $request))
        (drop (call $headers (local.get $request)))))
    (if (i32.eq (local.get $what) (i32.const 109)) ;; m
      (then (call $path (local.get $request) (i32.const 0x1fffc))))))
