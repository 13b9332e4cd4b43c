;; A handler without a language runtime. The first letter of the path says what it does:
;;   h hello   p print, then hello   c count requests in a global and in memory   g grow memory
;;   t unreachable   o read out of bounds   s endless recursion   l endless loop
;;   n no response   e an error as response   u a body that is not finished   x exit(error)
(module
  (type $pair (func (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-request.path-with-query"
    (func $path (type $pair)))
  (import "wasi:http/types@0.2.0" "[resource-drop]incoming-request"
    (func $drop_request (param i32)))
  (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-response"
    (func $response (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-response.body" (func $body (type $pair)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-body.write" (func $write (type $pair)))
  (import "wasi:http/types@0.2.0" "[static]outgoing-body.finish"
    (func $finish (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $put (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream"
    (func $drop_stream (param i32)))
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
  (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))
  (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))

  (memory (export "memory") 2)
  (data (i32.const 16) "hello")
  (data (i32.const 32) "to stdout\n")
  (data (i32.const 48) "to stderr\n")
  (global $heap (mut i32) (i32.const 65536))
  (global $count (mut i32) (i32.const 0))

  ;; Results land at 1024; the counter in memory is at 2048.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $block i32)
    (local.set $block (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $block) (local.get 3)))
    (local.get $block))

  (func $recurse (param i64) (result i64)
    (i64.add (local.get 0) (call $recurse (i64.add (local.get 0) (i64.const 1)))))

  (func $print (param $stream i32) (param $at i32)
    (call $put (local.get $stream) (local.get $at) (i32.const 10) (i32.const 1024))
    (call $drop_stream (local.get $stream)))

  (func $answer (param $out i32) (param $at i32) (param $len i32) (param $finish i32)
    (local $r i32) (local $b i32) (local $s i32)
    (local.set $r (call $response (call $fields)))
    (call $body (local.get $r) (i32.const 1024))
    (local.set $b (i32.load (i32.const 1028)))
    (call $set (local.get $out) (i32.const 0) (local.get $r)
      (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $write (local.get $b) (i32.const 1024))
    (local.set $s (i32.load (i32.const 1028)))
    (call $put (local.get $s) (local.get $at) (local.get $len) (i32.const 1024))
    (call $drop_stream (local.get $s))
    (if (local.get $finish)
      (then (call $finish (local.get $b) (i32.const 0) (i32.const 0) (i32.const 1024)))))

  (func $is (param $c i32) (param $letter i32) (result i32)
    (i32.eq (local.get $c) (local.get $letter)))

  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $c i32)
    (call $path (local.get $request) (i32.const 1024))
    (local.set $c (i32.load8_u (i32.add (i32.load (i32.const 1028)) (i32.const 1))))
    (call $drop_request (local.get $request))
    (if (call $is (local.get $c) (i32.const 116)) (then (unreachable)))          ;; t
    (if (call $is (local.get $c) (i32.const 111))                                ;; o
      (then (drop (i32.load (i32.const -4)))))
    (if (call $is (local.get $c) (i32.const 115))                                ;; s
      (then (drop (call $recurse (i64.const 0)))))
    (if (call $is (local.get $c) (i32.const 108)) (then (loop $l (br $l))))      ;; l
    (if (call $is (local.get $c) (i32.const 110)) (then (return)))               ;; n
    (if (call $is (local.get $c) (i32.const 120)) (then (call $exit (i32.const 1)))) ;; x
    (if (call $is (local.get $c) (i32.const 101))                                ;; e
      (then
        (call $set (local.get $out) (i32.const 1) (i32.const 0)
          (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (return)))
    (if (call $is (local.get $c) (i32.const 112))                                ;; p
      (then
        (call $print (call $stdout) (i32.const 32))
        (call $print (call $stderr) (i32.const 48))))
    (if (call $is (local.get $c) (i32.const 103))                                ;; g
      (then
        (i32.store (i32.shl (memory.grow (i32.const 200)) (i32.const 16)) (i32.const 1))))
    (if (call $is (local.get $c) (i32.const 99))                                 ;; c
      (then
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (i32.store (i32.const 2052) (i32.add (i32.load (i32.const 2052)) (i32.const 1)))
        (i32.store8 (i32.const 2048) (i32.add (i32.const 48) (global.get $count)))
        (i32.store8 (i32.const 2049) (i32.add (i32.const 48) (i32.load (i32.const 2052))))
        (call $answer (local.get $out) (i32.const 2048) (i32.const 2) (i32.const 1))
        (return)))
    (call $answer (local.get $out) (i32.const 16) (i32.const 5)
      (i32.eqz (call $is (local.get $c) (i32.const 117))))))                     ;; u
