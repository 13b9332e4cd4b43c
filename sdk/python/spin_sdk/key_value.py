"""Key-value stores.

    from spin_sdk import key_value

    with key_value.open_default() as store:
        store.set("greeting", b"hello")
        assert store.get("greeting") == b"hello"
        assert store.get_keys() == ["greeting"]

The manifest must grant the store: `key_value_stores = ["default"]`. What a store holds is kept when the application ends,
and seen by every component that is granted it.

All failures raise `spin_sdk.wit.types.Err`, whose `value` says which one it is: `Error_AccessDenied` (the manifest does not
grant the store), `Error_NoSuchStore`, `Error_StoreTableFull`, or `Error_Other` with the text of whatever keeps the store.
"""

from spin_sdk.wit.imports.key_value import (
    Error,
    Error_AccessDenied,
    Error_NoSuchStore,
    Error_Other,
    Error_StoreTableFull,
    Store,
)

ErrorAccessDenied = Error_AccessDenied
ErrorNoSuchStore = Error_NoSuchStore
ErrorOther = Error_Other
ErrorStoreTableFull = Error_StoreTableFull

__all__ = [
    "Error",
    "ErrorAccessDenied",
    "ErrorNoSuchStore",
    "ErrorOther",
    "ErrorStoreTableFull",
    "Error_AccessDenied",
    "Error_NoSuchStore",
    "Error_Other",
    "Error_StoreTableFull",
    "Store",
    "open",
    "open_default",
]


def open(name: str) -> Store:
    """Opens the store with this label.

    The result has `get(key) -> Optional[bytes]`, `set(key, value: bytes)`, `delete(key)`, `exists(key) -> bool` and
    `get_keys() -> List[str]`; keys are `str`. Deleting a key that is not there is no error. A `set` has reached the disk
    when it returns. The handle ends with the `with` statement that it is used in, or with the request.

    Raises `spin_sdk.wit.types.Err`: `Error_AccessDenied` when the component's `key_value_stores` does not have the label.
    """
    return Store.open(name)


def open_default() -> Store:
    """Opens the store with the label `default`: `open("default")`.

    Raises `spin_sdk.wit.types.Err` as `open` does.
    """
    return Store.open("default")
