"""Amounts of money in a text, with currency and scale, in one short form: "rm105.09bn", "hk$9m"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from parsers.script import fold

# Folded forms: lower case, Simplified.
_CURRENCIES = {
    "rm": ("rm", "myr", "ringgit malaysia", "ringgit", "马币", "令吉", "林吉特", "马来西亚令吉"),
    "hk$": ("hk$", "hkd", "hong kong dollars", "hong kong dollar", "dolar hong kong", "港元", "港币"),
    "us$": ("us$", "usd", "us dollars", "us dollar", "dolar as", "dolar amerika", "美元", "美金"),
    "s$": ("s$", "sgd", "singapore dollars", "singapore dollar", "dolar singapura", "新元", "新币", "坡币"),
    "rmb": ("rmb", "cny", "yuan", "renminbi", "人民币"),
    "a$": ("a$", "aud", "australian dollars", "澳元"),
    "nt$": ("nt$", "twd", "新台币", "台币"),
    "eur": ("€", "eur", "euros", "euro", "欧元"),
    "gbp": ("£", "gbp", "pounds", "英镑"),
    "jpy": ("¥", "jpy", "yen", "日元", "日圆"),
    "rp": ("rp", "idr", "rupiah", "印尼盾"),
    "baht": ("baht", "thb", "泰铢"),
    "$": ("$", "元", "蚊"),
}
_SCALES = {
    Decimal(10) ** 12: ("trillion", "trilion", "triliun", "tn", "trn", "万亿", "兆"),
    Decimal(10) ** 11: ("千亿",),
    Decimal(10) ** 10: ("百亿",),
    Decimal(10) ** 9: ("billion", "bilion", "miliar", "bn", "b", "bil", "十亿"),
    Decimal(10) ** 8: ("亿",),
    Decimal(10) ** 7: ("千万",),
    Decimal(10) ** 6: ("million", "juta", "mn", "mil", "m", "百万"),
    Decimal(10) ** 4: ("万",),
    Decimal(10) ** 3: ("thousand", "ribu", "k", "千"),
}
_STEPS = (
    (Decimal(10) ** 12, "tn"),
    (Decimal(10) ** 9, "bn"),
    (Decimal(10) ** 6, "m"),
    (Decimal(10) ** 3, "k"),
)
_CURRENCY_OF = {form: currency for currency, forms in _CURRENCIES.items() for form in forms}
_SCALE_OF = {form: scale for scale, forms in _SCALES.items() for form in forms}


def _either(words: Iterator[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_BEFORE = _either(form for form in _CURRENCY_OF if form not in ("元", "蚊"))
_AFTER = _either(
    form for form in _CURRENCY_OF if not form.endswith("$") and form not in ("rm", "rp", "€", "£", "¥")
)
_SCALE = _either(iter(_SCALE_OF))
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_FIRST_DIGIT_RE = re.compile(r"\d(?<![0-9].)")
_BEFORE_RE = re.compile(rf"(?<![a-z0-9.])(?P<before>{_BEFORE})?\s?\Z")
_AMOUNT_RE = re.compile(
    rf"(?P<number>{_NUMBER})(?![\d])"
    rf"(?:[\s-]?(?P<scale>{_SCALE})(?P<rest>\d{{1,4}}万)?余?多?)?(?:(?<=[a-z])(?![a-z]))?\s?(?P<after>{_AFTER})?(?![a-z0-9])"
)
_REACH = max(map(len, _CURRENCY_OF)) + 1  # characters before a number in which its currency begins


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` in units of `currency` (rm, hk$, us$, s$, rmb, ..., "$" when the text does not say whose)."""

    currency: str
    value: Decimal
    start: int
    end: int

    @property
    def tag(self) -> str:
        """The amount as a tag's name: "rm105.09bn"."""
        for step, letter in _STEPS:
            if self.value >= step:
                return f"{self.currency}{_plain(self.value / step)}{letter}"
        return f"{self.currency}{_plain(self.value)}"


def amounts(text: str, folded: str = "") -> list[Amount]:
    """The amounts in `text`, in order. A number without a currency is none. `folded` saves folding twice."""
    return list(_amounts(folded or fold(text)))


def figures(text: str, folded: str = "") -> list[str]:
    """The tag names of the amounts in `text`, each once: ["rm105.09bn", "us$23.03bn"]."""
    return list(dict.fromkeys(amount.tag for amount in amounts(text, folded)))


def _amounts(folded: str) -> Iterator[Amount]:
    """Each number with what stands before and behind it: texts hold few, so that looking for them comes first."""
    end = 0
    for digit in _FIRST_DIGIT_RE.finditer(folded):
        at = digit.start()
        if at < end or not (before := _BEFORE_RE.search(folded, max(end, at - _REACH), at)):
            continue
        if not (match := _AMOUNT_RE.match(folded, at)):
            continue
        end = match.end()
        form = before["before"] or match["after"]
        if form is None:
            continue
        value = Decimal(match["number"].replace(",", "")) * _SCALE_OF.get(match["scale"] or "", Decimal(1))
        if match["rest"]:
            value += Decimal(match["rest"][:-1]) * 10_000
        yield Amount(_CURRENCY_OF[form], value, before.start(), end)


def _plain(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01')).normalize():f}"
