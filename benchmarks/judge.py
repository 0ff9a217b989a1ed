"""How many articles one core judges per second, and how long the gazetteer takes to load.

    python -m benchmarks.judge

The texts are the judged cases of the tests, filled up with plain prose to 600 characters, and the article the project
began with, in four scripts, filled up to 4,000. A stream of news is mostly of no interest, so one more figure takes
nine such texts for each of ours. The yardstick, in the same run, is a search for the gazetteer's forms with one
regular expression, which finds names and decides nothing. CPU time, not wall-clock. The last line is JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

from parsers.entry import Article
from parsers.gazetteer import builtin
from parsers.relevance import judge

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases" / "judged"
DULL = {
    "en": "The council said on Tuesday that work on the bridge would start after the rainy season and cost less. ",
    "zh": "市議會周二表示，大橋工程將在雨季過後動工，費用較原先估計為低，居民普遍歡迎這項安排。",
}
LOAD = """
import time
from parsers import relevance  # the imports are Python's
start = time.process_time()
relevance.builtin_rules()
print(time.process_time() - start)
"""


def cases() -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for path in sorted(CASES.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                _, _, _, _, title, text = ("", *line.split("\t"))
                rows.append((title, "" if text == "-" else text))
    return rows


def filled(text: str, length: int) -> str:
    dull = DULL["zh" if re.search("[\u4e00-\u9fff]", text) else "en"]
    return (text + " " + dull * (length // len(dull) + 1))[:length]


def article(title: str, text: str, length: int) -> Article:
    body = filled(text, length)
    return Article("", "", "", title, body, body, "", "", "")


def founding(length: int) -> list[Article]:
    told = tomllib.loads((CASES / "founding.toml").read_text("utf-8")).values()
    return [article(one["title"], f"{one['summary']}\n{one['text']}", length) for one in told]


def rate(work: Callable[[Article], object], given: Sequence[Article]) -> float:
    """Articles per CPU second, the better of two rounds."""
    best = 0.0
    for _ in range(2):
        start = time.process_time()
        for article in given:
            work(article)
        best = max(best, len(given) / (time.process_time() - start))
    return best


def yardstick() -> Callable[[Article], object]:
    forms = sorted({form.text for name in builtin().names for form in name.forms}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, forms)))
    return lambda article: pattern.findall(f"{article.title}\n{article.text}")


def load_seconds() -> float:
    """CPU seconds until the built-in rules are ready in a fresh interpreter; best of three."""
    runs = [
        subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    return min(float(run.stdout) for run in runs)


def main() -> None:
    short = [article(title, text, 600) for title, text in cases()]
    dull = [article(text[:40], text, 600) for text in DULL.values()]
    stream = [one for ours in short[:200] for one in (ours, *islice(cycle(dull), 9))]
    long = founding(4000) * 25
    figures = {
        "load_cpu_s": round(load_seconds(), 3),
        "judged_per_s_600": round(rate(judge, short)),
        "judged_per_s_600_one_in_ten_ours": round(rate(judge, stream)),
        "judged_per_s_4000": round(rate(judge, long)),
        "yardstick_regex_per_s_600": round(rate(yardstick(), short[:20]), 1),
    }
    figures["times_yardstick"] = round(figures["judged_per_s_600"] / figures["yardstick_regex_per_s_600"], 1)
    for name, figure in figures.items():
        print(f"{name:36} {figure}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
