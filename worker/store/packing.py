"""Fields of an article in few bytes: JSON, compressed with a dictionary of what articles have in common.

The dictionary (`articles.zdict`) was trained on judged articles of the project's own; see
`benchmarks/dictionary.py`. What was packed with it can be read only with it, so it is never changed: a better one
gets a number of its own, which is the first byte of what it packs.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib.resources import files
from threading import local
from typing import Any

import orjson
import zstandard

_FIRST, _RECORDS, _SHOWN = 1, 2, 3
_LEVEL = 3  # with the dictionary, level 12 saves four bytes in a hundred and takes four times as long
_MOST = 64 << 20  # bytes an article may have when unpacked
_ZLIB = b"\x78"  # RFC 1950: deflate with a window of 32 kB; zstandard's frames begin with 0x28
_own = local()  # zstandard's contexts serve one thread at a time


def pack(fields: Mapping[str, str]) -> bytes:
    """Fields as bytes. Lone surrogates, which have no UTF-8, become U+FFFD."""
    if not fields:
        return b""
    return bytes([_FIRST]) + _compressor().compress(_json(dict(fields)))


def unpack(packed: bytes) -> dict[str, str]:
    """The fields again; none for nothing. Raises ValueError for bytes of another making."""
    if not packed:
        return {}
    if packed[0] != _FIRST:
        raise ValueError(f"an article was packed with dictionary {packed[0]}: a newer release wrote it")
    fields: dict[str, str] = orjson.loads(_decompressor().decompress(packed[1:], max_output_size=_MOST))
    return fields


def pack_block(block: Mapping[str, Any]) -> bytes:
    """An object of JSON, times and dataclasses in it allowed, as one block. Lone surrogates as in `pack`."""
    return bytes([_SHOWN]) + squeezed(_json(block))


def unpack_block(block: bytes) -> dict[str, Any] | list[dict[str, str]]:
    """The object again; from an earlier release, a list of records. Raises ValueError for bytes of another making."""
    if not block or block[0] not in (_RECORDS, _SHOWN):
        raise ValueError("a block of dropped entries that a newer release wrote")
    found: dict[str, Any] | list[dict[str, str]] = orjson.loads(unsqueezed(block[1:]))
    return found


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(_mended(value))


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if is_dataclass(value) and not isinstance(value, type):
        return _mended(asdict(value))
    if isinstance(value, Mapping):
        return {name: _mended(item) for name, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, Sequence) else value


def squeezed(body: bytes) -> bytes:
    """A body, or a block, in few bytes: a fifth of the time of zlib's quickest level."""
    if not hasattr(_own, "squeezer"):
        _own.squeezer = zstandard.ZstdCompressor(level=1)
    made: bytes = _own.squeezer.compress(body)
    return made


def unsqueezed(squeezed: bytes) -> bytes:
    """The body again. Raises ValueError for bytes of another making."""
    if squeezed.startswith(_ZLIB):  # staged by an earlier release
        return zlib.decompress(squeezed)
    try:
        if not hasattr(_own, "unsqueezer"):
            _own.unsqueezer = zstandard.ZstdDecompressor()
        made: bytes = _own.unsqueezer.decompress(squeezed, max_output_size=_MOST)
        return made
    except zstandard.ZstdError as error:
        raise ValueError(f"what was packed cannot be unpacked: {error}") from error


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    raw = (files("worker.store") / "articles.zdict").read_bytes()
    made = zstandard.ZstdCompressionDict(raw)
    made.precompute_compress(level=_LEVEL)
    return made


def _compressor() -> zstandard.ZstdCompressor:
    if not hasattr(_own, "compressor"):
        _own.compressor = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=_dictionary(), write_checksum=False, write_dict_id=False
        )
    made: zstandard.ZstdCompressor = _own.compressor
    return made


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_own, "decompressor"):
        _own.decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary())
    made: zstandard.ZstdDecompressor = _own.decompressor
    return made
