"""Where newer versions of componentize-py have these classes."""

from spin_sdk.wit.types import Err, Ok, Result, Some

__all__ = ["Err", "Ok", "Result", "Some"]
