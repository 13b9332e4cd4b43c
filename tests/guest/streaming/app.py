"""A handler with the host's own objects: bodies are streamed, timers run."""

import asyncio

from spin_sdk import http
from spin_sdk.http import PollLoop, Sink, Stream
from spin_sdk.wit.imports.types import Fields, IncomingRequest, OutgoingResponse, ResponseOutparam
from spin_sdk.wit.types import Ok


class IncomingHandler(http.IncomingHandler):
    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        if request.path_with_query() == "/inherited":
            return super().handle(request, response_out)
        loop = PollLoop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(answer(request, response_out))

    def handle_request(self, request: http.Request) -> http.Response:
        return http.Response(200, {"x-method": request.method}, b"<" + (request.body or b"") + b">")


async def answer(request: IncomingRequest, response_out: ResponseOutparam) -> None:
    response = OutgoingResponse(Fields.from_list([("content-type", b"application/octet-stream")]))
    sink = Sink(response.body())
    ResponseOutparam.set(response_out, Ok(response))
    if request.path_with_query() == "/sleep":
        begin = asyncio.get_running_loop().time()
        await asyncio.gather(asyncio.sleep(0.05), asyncio.sleep(0.1), asyncio.wait_for(asyncio.sleep(0), 5))
        await sink.send(str(asyncio.get_running_loop().time() - begin).encode())
    else:
        stream = Stream(request.consume())
        while (part := await stream.next()) is not None:
            await sink.send(part)
    sink.close()
