"""An event loop for `asyncio` that waits with `wasi:io/poll`, and streams of HTTP bodies on top of it."""

import asyncio
import contextvars
import heapq
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Optional, TypeVar, TypeVarTuple, Union, Unpack, cast

from spin_sdk.wit.imports import monotonic_clock, outgoing_handler, poll
from spin_sdk.wit.imports.poll import Pollable
from spin_sdk.wit.imports.streams import InputStream, OutputStream, StreamError_Closed
from spin_sdk.wit.imports.types import ErrorCode, IncomingBody, IncomingResponse, OutgoingBody, OutgoingRequest
from spin_sdk.wit.types import Err, Ok, Result

__all__ = ["READ_SIZE", "PollLoop", "Sink", "Stream", "register", "send"]

READ_SIZE: int = 16 * 1024
"""The most bytes that a `Stream` asks for at once."""

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
_NANOSECONDS = 1_000_000_000

if TYPE_CHECKING:
    # Checkers take the methods that raise NotImplementedError for abstract ones.
    _EventLoop = asyncio.BaseEventLoop
else:
    _EventLoop = asyncio.AbstractEventLoop


class PollLoop(_EventLoop):
    """Runs coroutines; while all of them wait, waits for the host's pollables and for timers.

    Whatever needs threads, sockets, signals or processes raises `NotImplementedError`.
    """

    def __init__(self) -> None:
        self.wakers: list[tuple[Pollable, asyncio.Future[None]]] = []
        self.running = False
        self.handles: list[asyncio.Handle] = []
        self.exception: Optional[BaseException] = None
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timer_numbers = itertools.count()

    def run_until_complete(self, future: Union[Generator[Any, None, _T], Awaitable[_T]]) -> _T:
        """Runs until the future is done; returns its result, or raises what it or a callback raised."""
        task = asyncio.ensure_future(cast(Awaitable[_T], future), loop=self)
        previous = asyncio._get_running_loop()
        self.running = True
        asyncio._set_running_loop(self)
        try:
            while self.running and not task.done():
                self._run_ready()
                if self.running and not task.done() and not self.handles:
                    self._wait()
                if self.exception is not None:
                    raise self.exception
        finally:
            self.running = False
            asyncio._set_running_loop(previous)
        return task.result()

    def _run_ready(self) -> None:
        handles, self.handles = self.handles, []
        for handle in handles:
            if not handle.cancelled():
                handle._run()

    def _wait(self) -> None:
        """Blocks until a pollable is ready or a timer has run out."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        pollables = [pollable for pollable, _ in self.wakers]
        timer = None
        if self._timers:
            delay = max(0.0, self._timers[0][0] - self.time())
            timer = monotonic_clock.subscribe_duration(int(delay * _NANOSECONDS))
            pollables.append(timer)
        if not pollables:
            raise RuntimeError("the event loop has nothing left to wait for")
        ready = set(poll.poll(pollables))
        if timer is not None:
            timer.__exit__(None, None, None)
        waiting = self.wakers
        self.wakers = [waker for index, waker in enumerate(waiting) if index not in ready]
        for index, (pollable, future) in enumerate(waiting):
            if index in ready:
                pollable.__exit__(None, None, None)
                if not future.done():
                    future.set_result(None)
        self._fire_timers()

    def _fire_timers(self) -> None:
        now = self.time()
        while self._timers and self._timers[0][0] <= now:
            self.handles.append(heapq.heappop(self._timers)[2])

    def time(self) -> float:
        """The host's monotonic clock, in seconds."""
        return monotonic_clock.now() / _NANOSECONDS

    def call_soon(
        self, callback: Callable[[Unpack[_Ts]], object], *args: Unpack[_Ts], context: Optional[contextvars.Context] = None
    ) -> asyncio.Handle:
        """Runs the callback in the next round."""
        handle = asyncio.Handle(callback, args, self, context)
        self.handles.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[Unpack[_Ts]], object], *args: Unpack[_Ts], context: Optional[contextvars.Context] = None
    ) -> asyncio.TimerHandle:
        """Runs the callback after `delay` seconds."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[Unpack[_Ts]], object], *args: Unpack[_Ts], context: Optional[contextvars.Context] = None
    ) -> asyncio.TimerHandle:
        """Runs the callback when `time` is `when`, in seconds."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._timer_numbers), timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer stays in the heap until its time."""

    def create_task(self, coro: Coroutine[Any, Any, _T], **options: Any) -> "asyncio.Task[_T]":  # type: ignore[override]
        """Starts the coroutine; takes the options of `asyncio.Task`."""
        return asyncio.Task(coro, loop=self, **options)

    def create_future(self) -> "asyncio.Future[Any]":
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def is_running(self) -> bool:
        return self.running

    def is_closed(self) -> bool:
        return not self.running

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.running = False

    def get_debug(self) -> bool:
        """There is no debug mode."""
        return False

    async def shutdown_asyncgens(self) -> None:
        """There is nothing to shut down: the instance ends with the request."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keeps the exception, which `run_until_complete` then raises."""
        self.exception = context.get("exception")


async def register(loop: PollLoop, pollable: Pollable) -> None:
    """Waits until the pollable is ready; the loop closes it then."""
    waker = loop.create_future()
    loop.wakers.append((pollable, waker))
    await waker


def _loop() -> PollLoop:
    return cast(PollLoop, asyncio.get_running_loop())


async def send(request: OutgoingRequest) -> IncomingResponse:
    """Sends the request and waits for the head of the response; raises `Err(ErrorCode_X(...))` if it fails."""
    with outgoing_handler.handle(request, None) as future:
        while True:
            found = future.get()
            if found is not None:
                return outcome(found)
            await register(_loop(), future.subscribe())


def outcome(found: Result[Result[IncomingResponse, ErrorCode], None]) -> IncomingResponse:
    """What a future response has come to: the response, or else an exception."""
    if isinstance(found, Ok):
        if isinstance(found.value, Ok):
            return found.value.value
        raise found.value
    raise found


class Stream:
    """Reads the body of an incoming request or response, part by part."""

    def __init__(self, body: IncomingBody) -> None:
        self.body: Optional[IncomingBody] = body
        self.stream: Optional[InputStream] = body.stream()

    async def next(self) -> Optional[bytes]:
        """Waits for more of the body; `None` at its end."""
        while self.stream is not None:
            try:
                part = self.stream.read(READ_SIZE)
            except Err as error:
                if not isinstance(error.value, StreamError_Closed):
                    raise
                self._finish()
            else:
                if part:
                    return part
                await register(_loop(), self.stream.subscribe())
        return None

    def _finish(self) -> None:
        if self.stream is not None:
            self.stream.__exit__(None, None, None)
            self.stream = None
        if self.body is not None:
            IncomingBody.finish(self.body)
            self.body = None


class Sink:
    """Writes the body of an outgoing request or response, part by part."""

    def __init__(self, body: OutgoingBody) -> None:
        self.body: Optional[OutgoingBody] = body
        self.stream: Optional[OutputStream] = body.write()

    async def send(self, chunk: bytes) -> None:
        """Writes all of the chunk; waits while the peer does not take more."""
        stream = self.stream
        if stream is None:
            raise ValueError("the sink is closed")
        rest = memoryview(chunk)
        while rest:
            room = await self._room(stream)
            stream.write(bytes(rest[:room]))
            rest = rest[room:]
        stream.flush()
        await self._room(stream)

    @staticmethod
    async def _room(stream: OutputStream) -> int:
        while True:
            room = stream.check_write()
            if room > 0:
                return room
            await register(_loop(), stream.subscribe())

    def close(self) -> None:
        """Ends the body."""
        if self.stream is not None:
            self.stream.__exit__(None, None, None)
            self.stream = None
        if self.body is not None:
            OutgoingBody.finish(self.body, None)
            self.body = None
