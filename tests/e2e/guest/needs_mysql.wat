;; Imports an interface of Spin's that is not there yet.
(module
  (import "fermyon:spin/mysql@2.0.0" "[resource-drop]connection" (func (param i32)))
  (import "wasi:http/types@0.2.0" "[resource-drop]incoming-request" (func (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "wasi:http/incoming-handler@0.2.0#handle") (param i32 i32)))
