"""HTML and near-HTML to clean plain text that is safe to print on a terminal and to put on a web page."""

from __future__ import annotations

import html
import re
import unicodedata


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Names that are taken for tags. Anything else between angle brackets stays text: headlines of this region
# write titles of books and papers as <<Sin Chew Daily>> or <星洲日报>.
_INLINE = _names(
    "a abbr acronym applet area audio b base basefont bdi bdo big blink button canvas cite code col "
    "colgroup data datalist del dfn em embed font frame frameset i img input ins kbd keygen label link "
    "map mark marquee menu menuitem meta meter nobr object output param picture progress q rb rp rt rtc "
    "ruby s samp select slot small source span strike strong sub sup textarea time track tt u var wbr"
)
_BLOCK = _names(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol "
    "optgroup option p pre section summary table tbody td tfoot th thead title tr ul video"
)
_HIDDEN = _names("head iframe math noembed noframes noscript script style svg template xml")
_KNOWN = _INLINE | _BLOCK | _HIDDEN
_BREAK = "\n"
# What a tag leaves in the text. Those that hide what they hold need more than that.
_MARKS = dict.fromkeys(_BLOCK, _BREAK) | dict.fromkeys(_INLINE, "")

# One tag at the start of a piece that holds no further "<". Possessive, so it is linear whatever comes.
_TAG = re.compile(
    r"""(/?)([a-zA-Z][a-zA-Z0-9]*(?:[:-][a-zA-Z0-9-]+)?)(?=[\s/>])"""
    r"""[^>"']*+(?:"[^"]*+"[^>"']*+|'[^']*+'[^>"']*+)*+>"""
)
# A tag as it should be. Anything else in a text sends all of it the slow way.
_NEAT_TAG = re.compile(
    r"""</?([a-zA-Z][a-zA-Z0-9]*+)(?:\s[^<>"']*+(?:"[^"<>]*+"[^<>"']*+|'[^'<>]*+'[^<>"']*+)*+)?/?>"""
)
# The tags that make up nearly all markup of feeds, without a look-up for each. None reaches over "\0", which
# parts the texts that are cleaned together.
_NEAT_REST = r"""(?:>|\s[^<>"'\0]*+(?:"[^"<>\0]*+"[^<>"'\0]*+)*+>|/>)"""
_BLOCK_TAG = rf"</?(?:p|br|div|li|ul|h[1-6]){_NEAT_REST} *+"
_COMMON_BLOCK = re.compile(f"{_BLOCK_TAG}(?:{_BLOCK_TAG})*+")  # they stand in rows
_COMMON_INLINE = re.compile(rf"</?(?:a|b|i|em|img|span|strong|font){_NEAT_REST}")
_LOOSE_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]*(?:[:-][a-zA-Z0-9-]+)?)(?=[\s/>])[^>]*>")
_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*(?:[:-][a-zA-Z0-9-]+)?)(?=[\s/>]|$)")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_SURROGATES = re.compile(
    r"&#(?:[xX]([dD][89abAB][0-9a-fA-F]{2})|(5[5-6][0-9]{3}));"
    r"&#(?:[xX]([dD][c-fC-F][0-9a-fA-F]{2})|(5[6-7][0-9]{3}));"
)

# Characters that are never shown or that steer the terminal: C0, C1, soft hyphen, zero-width and
# bidirectional marks, fillers, interlinear marks, noncharacters, tag characters, lone surrogates. Full-width
# letters and digits and the many spaces are in here to be folded.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200c"
    "\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uff10-\uff19"
    "\uff21-\uff3a\uff41-\uff5a\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
# Text without any of these is printable and composed (NFC) as it stands: ASCII, Latin letters, punctuation,
# kana, Chinese characters, Hangul syllables and full-width punctuation are left out of it.
_NOT_PLAIN = re.compile(
    "[^\t\n -~\xa1-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u3001-\u3029\u3041-\u3096\u30a0-\u30ff"
    "\u3400-\u9fff\uac00-\ud7a3\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)
_PLAIN_ASCII = bytes(range(0x20, 0x7F)) + b"\t\n"
_SPACE_RUN = re.compile("  +")
_BREAK_RUN = re.compile("\n[ \n]+")
_SPACED_BREAK = re.compile("\n(?<= \n)")  # " \n", looked for at breaks only, which are few
# A zero-width joiner holds emoji together; beside a letter it only hides the word from us.
_JOINER = re.compile("(?<=\\w)\u200d|\u200d(?=\\w)")
_SPACES = frozenset("\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u202f\u205f\u3000\u3164\uffa0") | {
    chr(code) for code in range(0x2000, 0x200B)
}
_LINES = frozenset("\u2028\u2029")


def to_text(source: str) -> str:
    """The text of an HTML fragment: tags gone, block elements as line breaks, references decoded (also when
    they were encoded twice), spaces folded. Never raises; the result holds no control character but "\\n".
    """
    if "<" not in source and "&" not in source:
        return tidy(source)
    marked = "<" in source
    text = decode(_without_tags(source) if marked else source)
    # Markup that was escaped once too often shows up only after decoding, and then nothing else is markup.
    if "<" in text and not _has_tags(source) and _has_tags(text):
        marked, text = True, decode(_without_tags(text))
    return _lines(text) if marked else tidy(text)


def to_texts(sources: list[str]) -> list[str]:
    """`to_text` of each. The plain ones among many are cleaned in one go, at a third of the cost."""
    joined = "\0".join(sources)
    joined = joined.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    if "<" in joined:
        joined = _BREAK_RUN.sub(_BREAK, _COMMON_INLINE.sub("", _COMMON_BLOCK.sub(_BREAK, joined)))
    if "  " in joined:
        joined = _SPACE_RUN.sub(" ", joined)
    if _SPACED_BREAK.search(joined):
        # By lines, for two characters are looked for at a tenth of the pace of one.
        joined = _BREAK.join([line.rstrip(" ") for line in joined.split(_BREAK)])
    pieces = joined.split("\0")
    if len(pieces) != len(sources):  # one of them holds "\0" itself
        return [to_text(source) for source in sources]
    if _is_plain(joined.replace("\0", _BREAK)):  # as nearly always: not asked of each
        return [piece.strip() for piece in pieces]
    plain = [_is_plain(piece) for piece in pieces]
    return [
        piece.strip() if clean else to_text(source)
        for source, piece, clean in zip(sources, pieces, plain, strict=True)
    ]


def _is_plain(text: str) -> bool:
    """No markup, no references, and nothing that is not printed as it stands."""
    if "<" in text or "&" in text:
        return False
    if text.isascii():
        return not text.encode("ascii").translate(None, _PLAIN_ASCII)
    return _NOT_PLAIN.search(text) is None


def plain_texts(sources: list[str]) -> list[str]:
    """`plain_text` of each, together where there is nothing to do but to fold spaces."""
    joined = "\0".join(sources)
    if "&" not in joined and "\n" not in joined and "\t" not in joined and "  " not in joined:
        pieces = joined.split("\0")
        together = joined.replace("\0", " ")
        if len(pieces) == len(sources) and _printable(together) is together:
            return [piece.strip() for piece in pieces]
    return [plain_text(source) for source in sources]


def plain_text(source: str) -> str:
    """Text that is declared to be plain: angle brackets are meant, twice-encoded references are not."""
    return _lines(decode(source))


def clean_title(source: str, *, plain: bool = False) -> str:
    """A headline on one line. `plain` when the format says that it holds no markup."""
    text = plain_text(source) if plain else to_text(source)
    return " ".join(text.split()) if _BREAK in text else text


def decode(text: str) -> str:
    """Character references decoded, at most twice. Only those that end in ";": `R&D`, `Q&A` and the
    parameters of an address are not references."""
    for _ in range(2):
        if "&" not in text:
            break
        if "&#" in text:
            text = _SURROGATES.sub(_pair, text)
        text = _REFERENCE.sub(_one_reference, text)
    return text


def tidy(text: str) -> str:
    """One paragraph: odd characters gone or folded, every run of space one space."""
    text = _printable(text)
    if "\n" in text or "  " in text or "\t" in text:
        return " ".join(text.split())
    return text.strip()


def _lines(text: str) -> str:
    """As `tidy`, but line breaks stay (no empty lines)."""
    if _BREAK not in text:
        return tidy(text)
    text = _printable(text)
    lines = [line for line in map(str.strip, text.split(_BREAK)) if line]
    if "  " in text or "\t" in text:
        lines = [" ".join(line.split()) for line in lines]
    return _BREAK.join(lines)


def _printable(text: str) -> str:
    if text.isascii():
        if not text.encode("ascii").translate(None, _PLAIN_ASCII):
            return text
    elif not _NOT_PLAIN.search(text):
        return text
    text = _ODD.sub(_replace_odd, text)
    if text.isascii():
        return text
    if "\u200d" in text:
        text = _JOINER.sub("", text)
    return unicodedata.normalize("NFC", text)


def _replace_odd(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SPACES:
        return " "
    if char in _LINES:
        return _BREAK
    if "\uff10" <= char <= "\uff5a":
        return chr(ord(char) - 0xFEE0)  # full-width to ASCII
    if "\x80" <= char <= "\x9f":
        # Bytes of windows-1252 that were read as ISO 8859-1: every browser shows them as meant.
        return bytes([ord(char)]).decode("cp1252", "ignore")
    return ""


def _one_reference(match: re.Match[str]) -> str:
    decoded = html.unescape(match[0])
    return "" if decoded == "\ufffd" else decoded  # NUL, a lone surrogate, beyond Unicode


def _pair(match: re.Match[str]) -> str:
    high = int(match[1], 16) if match[1] else int(match[2])
    low = int(match[3], 16) if match[3] else int(match[4])
    if not (0xD800 <= high <= 0xDBFF and 0xDC00 <= low <= 0xDFFF):
        return ""
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _has_tags(text: str) -> bool:
    return any(_is_tag(match[2]) for match in map(_TAG.match, text.split("<")[1:]) if match)


def _is_tag(name: str) -> bool:
    return name.lower() in _KNOWN or "-" in name or ":" in name


def _without_tags(source: str) -> str:
    """Text between the tags; line breaks of the source are spaces, those of block elements are kept."""
    if "\n" in source or "\r" in source:
        source = source.replace("\r", " ").replace("\n", " ")
    neat = _COMMON_INLINE.sub("", _COMMON_BLOCK.sub(_BREAK, source))
    if "<" in neat:
        neat = _NEAT_TAG.sub(_neat_tag, source)
    if "<" not in neat:
        return neat
    pieces = source.split("<")
    out = [pieces[0]]
    closing = ""  # what ends the comment or hidden element that we are in
    for number, piece in enumerate(pieces[1:], start=1):
        if closing:
            closing = _still_hidden(piece, closing, out)
            continue
        if piece.startswith(("!--", "![CDATA[", "?", "!")):
            closing = _open_special(piece, out)
            continue
        match = _TAG.match(piece) or _LOOSE_TAG.match(piece)
        if match is None:
            out.append(_unfinished(piece, last=number == len(pieces) - 1))
            continue
        name = match[2].lower()
        if not _is_tag(name):
            out.append("<" + piece)
        elif name in _HIDDEN and not match[1] and not match[0].endswith("/>"):
            closing = "/" + name
        else:
            out.append((_BREAK if name in _BLOCK else "") + piece[match.end() :])
    text = "".join(out)
    return text.replace("]]>", "") if "<![CDATA[" in source else text


def _neat_tag(match: re.Match[str]) -> str:
    name = match[1]
    mark = _MARKS.get(name)
    return _MARKS.get(name.lower(), match[0]) if mark is None else mark


def _open_special(piece: str, out: list[str]) -> str:
    """A comment, CDATA section, declaration or processing instruction begins; returns what will end it."""
    if piece.startswith("!--"):
        return _still_hidden(piece[3:], "-->", out)
    if piece.startswith("![CDATA["):
        out.append(piece[8:])
        return ""
    if piece[1:2].isalpha():  # <!DOCTYPE ...>, <?xml ...?>
        return _still_hidden(piece, ">", out)
    out.append("<" + piece)
    return ""


def _still_hidden(piece: str, closing: str, out: list[str]) -> str:
    """Look for the end of a hidden stretch in `piece`; the text behind it is shown."""
    if closing.startswith("/"):
        if piece[: len(closing)].lower() == closing:
            out.append(piece.partition(">")[2])
            return ""
        return closing
    _, found, rest = piece.partition(closing)
    out.append(rest)
    return "" if found else closing


def _unfinished(piece: str, *, last: bool) -> str:
    """A "<" without ">": the rest of a cut-off tag is dropped, a less-than sign is kept."""
    match = _TAG_NAME.match(piece)
    if match and _is_tag(match[1]) and ("=" in piece or (last and match.end() == len(piece))):
        return ""
    return "<" + piece
