"""The address that is served: whether it is free, and how a browser spells it."""

from __future__ import annotations

import socket
from contextlib import closing


class PortTaken(RuntimeError):
    """The address cannot be listened on; the message says which and why."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
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
