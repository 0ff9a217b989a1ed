"""Language and script: which language a text is in, one-to-one folding, and the terms a search index keeps.

Folding never changes the length of a text, so that positions found in the folded text hold in the original.
`characters.txt` holds the forms of Chinese characters by OpenCC (`benchmarks/characters.py`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from operator import add

# Variants of the Hong Kong and Taiwan press that OpenCC's character table leaves alone.
_VARIANTS = {"衞": "卫", "鉅": "钜", "敍": "叙", "甯": "宁", "栢": "柏", "峯": "峰", "牀": "床"}
_PUNCTUATION = {
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "‑": "-",
    "─": "-", "−": "-", "\u00a0": " ", "\u3000": " ", "\u2009": " ", "\u202f": " ", "‧": "·", "・": "·",
}  # fmt: skip

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df"
_KANA_HANGUL = "\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af"
_HAN_RE = re.compile(f"[{HAN}]")
_HAN_RUN_RE = re.compile(f"[{HAN}]+")
_KANA_RE = re.compile(f"[{_KANA_HANGUL}]")
_CUT_RE, _FIRST_CUT = re.compile(f"[{HAN}{_KANA_HANGUL}]"), _KANA_HANGUL[0]
_LATIN_WORD_RE = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LETTER_RE = re.compile(r"[^\W\d_]")
_LETTERS_RE = re.compile(r"[^\W\d_]+")
_TERM_RE = re.compile(
    rf"[{HAN}{_KANA_HANGUL}]+"  # a run that is cut into bigrams
    rf"|[a-z$]*\d+(?:[.,]\d+)+[a-z]*"  # a figure with its separators
    rf"|[^\W_{HAN}{_KANA_HANGUL}]+(?:'[^\W_{HAN}{_KANA_HANGUL}]+)*"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Frequent function words; Malay and Indonesian share most, so the second pair tells the two apart.
_ENGLISH = _words("""
    the of and to in for on with is are was were by at from as that has have will its after over an be it
    says new up amid he she his her who not but their this into more than
""")
_MALAY = _words("""
    yang dan di ke dari untuk dengan pada dalam ini itu akan tidak oleh kepada adalah telah bagi juga
    sebagai bekas lagi sekali setakat hubungi jika datang bantu tak dua lapan belas kalah berjemaah anak
    para atas lebih dapat antara tahun hari kata masih selepas serta kerana ialah daripada beliau kerajaan
    rakyat negara menteri datuk seri orang tiada anda jadi boleh bukan mahu kini baharu
""")
_ONLY_MALAY = _words("""
    kerana ialah bahawa daripada baharu wang polis ogos julai mac jun mei ahad isnin rabu sabtu boleh
    beliau kerajaan datuk tan seri berkata dijangka bagi syarikat lapangan terbang kereta hospital pejabat
    pelancongan awam pengerusi warganegara ujar mahu kali peratus manakala hendaklah selepas sejurus
    ketika sen ringgit juta perdana bilion
""")
_ONLY_INDONESIAN = _words("""
    karena bahwa uang polisi agustus juli maret bisa pemerintah rupiah persen miliar triliun kantor mobil
    pariwisata perusahaan wib nggak jokowi prabowo kemenlu kemendag tiongkok selasa kamis jumat inggris
    jepang resmi pesawat bandara
""")
_MALAYIC = _MALAY | _ONLY_MALAY | _ONLY_INDONESIAN
# Malay and Indonesian verbs and nouns betray themselves by their affixes where no function word helps.
_AFFIX_RE = re.compile(
    r"(?:meng|meny|mem[bp]|pem[b]|ber[^lrn]|peng|peny|diper)[a-z]{3,}|[a-z]{3,}(?:nya|kan)|ke[a-z]{4,}an|pe[a-z]{4,}an"
)


@cache
def _simplified() -> dict[int, int]:
    """Traditional to Simplified, one character to one, as OpenCC converts each character alone."""
    traditional, simplified, _ = _characters()
    table = dict(zip(map(ord, traditional), map(ord, simplified), strict=True))
    return table | {ord(a): ord(b) for a, b in _VARIANTS.items() if a != b}


def _characters() -> list[str]:
    """Traditional characters, their Simplified forms in the same order, and what only Simplified text has."""
    return resources.files("parsers").joinpath("characters.txt").read_text("utf-8").split()


def folding() -> dict[int, int]:
    """What becomes of each character that `plain` changes."""
    table = dict(_simplified())
    for code in (*range(0xFF01, 0xFFEF), *range(0x2460, 0x24FF), *range(0xF900, 0xFB00)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain != chr(code):
            table[code] = table.get(ord(plain), ord(plain))
    for code in (*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            table[code] = ord(base)
    table |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # lone surrogates, which no automaton takes
    return table | {ord(a): ord(b) for a, b in _PUNCTUATION.items()}


@cache
def _fold_table() -> str:
    """What each character becomes, at its place: looked up in two thirds of the time of a dict, and no larger.
    `str.translate` leaves what lies beyond as it is."""
    table = folding()
    folded = list(map(chr, range(max(table) + 1)))
    for code, value in table.items():
        folded[code] = chr(value)
    return "".join(folded)


@cache
def _script_marks() -> tuple[frozenset[str], frozenset[str]]:
    """The characters that only Traditional, and only Simplified, text has."""
    traditional = _simplified()
    # Characters such as 后, 里, 干, 台 are good Traditional too, where OpenCC only *may* convert them.
    both = set(
        "后里干台只几面系丑冬出千升卷向吁咸回困复家局岳帘并幸志念才扎折挂据斗旋曲札朱杰松极板柜梁欲游涂涌淀温灶症皂着私秋种筑签累细群网胡脏致舍范药表谷辟适郁采里钟须风丰云仆仇从价伙余个么了于"
    )
    simple = set(_characters()[2]) - both
    return frozenset(map(chr, traditional)), frozenset(simple)


def lower(text: str) -> str:
    """Lower case of the same length as `text`."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def fold(text: str) -> str:
    """`text` with full width made half, Traditional made Simplified, accents taken off Latin letters,
    typographic marks made plain, and lower case: one character for one, so the result has the length of `text`."""
    return plain(text).lower() if text.isascii() else lower(plain(text))


def plain(text: str) -> str:
    """As `fold`, but capitals stay."""
    return text.replace("`", "'") if text.isascii() else text.translate(_fold_table())


def language(text: str, hint: str = "") -> str:
    """The language of `text`: en, ms, id, zh-Hant, zh-Hans or other.

    `hint` is a language tag the source gives; it decides only what the text leaves open (Malay or Indonesian,
    a short line without a telling word, Chinese without a telling character).
    """
    sample = text[:2000]
    if sample.isascii():
        return _latin(sample, hint) if _LETTER_RE.search(sample) else _known(hint)
    letters = _length(_LETTERS_RE, sample)
    han = _length(_HAN_RUN_RE, sample)
    if letters == 0:
        return _known(hint)
    if len(_KANA_RE.findall(sample)) > 0.15 * letters:
        return "other"
    # One Chinese character says about as much as a Latin word of five letters.
    if han * 5 >= letters - han:
        return _chinese(sample, hint)
    return _latin(sample, hint)


def _length(runs: re.Pattern[str], sample: str) -> int:
    """How many characters stand in runs of a kind."""
    return sum(map(len, runs.findall(sample)))


@lru_cache(maxsize=16384)
def _malayic(word: str) -> bool:
    """Whether a word is, or is built like, one of Malay or Indonesian. Texts use few words, again and again."""
    return word in _MALAYIC or _AFFIX_RE.fullmatch(word) is not None


def _chinese(sample: str, hint: str) -> str:
    only_traditional, only_simplified = _script_marks()
    traditional = sum(map(only_traditional.__contains__, sample))
    simplified = sum(map(only_simplified.__contains__, sample))
    if traditional == simplified:
        known = _known(hint)
        return known if known.startswith("zh") else "zh-Hans"
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def _latin(sample: str, hint: str) -> str:
    plain = fold(sample)
    words = _LATIN_WORD_RE.findall(plain)
    english = sum(map(_ENGLISH.__contains__, words))
    malay = sum(map(_malayic, words))
    known = _known(hint)
    if english == malay == 0:
        latin_letters = sum(map(len, words))
        if known != "other" or len(words) >= 8:
            return known
        return "en" if words and latin_letters >= 0.8 * len(_LETTER_RE.findall(plain)) else "other"
    if english >= malay:
        foreign = len(words) >= 12 and english < 0.04 * len(words)
        return "other" if foreign and known == "other" else "en"
    if malay < 0.05 * len(words):
        return known
    own = sum(word in _ONLY_MALAY for word in words)
    indonesian = sum(word in _ONLY_INDONESIAN for word in words)
    if own == indonesian or known == "ms":
        return "id" if known == "id" else "ms"
    return "ms" if own > indonesian else "id"


def _known(hint: str) -> str:
    tag = hint.strip().lower().replace("_", "-")
    if tag.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
        return "zh-Hant"
    if tag.startswith("zh"):
        return "zh-Hans"
    main = tag.split("-", 1)[0]
    return main if main in ("en", "ms", "id") else "other"


def terms(text: str) -> list[str]:
    """The search terms of `text`, in order and with repetitions: words of Latin and other alphabets, bigrams
    of Chinese (folded to Simplified; a lone character stands alone). One function for index and query."""
    if text.isascii():
        plain = text.replace("`", "'").lower()
    else:
        plain = unicodedata.normalize("NFKC", text).translate(_fold_table()).casefold()
    runs = _TERM_RE.findall(plain)
    if "'" in plain:
        runs = [run.removesuffix("'s").replace("'", "") if "'" in run else run for run in runs]
    if text.isascii():
        return runs
    found: list[str] = []
    for run in runs:
        if run >= _FIRST_CUT and _CUT_RE.match(run):
            found += map(add, run, run[1:]) if len(run) > 1 else run
        else:
            found.append(run)
    return found
