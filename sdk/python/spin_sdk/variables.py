"""Variables: values that `spin.toml` gives to a component, in its table `[component.NAME.variables]`."""

from spin_sdk.wit.imports import variables as _host
from spin_sdk.wit.imports.variables import (
    Error,
    Error_InvalidName,
    Error_Other,
    Error_Provider,
    Error_Undefined,
)
from spin_sdk.wit.types import Err

__all__ = [
    "Err",
    "Error",
    "Error_InvalidName",
    "Error_Other",
    "Error_Provider",
    "Error_Undefined",
    "get",
]


class _Value(str):
    """A str that says so to whoever takes it for bytes."""

    __slots__ = ()

    def __getattr__(self, name: str) -> object:
        if name == "decode":
            raise AttributeError("variables.get returns str, which is decoded already: leave out '.decode'")
        raise AttributeError(f"'str' object has no attribute '{name}'")


def get(key: str) -> str:
    """Get the value of a variable of this component.

    `key` is a name of the component's table of variables: lower-case letters, digits and `_`.

    Raises `spin_sdk.wit.types.Err` with `Error_Undefined(str)` if the component has no such variable, with
    `Error_InvalidName(str)` if no variable can have that name, with `Error_Provider(str)` if its value cannot be had.
    """
    return _Value(_host.get(key))
