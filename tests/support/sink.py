"""A webhook receiver on loopback that answers as a test tells it to, and keeps what it got."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `delay` in seconds before it; `hang`: none at all until the sink stops; `drop`: the
    connection is closed without a byte; `drip`: seconds between the bytes of the body."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    hang: bool = False
    drop: bool = False
    drip: float = 0.0


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in. Header names are lower case; `monotonic` in seconds."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    answer: Answer
    monotonic: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> str:
        """Its Idempotency-Key, empty when it has none."""
        return self.headers.get("idempotency-key", "")


Choose = Callable[[str, bytes], Answer]


class Sink:
    """Answers come from the script, in order, and then from `otherwise`. `port` 0: any free one."""

    def __init__(self, otherwise: Answer | Choose = Answer(), port: int = 0) -> None:
        self._otherwise = otherwise
        self._script: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._stopping = threading.Event()
        self._server = _server(self, port)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/hook"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def received(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    @property
    def accepted(self) -> Counter[str]:
        """How often each Idempotency-Key was answered with 2xx."""
        return Counter(
            one.key for one in self.received if 200 <= one.answer.status < 300 and _whole(one.answer)
        )

    def script(self, answers: Iterable[Answer]) -> None:
        with self._lock:
            self._script.extend(answers)

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Received]:
        """What was received, once that is `count` requests. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while len(found := self.received) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} requests after {timeout} s")
            time.sleep(0.01)
        return found

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with self._lock:
            if self._script:
                answer = self._script.popleft()
            else:
                answer = (
                    self._otherwise if isinstance(self._otherwise, Answer) else self._otherwise(path, body)
                )
            self._received.append(Received(path, headers, body, answer, time.monotonic()))
        return answer


@contextmanager
def running_sink(otherwise: Answer | Choose = Answer()) -> Iterator[Sink]:
    """A sink for the length of a `with` block."""
    sink = Sink(otherwise)
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


def _whole(answer: Answer) -> bool:
    return not (answer.hang or answer.drop)


def _server(sink: Sink, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._say(sink._take(self.path, headers, body))

        do_GET = do_POST

        def _say(self, answer: Answer) -> None:
            self.close_connection = True
            if answer.hang:
                sink._stopping.wait()
            if answer.hang or answer.drop:
                return
            sink._stopping.wait(answer.delay)
            try:
                self._send(answer)
            except OSError:  # the client gave up, which is what such a test wants to see
                return

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not answer.drip:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if sink._stopping.wait(answer.drip):
                    return

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the sink keeps what it got."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    return server
