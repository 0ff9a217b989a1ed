"""The parts of the soak run that could make its counts wrong without anybody noticing."""

from __future__ import annotations

import random
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.soaking.count import Fates, without_fate
from benchmarks.soaking.names import answer
from benchmarks.soaking.steady import Condition, recovery
from benchmarks.soaking.world import HOUR, Document, Publication, Truth, publications

PATHS = [f"/feed/{number}" for number in range(200)]


def test_sources_publish_at_the_rate_asked_for_and_in_order() -> None:
    made = list(islice(publications(PATHS, 1.5, random.Random(1)), 3000))
    assert [one.at for one in made] == sorted(one.at for one in made)
    first = [one for one in made if not one.correction]
    assert 0.9 < len(first) / (1.5 * len(PATHS) * made[-1].at / HOUR) < 1.1
    assert len({one.guid for one in first}) == len(first)


def test_the_truth_knows_copies_tellings_and_corrections() -> None:
    made = list(islice(publications(PATHS, 1.5, random.Random(2)), 3000))
    truth = Truth()
    for one in made:
        truth.take(one)
    relevant = [one for one in truth.entries if one.document.relevant]
    assert truth.stories < truth.documents < len(truth.relevant) == len(relevant)
    assert truth.corrections == len(made) - len(truth.entries) > 0
    places = Counter((one.document, one.path) for one in relevant)
    assert max(places.values()) == 1, "a source that prints one document twice would make the counts wrong"
    corrected = next(one for one in made if one.correction)
    before = next(one for one in truth.entries if one.guid == corrected.guid)
    assert corrected.wording(1).text != before.wording(1).text


@pytest.mark.parametrize(
    ("fates", "missing"),
    [
        (Fates(2, {"stored": 1, "off-topic": 1}), 0),
        (Fates(9, {"stored": 1, "off-topic": 1, "seen": 5, "updated": 2}), 0),
        (Fates(1, {"stored": 1}), 1),  # one was never met
        (Fates(3, {"stored": 1, "off-topic": 1}), 1),  # one was met and has no end
        (Fates(5, {"stored": 1, "updated": 4}), 1),
    ],
)
def test_an_entry_without_a_fate_is_counted(fates: Fates, missing: int) -> None:
    truth = Truth()
    for number in range(2):
        truth.take(Publication(0.0, "/a", f"g{number}", Document(number, "en", 0)))
    assert without_fate(truth, {"/a": fates}) == missing


def test_recovery_lasts_until_the_steady_state_that_stays() -> None:
    began = time.monotonic()

    def condition() -> Condition:
        """Steady at once, late from a fifth of a second to two fifths, then steady."""
        return Condition(1 if 0.2 < time.monotonic() - began < 0.4 else 0, 0, 0)

    seconds, wrong = recovery(condition, lambda _: time.sleep(0.01), hold=0.5, patience=5.0)
    assert 0.35 < seconds < 0.6
    assert str(wrong) == "1 sources late"
    assert recovery(lambda: Condition(0, 2, 0), lambda _: time.sleep(0.01), 0.1, patience=0.2)[0] == 0.2


def test_the_name_server_answers_and_fails_by_the_book() -> None:
    question = b"\x06press1\x04soak\x04test\x00" + struct.pack("!HH", 1, 1)
    query = b"\xab\xcd" + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + question
    good, bad = answer(query, fail=False), answer(query, fail=True)
    assert good[:2] == bad[:2] == b"\xab\xcd"
    assert good.endswith(socket.inet_aton("127.0.0.1"))
    assert good[3] & 15 == 0
    assert bad[3] & 15 == 2
    quad = query[:-4] + struct.pack("!HH", 28, 1)  # AAAA: the name exists, the record does not
    assert struct.unpack("!H", answer(quad, fail=False)[6:8]) == (0,)


def test_the_proxy_delays_what_passes_and_goes_when_its_input_ends(tmp_path: Path) -> None:
    listen, target = tmp_path / "l", tmp_path / "t"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(target))
        server.listen()
        proxy = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.soaking.proxy", str(listen), str(target)],
            stdin=subprocess.PIPE,
        )
        assert proxy.stdin
        ends = time.monotonic() + 20
        while not listen.exists() and time.monotonic() < ends:
            time.sleep(0.02)
        client.connect(str(listen))
        behind, _ = server.accept()
        with behind:
            client.sendall(b"one")
            assert behind.recv(10) == b"one"
            proxy.stdin.write(b"0.3\n")
            proxy.stdin.flush()
            time.sleep(0.3)
            began = time.monotonic()
            behind.sendall(b"two")
            assert client.recv(10) == b"two"
            assert time.monotonic() - began > 0.28
        proxy.stdin.close()
        assert proxy.wait(10) == 0
