/*
 * What the files of wasi:filesystem share: paths that cannot leave their folder, and errors.
 *
 * A guest's path is resolved by the kernel (openat2 with RESOLVE_BENEATH), which follows symbolic
 * links and `..` as long as they stay inside. Where openat2 is missing, paths are walked part by
 * part, and symbolic links and `..` are refused.
 */
#ifndef SPINDLE_WASI_FILESYSTEM_OBJECTS_H
#define SPINDLE_WASI_FILESYSTEM_OBJECTS_H

#include <limits.h>

#include "wasi/context.h"
#include "host/wasi_filesystem_preopens.h"
#include "host/wasi_filesystem_types.h"

struct wasi_filesystem_types_descriptor {
    struct open_file *file;
};

/* A path as system calls want it. */
struct file_path {
    char text[PATH_MAX];
};

/* Copies a guest's path. Returns 0, or an errno: absolute paths are EPERM. */
int file_path_init(struct file_path *path, struct str text);
/* Opens beneath the folder; the last part is not followed if it is a link and `follow` is false.
 * Returns the descriptor or minus an errno. */
int open_beneath(int folder, const char *path, int flags, unsigned mode, bool follow);
/* The same without openat2. */
int open_beneath_walking(int folder, const char *path, int flags, unsigned mode, bool follow);
/*
 * Opens the folder of a path, and cuts the path to its last part, a plain name: *ret_name points
 * into it. Returns the descriptor or minus an errno.
 */
int open_parent(int folder, struct file_path *path, const char **ret_name);
/* fstat beneath the folder. Returns 0 or an errno. */
struct stat;
int stat_beneath(int folder, struct str path, bool follow, struct stat *ret_stat);

/* The WASI name of an errno. */
enum wasi_filesystem_types_error_code file_error(int os_errno);
void fill_stat(const struct stat *from, struct wasi_filesystem_types_descriptor_stat *to);
void fill_hash(const struct stat *from, struct wasi_filesystem_types_metadata_hash_value *to);
enum wasi_filesystem_types_descriptor_type file_type(unsigned mode);

#define FILE_READ  WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_READ
#define FILE_WRITE WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_WRITE

/* Functions of the resources; filesystem.c puts them into the interface's struct. */

/* filesystem.c */
enum wasm_trap_kind descriptor_read_via_stream(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t offset,
    struct wasi_filesystem_types_result_own_input_stream_error_code *ret_result);
enum wasm_trap_kind descriptor_write_via_stream(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t offset,
    struct wasi_filesystem_types_result_own_output_stream_error_code *ret_result);
enum wasm_trap_kind descriptor_append_via_stream(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_own_output_stream_error_code *ret_result);
enum wasm_trap_kind descriptor_advise(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t offset, uint64_t length,
    enum wasi_filesystem_types_advice advice,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_sync(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_sync_data(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_get_flags(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_descriptor_flags_error_code *ret_result);
enum wasm_trap_kind descriptor_get_type(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_descriptor_type_error_code *ret_result);
enum wasm_trap_kind descriptor_set_size(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t size,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_read(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t length, uint64_t offset,
    struct wasi_filesystem_types_result_tuple2_list_u8_bool_error_code *ret_result);
enum wasm_trap_kind descriptor_write(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str buffer, uint64_t offset,
    struct wasi_filesystem_types_result_u64_error_code *ret_result);
enum wasm_trap_kind descriptor_stat(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_descriptor_stat_error_code *ret_result);
enum wasm_trap_kind descriptor_is_same_object(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_descriptor_borrow other, bool *ret_result);
enum wasm_trap_kind descriptor_metadata_hash(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_metadata_hash_value_error_code *ret_result);
void descriptor_drop(void *host, struct wasi_filesystem_types_descriptor *object);
enum wasm_trap_kind descriptor_read_directory(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_own_directory_entry_stream_error_code *ret_result);
enum wasm_trap_kind directory_entry_stream_read_directory_entry(struct component_call *call,
    struct wasi_filesystem_types_directory_entry_stream_borrow self,
    struct wasi_filesystem_types_result_option_directory_entry_error_code *ret_result);
void directory_entry_stream_drop(
    void *host, struct wasi_filesystem_types_directory_entry_stream *object);
enum wasm_trap_kind filesystem_error_code(struct component_call *call,
    struct wasi_io_error_error_borrow err,
    struct wasi_filesystem_types_option_error_code *ret_result);

/* filesystem_at.c */
enum wasm_trap_kind descriptor_stat_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    struct wasi_filesystem_types_result_descriptor_stat_error_code *ret_result);
enum wasm_trap_kind descriptor_metadata_hash_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    struct wasi_filesystem_types_result_metadata_hash_value_error_code *ret_result);
enum wasm_trap_kind descriptor_open_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    uint32_t open_flags, uint32_t flags,
    struct wasi_filesystem_types_result_own_descriptor_error_code *ret_result);
enum wasm_trap_kind descriptor_readlink_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_string_error_code *ret_result);
enum wasm_trap_kind descriptor_create_directory_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_remove_directory_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_unlink_file_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_symlink_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str old_path, struct str new_path,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_link_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t old_path_flags,
    struct str old_path, struct wasi_filesystem_types_descriptor_borrow new_descriptor,
    struct str new_path, struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_rename_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str old_path,
    struct wasi_filesystem_types_descriptor_borrow new_descriptor, struct str new_path,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_set_times(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_new_timestamp data_access_timestamp,
    struct wasi_filesystem_types_new_timestamp data_modification_timestamp,
    struct wasi_filesystem_types_result_void_error_code *ret_result);
enum wasm_trap_kind descriptor_set_times_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    struct wasi_filesystem_types_new_timestamp data_access_timestamp,
    struct wasi_filesystem_types_new_timestamp data_modification_timestamp,
    struct wasi_filesystem_types_result_void_error_code *ret_result);

#endif
