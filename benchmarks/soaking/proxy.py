"""A proxy between two Unix sockets that can make every answer and every request late.

    python -m benchmarks.soaking.proxy LISTEN TARGET

Reads on standard input, one a line, the seconds that each chunk waits from then on; ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress


class Proxy:
    def __init__(self, target: str) -> None:
        self.target, self.delay = target, 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        try:
            behind = await asyncio.open_unix_connection(self.target)
        except OSError:  # the server is away: so is the proxy
            writer.close()
            return
        ways = [self._pass(reader, behind[1]), self._pass(behind[0], writer)]
        tasks = [asyncio.ensure_future(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for end in (writer, behind[1]):
            end.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                sink.write(chunk)
                await sink.drain()

    async def listen(self, path: str) -> None:
        """Until standard input ends."""
        loop, orders = asyncio.get_running_loop(), asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        async with await asyncio.start_unix_server(self.serve, path):
            while line := await orders.readline():
                self.delay = float(line)


if __name__ == "__main__":
    asyncio.run(Proxy(sys.argv[2]).listen(sys.argv[1]))
