"""Content-Encoding undone, with a bound on what comes out. Pure: bytes in, bytes out.

httpx's own decoders expand a whole chunk at once: 64 kB of brotli or zstd can become gigabytes before any
counter sees them. Here every decoder is asked for at most `limit` + 1 bytes.
"""

from __future__ import annotations

import zlib

import brotli  # type: ignore[import-untyped]  # the package ships no types
import zstandard

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_MAX_CODINGS = 3  # more layers than this serve only to exhaust the reader
_ZSTD_WINDOW = 8 << 20  # RFC 9659: the largest window a zstd coding may ask for over HTTP
_ZSTD_SLICE = 256
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP_MAGIC = b"\x1f\x8b"


class CodingError(ValueError):
    """A body that cannot be decoded. `too_large` when it would pass the limit."""

    def __init__(self, message: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.too_large = too_large


def decode_body(raw: bytes, codings: str, limit: int, *, partial: bool = False) -> bytes:
    """Undo the `Content-Encoding` header value `codings`. Gzip files served without one (`sitemap.xml.gz`)
    are opened too.

    `partial` takes what can be decoded of a body that was cut off by us. Raises CodingError when the data is
    damaged or incomplete, the coding is unknown, or the result would be longer than `limit` bytes.
    """
    names = [name.strip().lower() for name in codings.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > _MAX_CODINGS:
        raise CodingError(f"{len(names)} content encodings on one body")
    body = raw
    for name in reversed(names):
        body = _decode_one(body, name, limit, partial)
    if not names and body.startswith(_GZIP_MAGIC):
        body = _decode_one(body, "gzip", limit, partial)
    if len(body) > limit:
        raise CodingError(f"larger than {limit:,} bytes", too_large=True)
    return body


def _decode_one(raw: bytes, name: str, limit: int, partial: bool) -> bytes:
    if not raw:
        return b""
    try:
        if name in ("gzip", "x-gzip"):
            body, complete = _gunzip(raw, limit)
        elif name == "deflate":
            body, complete = _inflate(raw, limit)
        elif name == "br":
            body, complete = _unbrotli(raw, limit)
        elif name == "zstd":
            body, complete = _unzstd(raw, limit)
        else:
            raise CodingError(f"unknown content encoding {name[:40]!r}")
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise CodingError(f"damaged {name} data ({error})") from error
    if len(body) > limit:
        raise CodingError(f"{len(raw):,} bytes of {name} hold more than {limit:,} bytes", too_large=True)
    if not complete and not partial:
        raise CodingError(f"{name} data breaks off after {len(raw):,} bytes")
    return body


def _gunzip(raw: bytes, limit: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size, rest = 0, raw
    while True:  # a gzip file is a row of members (RFC 1952 2.2); what follows the last one is padding
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
        part = decoder.decompress(rest, limit + 1 - size)
        parts.append(part)
        size += len(part)
        rest = decoder.unused_data
        if size > limit or not decoder.eof or not rest.startswith(_GZIP_MAGIC):
            return b"".join(parts), decoder.eof


def _inflate(raw: bytes, limit: int) -> tuple[bytes, bool]:
    """`deflate` means zlib (RFC 9110 8.4.1.2), but some servers send the bare stream."""
    try:
        decoder = zlib.decompressobj()
        return decoder.decompress(raw, limit + 1), decoder.eof
    except zlib.error:
        decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        return decoder.decompress(raw, limit + 1), decoder.eof


def _unbrotli(raw: bytes, limit: int) -> tuple[bytes, bool]:
    decoder = brotli.Decompressor()
    parts = [decoder.process(raw, output_buffer_limit=limit + 1)]
    size = len(parts[0])
    while size <= limit and not decoder.is_finished():
        part = decoder.process(b"", output_buffer_limit=limit + 1 - size)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts), decoder.is_finished()


def _unzstd(raw: bytes, limit: int) -> tuple[bytes, bool]:
    """Fed in small slices, since this decoder has no limit of its own: a block is at least 4 bytes and at
    most 128 kB of output (RFC 8878 3.1.1.2), so one slice passes the limit by 8 MB at worst."""
    parts: list[bytes] = []
    size, at = 0, 0
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
    while at < len(raw) and size <= limit:
        part = decoder.decompress(raw[at : at + _ZSTD_SLICE])
        at += _ZSTD_SLICE
        parts.append(part)
        size += len(part)
        if decoder.eof:
            at = min(at, len(raw)) - len(decoder.unused_data)
            if not raw.startswith(_ZSTD_MAGIC, at):
                break
            decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
    return b"".join(parts), decoder.eof
