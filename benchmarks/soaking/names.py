"""A name server on loopback that says 127.0.0.1 to every name, until it is told to fail."""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import suppress

SERVFAIL, A = 2, 1


class NameServer:
    """Answers from `start` to `stop`. `mode`: well, silent (no answer at all) or servfail. Needs the right to bind
    port 53 (OSError)."""

    def __init__(self) -> None:
        self.mode = "well"
        # A loopback address of this run's own: port 53 of the usual ones may be in use.
        self.address = f"127.77.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, 53))
        self._thread = threading.Thread(target=self._serve, name="names", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                query, sender = self._socket.recvfrom(512)
                if self.mode != "silent" and len(query) > 12:
                    self._socket.sendto(answer(query, fail=self.mode == "servfail"), sender)


def answer(query: bytes, *, fail: bool) -> bytes:
    """The answer to a query with one question (RFC 1035 section 4.1): 127.0.0.1 where an A record is asked for."""
    end = query.index(0, 12) + 5
    kind = struct.unpack("!H", query[end - 4 : end - 2])[0]
    found = kind == A and not fail
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | (SERVFAIL if fail else 0), 1, int(found), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 1, 4) + bytes((127, 0, 0, 1)) if found else b""
    return head + query[12:end] + record
