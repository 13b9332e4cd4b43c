"""The handler for ASGI servers: granian, uvicorn."""

from work import HELLO, items


async def read_body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/hello":
        kind, answer = b"text/plain", HELLO
    else:
        kind, answer = b"application/json", items(await read_body(receive))
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", kind), (b"content-length", b"%d" % len(answer))]})
    await send({"type": "http.response.body", "body": answer})
