"""The address that is served: whether it is free, and how a browser spells it."""

from __future__ import annotations

import socket
from contextlib import closing


class PortTaken(RuntimeError):
    """The address cannot be listened on; the message says which and why."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: asyncio turns Nagle's algorithm off only for sockets that say TCP, and with it each
    # answer waits some 40 ms for the delayed acknowledgement of its head.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(128)
    except OSError as error:
        opened.close()
        raise PortTaken(f"cannot listen on {address(host, port)}: {error.strerror or error}") from error
    return opened


def free(host: str, port: int) -> str:
    """Empty when the address can be listened on now, else why not."""
    try:
        with closing(listen(host, port)):
            return ""
    except PortTaken as error:
        return str(error)


def address(host: str, port: int) -> str:
    """Where a browser finds it."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
