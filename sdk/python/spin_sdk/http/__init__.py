"""HTTP requests and responses: those that the application answers, and those that it sends."""

import asyncio
import sys
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Optional
from urllib import parse

from spin_sdk.http import poll_loop
from spin_sdk.http.poll_loop import PollLoop, Sink, Stream
from spin_sdk.wit.imports.streams import StreamError_Closed
from spin_sdk.wit.imports.types import (
    ErrorCode_HttpRequestDenied,
    Fields,
    IncomingBody,
    IncomingRequest,
    IncomingResponse,
    Method,
    Method_Connect,
    Method_Delete,
    Method_Get,
    Method_Head,
    Method_Options,
    Method_Other,
    Method_Patch,
    Method_Post,
    Method_Put,
    Method_Trace,
    OutgoingBody,
    OutgoingRequest,
    OutgoingResponse,
    ResponseOutparam,
    Scheme,
    Scheme_Http,
    Scheme_Https,
    Scheme_Other,
)
from spin_sdk.wit.types import Err, Ok

try:
    from _spindle import program_name as _program_name  # type: ignore[import-not-found, unused-ignore]
    from _spindle import send as _send
except ImportError:
    # Outside a component.
    def _program_name() -> Optional[str]:
        return None

    def _send(request: "Request", scheme: str, authority: str, path_with_query: str) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError("requests can be sent inside a component only")


__all__ = [
    "Err",
    "Fields",
    "IncomingBody",
    "IncomingHandler",
    "IncomingRequest",
    "IncomingResponse",
    "Method",
    "Method_Connect",
    "Method_Delete",
    "Method_Get",
    "Method_Head",
    "Method_Options",
    "Method_Other",
    "Method_Patch",
    "Method_Post",
    "Method_Put",
    "Method_Trace",
    "Ok",
    "OutgoingBody",
    "OutgoingRequest",
    "OutgoingResponse",
    "PollLoop",
    "Request",
    "Response",
    "ResponseOutparam",
    "Scheme",
    "Scheme_Http",
    "Scheme_Https",
    "Scheme_Other",
    "Sink",
    "Stream",
    "StreamError_Closed",
    "poll_loop",
    "send",
    "send_and_close",
    "send_async",
]

_METHODS: dict[str, type[Method]] = {
    "GET": Method_Get,
    "HEAD": Method_Head,
    "POST": Method_Post,
    "PUT": Method_Put,
    "DELETE": Method_Delete,
    "CONNECT": Method_Connect,
    "OPTIONS": Method_Options,
    "TRACE": Method_Trace,
    "PATCH": Method_Patch,
}
_METHOD_NAMES = {method: name for name, method in _METHODS.items()}
_READ_SIZE = 16 * 1024
_WRITE_SIZE = 4096


@dataclass
class Request:
    """An HTTP request.

    Names of the headers of an incoming request are in lower case; of several headers with one name the last one counts.
    """

    method: str
    uri: str
    headers: MutableMapping[str, str]
    body: Optional[bytes]


@dataclass
class Response:
    """An HTTP response. A `content-length` header is added where there is none."""

    status: int
    headers: MutableMapping[str, str]
    body: Optional[bytes]


def _method_name(method: Method) -> str:
    return method.value if isinstance(method, Method_Other) else _METHOD_NAMES[type(method)]


def _method(name: str) -> Method:
    known = _METHODS.get(name)
    return Method_Other(name) if known is None else known()  # type: ignore[call-arg]


def _texts(fields: Fields) -> dict[str, str]:
    return {name: str(value, "utf-8") for name, value in fields.entries()}


def _fields(headers: MutableMapping[str, str], body: Optional[bytes]) -> Fields:
    """The headers for the host, with the body's length unless they have one."""
    entries = [(name, bytes(value, "utf-8")) for name, value in headers.items()]
    if headers.get("content-length") is None:
        entries = [entry for entry in entries if entry[0] != "content-length"]
        entries.append(("content-length", b"%d" % (0 if body is None else len(body))))
    return Fields.from_list(entries)


def _read_all(body: IncomingBody) -> bytes:
    parts = []
    with body.stream() as stream:
        while True:
            try:
                parts.append(stream.blocking_read(_READ_SIZE))
            except Err as error:
                if isinstance(error.value, StreamError_Closed):
                    break
                raise
    IncomingBody.finish(body)
    return b"".join(parts)


def _write_all(body: OutgoingBody, data: bytes) -> None:
    with body.write() as stream:
        for start in range(0, len(data), _WRITE_SIZE):
            stream.blocking_write_and_flush(data[start : start + _WRITE_SIZE])
    OutgoingBody.finish(body, None)


try:
    from spin_sdk.wit import exports

    class IncomingHandler(exports.IncomingHandler):
        """Answers requests: an application has a class of this name, derived from this one.

        In most applications it has `handle_request`. One that wants to stream bodies has `handle` instead.
        """

        def handle_request(self, request: Request) -> Response:
            """Answers a request. An exception is answered with status 500 and no body."""
            raise NotImplementedError

        def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
            """Answers a request with the host's own objects."""
            simple_request = Request(
                _method_name(request.method()),
                request.path_with_query() or "/",
                _texts(request.headers()),
                _read_all(request.consume()),
            )
            try:
                simple_response = self.handle_request(simple_request)
            except BaseException:
                traceback.print_exc(file=sys.stderr)
                response = OutgoingResponse(Fields())
                response.set_status_code(500)
                ResponseOutparam.set(response_out, Ok(response))
                return
            response = OutgoingResponse(_fields(simple_response.headers, simple_response.body))
            response.set_status_code(simple_response.status)
            body = response.body()
            ResponseOutparam.set(response_out, Ok(response))
            _write_all(body, simple_response.body or b"")

except ImportError:
    # The component's world answers no requests.
    pass


def send(request: Request) -> Response:
    """Sends a request and waits for the whole response. Redirects are not followed.

    Raises `Err(ErrorCode_X(...))` (see `spin_sdk.wit.imports.types`) if there is none:
    `ErrorCode_HttpRequestDenied` if the manifest does not allow the destination. Of several response headers with one
    name the last one counts.
    """
    url = parse.urlsplit(request.uri)
    try:
        return Response(*_send(request, url.scheme, _authority(url), _path_with_query(url)))
    except Err as error:
        _explain(error, request)
        raise


def _explain(error: Err[object], request: Request) -> None:
    """Adds to a refusal what has to be written into the manifest."""
    if not isinstance(error.value, ErrorCode_HttpRequestDenied):
        return
    url = parse.urlsplit(request.uri)
    name = _program_name()
    host = f"{url.scheme}://{url.netloc}" if url.netloc else "http://self"
    where = "the component" if name is None else f'component "{name}"'
    error.add_note(f'HttpError::DestinationNotAllowed: add allowed_outbound_hosts = ["{host}"] to {where}')


def _outgoing(request: Request) -> OutgoingRequest:
    url = parse.urlsplit(request.uri)
    outgoing = OutgoingRequest(_fields(request.headers, request.body))
    outgoing.set_method(_method(request.method))
    if url.scheme == "https":
        scheme: Scheme = Scheme_Https()
    elif url.scheme in ("http", ""):
        scheme = Scheme_Http()
    else:
        scheme = Scheme_Other(url.scheme)
    outgoing.set_scheme(scheme)
    outgoing.set_authority(_authority(url))
    outgoing.set_path_with_query(_path_with_query(url))
    return outgoing


def _authority(url: parse.SplitResult) -> str:
    # Without a host the request goes to the application itself; the port is then of no importance.
    return url.netloc or ":443"


def _path_with_query(url: parse.SplitResult) -> str:
    return f"{url.path}?{url.query}" if url.query else url.path


async def send_async(request: Request) -> Response:
    """Like `send`, for several requests at once: run it on a `PollLoop`."""
    outgoing = _outgoing(request)
    sink = Sink(outgoing.body())
    try:
        incoming, _ = await asyncio.gather(poll_loop.send(outgoing), send_and_close(sink, request.body or b""))
    except Err as error:
        _explain(error, request)
        raise
    with incoming:
        stream = Stream(incoming.consume())
        parts = []
        while (part := await stream.next()) is not None:
            parts.append(part)
        with incoming.headers() as fields:
            return Response(incoming.status(), _texts(fields), b"".join(parts))


async def send_and_close(sink: Sink, data: bytes) -> None:
    """Writes the data and ends the body."""
    await sink.send(data)
    sink.close()
