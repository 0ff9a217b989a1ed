"""Makes articles for measuring: the same ones for the same number, in four scripts, with word statistics like those of
news: frequencies by Zipf's law, a vocabulary that never ends, phrases that recur, names from the gazetteer, verdicts
and reasons from the real judge.

Languages: English 45 %, Malay 20 %, Traditional Chinese 20 %, Simplified Chinese 15 %. Of the texts 70 % are a short
summary (15-45 words), 20 % a long one (60-110), 10 % the whole article (180-420); a Chinese word counts as one word.
Every article begins with a lead that names people and places, from a stock of 1,500 that were judged; its other
words follow no sense. Articles spread evenly over 400 days and arrive in order, one in fifty a few days late; one in
ten is shown by a second source.
"""

from __future__ import annotations

import random
import tomllib
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlsplit

from feeds.builtin import builtin_sources
from parsers.entry import Article, Entry, Moment, Verdict
from parsers.relevance import judge
from parsers.script import fold
from worker import entries, identity
from worker.entries import Occasion, Rules
from worker.placing import Decided

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases" / "judged"
END = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
DAYS = 400
RULES = Rules(keep=DAYS * 2 * 86400, keep_rejected=14 * 86400, seed_max_age=86400, max_age=7 * 86400)
LEADS = 1500
SHARES = (("en", 45), ("ms", 20), ("zh-Hant", 20), ("zh-Hans", 15))
LENGTHS = ((70, 15, 45), (20, 60, 110), (10, 180, 420))
FIELD = {"en": "en", "ms": "ms", "zh-Hant": "zh-hant", "zh-Hans": "zh-hans"}


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who publishes: `home` is the beginning of its addresses."""

    id: str
    publisher: str
    home: str
    country: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A beginning that was judged."""

    title: str
    sentence: str
    verdict: Verdict


@cache
def catalogue_sources() -> tuple[Outlet, ...]:
    """The sources of the catalogue, one per publisher and section."""
    return tuple(
        Outlet(
            source.id,
            source.publisher or source.id,
            f"https://{urlsplit(source.url).hostname}",
            source.country,
        )
        for source in builtin_sources()
    )


class Zipf:
    """Draws items so that the k-th is drawn in proportion to 1/(k + 2.7), after Mandelbrot."""

    def __init__(self, items: Sequence[str], power: float = 1.0) -> None:
        self._items = items
        self._sums = list(accumulate(1 / (k + 2.7) ** power for k in range(len(items))))

    def draw(self, rng: random.Random) -> str:
        return self._items[bisect(self._sums, rng.random() * self._sums[-1])]


def cases(lang: str, half: int) -> list[tuple[str, str, str, str]]:
    """Grade, country, title and text of every second judged case of a language. The articles made here are of half
    1; the dictionary that the store packs with was trained on half 0, so that it has not seen what it packs here."""
    lines = (CASES / f"{FIELD[lang]}.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [
        (grade, country.strip("-"), title, text.strip("-"))
        for grade, _, country, title, text in rows[half::2]
    ]


_ONSETS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "w",
    "y",
    "br",
    "ch",
    "kl",
    "kr",
    "ng",
    "pr",
    "sh",
    "st",
    "tr",
    "th",
    "pl",
    "gr",
]
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "i", "ai", "au", "ea", "oo", "ia"]
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "ng", "k", "m", "nd", "st"]


def _latin(lang: str, rng: random.Random) -> list[str]:
    """Words of the cases by frequency, then 60,000 that look like words."""
    counts = Counter(word for _, _, title, text in cases(lang, 1) for word in fold(f"{title} {text}").split())
    own = [word for word, _ in counts.most_common() if word.isalpha()]
    made: dict[str, None] = dict.fromkeys(own)
    while len(made) < 60_000:
        syllables = rng.choices((1, 2, 3, 4), (10, 45, 30, 15))[0]
        parts = (rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(syllables))
        made.setdefault("".join(parts))
    return list(made)


def _chinese(lang: str, rng: random.Random) -> list[str]:
    """40,000 words of one to four characters; the characters by Zipf's law, those of the cases foremost."""
    counts = Counter(
        c for _, _, title, text in cases(lang, 1) for c in f"{title}{text}" if "\u4e00" <= c <= "\u9fff"
    )
    codec, first, last = ("big5", 0xA4, 0xC6) if lang == "zh-Hant" else ("gb2312", 0xB0, 0xD7)
    common = "".join(
        bytes((high, low)).decode(codec, "ignore")
        for high in range(first, last + 1)
        for low in range(0xA1, 0xFF)
    )
    rest = [c for c in common if "\u4e00" <= c <= "\u9fff" and c not in counts]
    rng.shuffle(rest)
    characters = Zipf([c for c, _ in counts.most_common()] + rest, 0.9)
    made: dict[str, None] = {}
    while len(made) < 40_000:
        size = rng.choices((1, 2, 3, 4), (8, 68, 14, 10))[0]
        made.setdefault("".join(characters.draw(rng) for _ in range(size)))
    return list(made)


@dataclass(frozen=True, slots=True)
class Language:
    """What texts of one language are made of. `phrases` are sequences of words that recur."""

    lang: str
    words: Zipf
    phrases: tuple[str, ...]
    leads: tuple[Lead, ...]

    @property
    def space(self) -> str:
        return "" if self.lang.startswith("zh") else " "

    def prose(self, rng: random.Random, length: int) -> str:
        """About `length` words in sentences."""
        parts: list[str] = []
        while length > 0:
            size = min(length, rng.randint(7, 24))
            words = [self.words.draw(rng) for _ in range(size)]
            if rng.random() < 0.5:
                words[rng.randrange(size)] = rng.choice(self.phrases)
            parts.append(self.space.join(words) + ("。" if not self.space else "."))
            length -= size
        return self.space.join(part[0].upper() + part[1:] for part in parts)


@cache
def languages() -> dict[str, Language]:
    """The material of every language."""
    return {lang: _language(lang) for lang, _ in SHARES}


def _language(lang: str) -> Language:
    rng = random.Random(f"vocabulary of {lang}")
    chinese = lang.startswith("zh")
    words = Zipf(_chinese(lang, rng) if chinese else _latin(lang, rng))
    space = "" if chinese else " "
    phrases = tuple(space.join(words.draw(rng) for _ in range(rng.randint(2, 4))) for _ in range(3000))
    return Language(lang, words, phrases, tuple(_leads(lang, words, rng)))


def _leads(lang: str, words: Zipf, rng: random.Random) -> Iterator[Lead]:
    field = {"zh-Hant": "hant", "zh-Hans": "hans"}.get(lang, lang)
    names = _forms(field)
    space = "" if lang.startswith("zh") else " "
    told = [(title, text) for grade, _, title, text in cases(lang, 1) if grade != "0"]
    for _ in range(LEADS * dict(SHARES)[lang] // 100):
        while True:
            title, text = rng.choice(told)
            extra = [
                names[kind].draw(rng) for kind in ("person", "place", "org", "topic") if rng.random() < 0.6
            ]
            sentence = f"{text}{space}{space.join([*extra, words.draw(rng)])}."
            verdict = judge(Article("", "", "", title, sentence, sentence, lang, "", "x"))
            if verdict.grade:
                yield Lead(title, sentence, verdict)
                break


def _forms(field: str) -> dict[str, Zipf]:
    """The first written form of the gazetteer's names, by kind; topics by a word of theirs."""
    folder = Path(__file__).resolve().parent.parent / "parsers" / "gazetteer"
    found: dict[str, list[str]] = {"person": [], "place": [], "org": [], "topic": []}
    for path in sorted(folder.glob("*.toml")):
        for kind, rows in tomllib.loads(path.read_text("utf-8")).items():
            for row in rows if kind in found and isinstance(rows, list) else ():
                spelled = row.get("strong", row)
                forms = spelled.get(field) or spelled.get("hant" if field == "hans" else "en") or ()
                found[kind] += forms[:1]
    if not all(found.values()):
        raise RuntimeError("the gazetteer has no names of some kind: this generator must follow its files")
    return {kind: Zipf(forms) for kind, forms in found.items()}


@dataclass(frozen=True, slots=True)
class Made:
    """One article and what stores it: its own entry, and that of a second source for one in ten."""

    lang: str
    title: str
    text: str
    entries: tuple[Decided, ...]
    seen: float

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of the index."""
        return self.entries[0].request.tags


def articles(count: int, seed: int = 1, first: int = 0, days: float = DAYS) -> Iterator[Made]:
    """`count` articles in the order of their arrival, spread over the `days` before END, numbered from `first`."""
    rng = random.Random(seed)
    kinds, weights = [kind for kind, _ in SHARES], [weight for _, weight in SHARES]
    outlets = catalogue_sources()
    often = Zipf([str(i) for i in range(len(outlets))])
    for i in range(count):
        seen = END - timedelta(days=days) * (1 - (i + 1) / count)
        late = (
            timedelta(days=rng.uniform(1, 5))
            if rng.random() < 0.02
            else timedelta(minutes=rng.expovariate(1 / 15))
        )
        language = languages()[rng.choices(kinds, weights)[0]]
        one, other = (outlets[int(often.draw(rng))] for _ in range(2))
        yield _made(
            first + i, rng, language, seen, seen - late, (one, other) if rng.random() < 0.1 else (one,)
        )


def _made(
    i: int, rng: random.Random, language: Language, seen: datetime, at: datetime, outlets: Sequence[Outlet]
) -> Made:
    lead = rng.choice(language.leads)
    words = [language.words.draw(rng) for _ in range(rng.randint(3, 6))]
    title = lead.title + language.space + language.space.join(words)
    _, low, high = LENGTHS[rng.choices(range(3), [share for share, _, _ in LENGTHS])[0]]
    whole = high > 110  # its summary is a short one
    length = rng.randint(low, high)
    summary = f"{lead.sentence}{language.space}{language.prose(rng, 30 if whole else length)}"
    text = f"{summary}\n{language.prose(rng, length - 30)}" if whole else summary
    content = Content(title, summary, text, language.lang, lead.verdict)
    shown = tuple(
        _request(i * 2 + k, outlet, content, at, seen + timedelta(minutes=9 * k))
        for k, outlet in enumerate(outlets)
    )
    return Made(language.lang, title, text, shown, seen.timestamp())


@dataclass(frozen=True, slots=True)
class Content:
    title: str
    summary: str
    text: str
    lang: str
    verdict: Verdict


def _request(i: int, outlet: Outlet, told: Content, at: datetime, seen: datetime) -> Decided:
    home = outlet.home if i % 2 == 0 else "https://wire.example"
    own, chinese = i // 2, told.lang.startswith("zh")
    slug = f"{own * 2654435761 % 2**32:08x}" if chinese else "-".join(told.title.split()[:7]).lower()
    url = f"{outlet.home}/news/{at:%Y/%m/%d}/{slug}-{1_000_000 + own}"
    link = f"{url}?utm_source=rss" if own % 4 == 0 else url
    published = Moment(at.replace(microsecond=0))
    guid = f"{home}/?p={1_000_000 + own}" if own % 3 == 0 else url
    entry = Entry(guid, link, told.title, summary=told.summary, content=told.text, published=published)
    article = Article(
        guid=guid,
        url=url,
        link=link,
        title=told.title,
        summary=told.summary,
        text=told.text,
        lang=told.lang,
        publisher=outlet.publisher,
        source=outlet.id,
        country=outlet.country,
        published=published,
    )
    occasion = Occasion(f"p{i}", outlet.id, seen, first=False)
    mark = identity.fingerprint(0, entry, outlet.id)
    return Decided(entries.request_for(article, mark, told.verdict, (), occasion, RULES), article)
