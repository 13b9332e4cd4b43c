"""What every server computes for a request: the same code for all of them."""

import json

HELLO = b"Hello from Python!"


def items(body: bytes) -> bytes:
    """Parses a body, builds 100 dicts, dumps them."""
    asked = json.loads(body)
    rows = [{"id": i, "name": f"{asked['name']} {i}", "price": i * asked["price"]}
            for i in range(100)]
    return json.dumps(rows).encode()
