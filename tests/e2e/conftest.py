import os
import select
import subprocess

import pytest

from raw import Client


class Server:
    def __init__(self, process, address):
        self.process = process
        self.address = address

    def client(self):
        return Client(self.address)

    def get(self, path, head=""):
        with self.client() as client:
            return client.get(path, head)


def stop(process):
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@pytest.fixture
def echo_server():
    """Starts the server without a guest; options as keyword arguments."""
    program = os.environ["SPINDLE_ECHO_SERVER"]
    running = []

    def start(**options):
        arguments = [f"{name}={value}" for name, value in options.items()]
        process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        running.append(process)
        ready, _, _ = select.select([process.stdout], [], [], 20)
        assert ready, "the server said nothing"
        return Server(process, process.stdout.readline().strip())

    yield start
    for process in running:
        assert stop(process) == 0
        process.stdout.close()


@pytest.fixture
def server(echo_server):
    return echo_server(threads=2)
