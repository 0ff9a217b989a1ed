"""What it takes the server to look for copies and stories of new articles, and to make them known.

    python -m benchmarks.placing [--articles N] [--last M]

The articles are those of `benchmarks.corpus`, N of 16 days, put as processing does it, five together. Of the last M the
processor time of the server's one thread that answers is told by function, in milliseconds an article, and that of this
process, which parses, decides and packs. The last line is JSON: `placing_ms` is all but the put itself. `digest` stands
for all fates, stories and their reasons: it stays the same as long as decisions do, with PYTHONHASHSEED the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.corpus import articles
from worker.embedded import server_for
from worker.placing import put_placed
from worker.store.articles import put_many
from worker.store.client import Raw, Server, connect
from worker.store.keys import Keys
from worker.stories import StoryDesk

KEYS = Keys("bench")
AT_ONCE, DAYS, KEEP = 5, 16, 400 * 86400
PUT = "hketo_put_some"


class Timed(Server):
    """A server whose processor time is noted by function: nanoseconds in `spent`."""

    def __init__(self, url: str) -> None:
        super().__init__(connect(url))
        self.load_functions()
        info: Any = self.client.info("server")
        pid = info["process_id"]
        self._clock = Path(
            f"/proc/{pid}/task/{pid}/schedstat"
        )  # its first number: nanoseconds on a processor
        self.spent: Counter[str] = Counter()

    def call(self, function: str, key: str, *args: Raw) -> Any:
        before = self._now()
        answer = super().call(function, key, *args)
        self.spent[function] += self._now() - before
        return answer

    def calls(self, function: str, key: str, arguments: Sequence[Sequence[Raw]]) -> list[Any]:
        before = self._now()
        answers = super().calls(function, key, arguments)
        self.spent[function] += self._now() - before
        return answers

    def _now(self) -> int:
        return int(self._clock.read_text().split()[0])


def placed(server: Server, number: int) -> Iterator[str]:
    """Puts articles; yields what became of each body of them."""
    desk, put = StoryDesk(server, KEYS, KEEP), partial(put_many, server, KEYS)
    made = articles(number, seed=5, days=DAYS)
    while some := list(islice(made, AT_ONCE)):
        done = put_placed(desk, put, [entry for one in some for entry in one.entries], some[-1].seen)
        yield repr(
            [
                (result.fate, result.number, request.near, *map(request.fields.get, ("story", "story_why")))
                for request, result in done
            ]
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--last", type=int, default=500)
    options = parser.parse_args()
    digest, own = hashlib.sha256(), 0.0
    with tempfile.TemporaryDirectory() as folder, server_for(Path(folder), "everysec") as url:
        server = Timed(url)
        for body, became in enumerate(placed(server, options.articles), 1):
            digest.update(became.encode())
            if body == (options.articles - options.last) // AT_ONCE:
                server.spent.clear()
                own = time.process_time()
        own = (time.process_time() - own) * 1000 / options.last
        server.close()
    each = {name: round(spent / 1e6 / options.last, 3) for name, spent in server.spent.most_common()}
    for name, spent in each.items():
        print(f"{name:24}{spent:8.3f} ms")
    print(f"{'this process':24}{own:8.3f} ms")
    placing = round(sum(spent for name, spent in each.items() if name != PUT), 3)
    print(json.dumps({"placing_ms": placing, "put_ms": each[PUT], "digest": digest.hexdigest()[:16]}))


if __name__ == "__main__":
    main()
