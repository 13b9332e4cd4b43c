"""SQLite databases.

    from spin_sdk import sqlite
    from spin_sdk.sqlite import Value_Integer, Value_Text

    with sqlite.open_default() as db:
        db.execute("CREATE TABLE IF NOT EXISTS todos (id INTEGER PRIMARY KEY, text TEXT)", [])
        db.execute("INSERT INTO todos (text) VALUES (?)", [Value_Text("water the plants")])
        result = db.execute("SELECT id, text FROM todos WHERE id > ?", [Value_Integer(0)])
        for row in result.rows:
            id, text = (value.value for value in row.values)

The manifest must grant the database: `sqlite_databases = ["default"]`. What it holds is kept when the application ends, and
seen by every component that is granted it.

All failures raise `spin_sdk.wit.types.Err`, whose `value` says which one it is: `Error_AccessDenied` (the manifest does not
grant the database), `Error_NoSuchDatabase`, `Error_InvalidConnection`, `Error_DatabaseFull` (the disk is), or `Error_Io` with
SQLite's own text, such as `no such table: todos`.
"""

from spin_sdk.wit.imports.sqlite import (
    Connection,
    Error,
    Error_AccessDenied,
    Error_DatabaseFull,
    Error_InvalidConnection,
    Error_Io,
    Error_NoSuchDatabase,
    QueryResult,
    RowResult,
    Value,
    Value_Blob,
    Value_Integer,
    Value_Null,
    Value_Real,
    Value_Text,
)

ErrorAccessDenied = Error_AccessDenied
ErrorDatabaseFull = Error_DatabaseFull
ErrorInvalidConnection = Error_InvalidConnection
ErrorIo = Error_Io
ErrorNoSuchDatabase = Error_NoSuchDatabase
ValueBlob = Value_Blob
ValueInteger = Value_Integer
ValueNull = Value_Null
ValueReal = Value_Real
ValueText = Value_Text

__all__ = [
    "Connection",
    "Error",
    "ErrorAccessDenied",
    "ErrorDatabaseFull",
    "ErrorInvalidConnection",
    "ErrorIo",
    "ErrorNoSuchDatabase",
    "Error_AccessDenied",
    "Error_DatabaseFull",
    "Error_InvalidConnection",
    "Error_Io",
    "Error_NoSuchDatabase",
    "QueryResult",
    "RowResult",
    "Value",
    "ValueBlob",
    "ValueInteger",
    "ValueNull",
    "ValueReal",
    "ValueText",
    "Value_Blob",
    "Value_Integer",
    "Value_Null",
    "Value_Real",
    "Value_Text",
    "open",
    "open_default",
]


def open(name: str) -> Connection:
    """Opens the database with this label.

    The result has `execute(statement: str, parameters: List[Value]) -> QueryResult`, which runs one statement; what follows
    it in the text is ignored. Each `?` takes the next parameter: `Value_Integer(int)`, `Value_Real(float)`,
    `Value_Text(str)`, `Value_Blob(bytes)` or `Value_Null()`. A `QueryResult` has `columns: List[str]` and
    `rows: List[RowResult]`; a `RowResult` has `values: List[Value]`, whose own value is `.value` (`Value_Null` has none).

    A change has reached the disk when the statement, or the COMMIT of its transaction, returns. A transaction that the
    request leaves open is rolled back. The connection ends with the `with` statement that it is used in, or with the request.

    Raises `spin_sdk.wit.types.Err`: `Error_AccessDenied` when the component's `sqlite_databases` does not have the label.
    """
    return Connection.open(name)


def open_default() -> Connection:
    """Opens the database with the label `default`: `open("default")`.

    Raises `spin_sdk.wit.types.Err` as `open` does.
    """
    return Connection.open("default")
