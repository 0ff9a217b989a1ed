"""Frequencies in Redis: articles counted together are told what each would have been told when counted alone."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.storyterms import Profile
from worker.store.client import Server
from worker.store.frequencies import COUNT_PERIOD, RedisFrequencies
from worker.store.keys import Keys

WORDS = ["orchid", "songket", "砂拉越", "\ud800", "plumless", "buckeroo", *(f"word{n}" for n in range(600))]
FIRST = 125 * COUNT_PERIOD
EXAMPLES = count()

profiles = st.builds(
    lambda family, first, many, keys: Profile(
        family, dict.fromkeys(WORDS[first : first + many], 1.0), dict.fromkeys(keys, 1.0)
    ),
    st.sampled_from(["en", "ms"]),
    st.integers(0, 8),
    st.sampled_from([0, 3, 12, 600]),
    st.lists(st.sampled_from(["e:person/x", "n:12", "w:kulim"]), unique=True),
)
times = st.integers(-1, 2).map(lambda periods: FIRST + periods * COUNT_PERIOD + 7.0)


@given(st.lists(st.tuples(profiles, times), min_size=1, max_size=9))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_articles_counted_together_are_told_as_one_by_one(
    server: Server, keys: Keys, told: list[tuple[Profile, float]]
) -> None:
    example = next(EXAMPLES)
    together = RedisFrequencies(server, Keys(f"{keys.namespace}-together-{example}"))
    alone = RedisFrequencies(server, Keys(f"{keys.namespace}-alone-{example}"))
    for _ in range(2):  # the second time over what the first left
        assert together.counted_all(told) == [alone.counted(*one) for one in told]
    assert together.counted_all(told, add=False) == [alone.counted(*one, add=False) for one in told]


def test_counts_are_of_this_period_and_the_one_before(server: Server, keys: Keys) -> None:
    frequencies = RedisFrequencies(server, keys)
    one = Profile("en", {"orchid": 1.0, "songket": 1.0}, {"n:12": 1.0})
    two = Profile("en", {"songket": 1.0}, {})
    assert frequencies.counted(one, FIRST).counts == {"en": (1, 1, 1), "key": (1, 1)}
    assert frequencies.counted(two, FIRST + COUNT_PERIOD).counts == {"en": (2, 2), "key": (2,)}
    assert frequencies.counted(one, FIRST + COUNT_PERIOD, add=False).counts == {
        "en": (2, 1, 2),
        "key": (2, 1),
    }
    assert frequencies.counted(one, FIRST + 2 * COUNT_PERIOD).counts == {"en": (2, 1, 2), "key": (2, 1)}


def test_of_two_terms_in_one_cell_each_is_told_both(server: Server, keys: Keys) -> None:
    both = Profile("en", {"plumless": 1.0, "buckeroo": 1.0}, {})  # one CRC-32
    frequencies = RedisFrequencies(server, keys)
    assert frequencies.counted(both, FIRST).counts["en"] == (1, 2, 2)
    assert frequencies.counted(Profile("en", {"buckeroo": 1.0}, {}), FIRST).counts["en"] == (2, 3)


def test_a_counter_that_is_full_stays_so(server: Server, keys: Keys) -> None:
    client: Any = server.client
    period = int(FIRST // COUNT_PERIOD)
    client.bitfield(keys.prefix + f"df:en:{period}").set("u16", "#0", 65_534).execute()
    told = [(Profile("en", {}, {}), FIRST)] * 3
    assert [one.counts["en"] for one in RedisFrequencies(server, keys).counted_all(told)][-1] == (65_535,)
    assert RedisFrequencies(server, keys).counted(*told[0]).counts["en"] == (65_535,)
