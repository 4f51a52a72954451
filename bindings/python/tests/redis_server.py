"""A redis-server for tests, on a Unix socket in a folder of its own, that keeps nothing on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import Iterator

import pytest
from support import missing


class Server:
    def __init__(self) -> None:
        self.program = shutil.which("redis-server")
        if self.program is None:
            missing("redis-server is not installed")
        self.folder = tempfile.mkdtemp(prefix="redis")  # short, as the path of a socket must be
        self.socket = os.path.join(self.folder, "socket")
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "--port", "0", "--unixsocket", self.socket, "--save", "",
             "--appendonly", "no", "--dir", self.folder],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "eady to accept connections" in line:
                return
        raise RuntimeError("redis-server ended: " + "".join(said))

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="session")
def running_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def server(running_server: Server) -> Iterator[Server]:
    """Empty at the beginning of each test, and running at its end."""
    import redis

    redis.Redis.from_url(running_server.url).flushall()
    yield running_server
    if running_server.process.poll() is not None:
        running_server.start()
