"""Members of an untrusted ZIP archive: stored, deflate or zstandard, inflated within limits, never onto the disk.

The standard library lists archives with zstandard members (method 93) but cannot read those, so the bytes of a member
are located here and inflated here, whatever the method.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import PurePosixPath
from typing import BinaryIO

from underwriting.intake.limits import (
    INFLATED_BYTES,
    INFLATION_FLOOR,
    INFLATION_RATIO,
    JSON_BYTES,
    MEMBERS,
    MIB,
    Refused,
)
from underwriting.intake.text import shown, unseen

STORED, DEFLATE, ZSTANDARD = 0, 8, 93
ENTRY_SIGNATURE = b"PK\x01\x02"  # of an entry of the central directory
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
WINDOW_BYTES = 128 * MIB  # of a zstandard frame
ENCRYPTED = 0x1

Members = Mapping[str, zipfile.ZipInfo]


def members(handle: BinaryIO) -> Members:
    """The members of an archive by name. Raises Refused on names, numbers or sizes that no honest log has."""
    if _entry_marks(handle) > MEMBERS:
        raise Refused("log-limit", f"has more than {MEMBERS} members")
    try:
        infos = zipfile.ZipFile(handle).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, struct.error):
        raise Refused("log-damaged", "is not a readable ZIP archive; right would be the log as it was made") from None
    for info in infos:
        _check(info)
    for here, following in pairwise(sorted(infos, key=lambda info: info.header_offset)):
        if here.header_offset + LOCAL_HEADER.size + here.compress_size > following.header_offset:
            raise Refused("log-damaged", f"members {shown(here.filename)} and {shown(following.filename)} overlap")
    by_name = {info.filename: info for info in infos}
    if len(by_name) < len(infos):
        raise Refused("log-duplicate-key", "holds two members of the same name")
    return by_name


def _entry_marks(handle: BinaryIO) -> int:
    """An upper bound on the entries that zipfile would build, counted before it builds them."""
    handle.seek(0)
    marks = sum(chunk.count(ENTRY_SIGNATURE) for chunk in iter(lambda: handle.read(MIB), b""))
    handle.seek(0)
    return marks


def _check(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename  # as the archive has it, not as zipfile mends it
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or unseen(name):
        raise Refused("log-member-name", f"has a member {shown(name)}; right would be a plain path below the archive")
    large = info.file_size > INFLATION_FLOOR
    if large and info.file_size > INFLATION_RATIO * info.compress_size:
        message = f"member {shown(name)} inflates more than {INFLATION_RATIO} times, to {info.file_size} bytes"
        raise Refused("log-limit", message)


def inflated(handle: BinaryIO, infos: Iterator[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    """Name and content of these members, checksums verified. Raises Refused, also once all together grow too large."""
    left = INFLATED_BYTES
    for info in infos:
        content = _content(handle, info, min(JSON_BYTES, left))
        left -= len(content)
        yield info.filename, content


def _content(handle: BinaryIO, info: zipfile.ZipInfo, most: int) -> bytes:
    name = shown(info.filename)
    too_large = Refused("log-limit", f"member {name} inflates beyond the {most} bytes that are left for it")
    if info.compress_size > most:
        raise too_large
    try:
        content = _inflate(_stored(handle, info), info.compress_type, most + 1)
    except Refused as refused:
        raise Refused(refused.code, f"member {name} {refused.message}") from None
    except (zlib.error, OSError, ValueError, EOFError, struct.error):
        raise Refused("log-damaged", f"member {name} cannot be inflated: its bytes are damaged") from None
    if len(content) > most:
        raise too_large
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise Refused("log-damaged", f"member {name} does not have the size and checksum that the archive states")
    return content


def _stored(handle: BinaryIO, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a member as they lie in the archive. Raises Refused, OSError, ValueError, struct.error."""
    if info.flag_bits & ENCRYPTED:
        raise Refused("log-damaged", "is encrypted")
    handle.seek(info.header_offset)
    signature, *_, name_length, extra_length = LOCAL_HEADER.unpack(handle.read(LOCAL_HEADER.size))
    if signature != LOCAL_SIGNATURE:
        raise Refused("log-damaged", "lacks its local header")
    handle.seek(name_length + extra_length, io.SEEK_CUR)
    return handle.read(info.compress_size)


def _inflate(stored: bytes, method: int, most: int) -> bytes:
    """Inflated content, cut off at `most` bytes. Raises Refused, ValueError, zlib.error."""
    if method == STORED:
        return stored[:most]
    if method == DEFLATE:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(stored, most)
    if method == ZSTANDARD:
        return _unzstandard(stored, most)
    raise Refused("log-damaged", f"is packed by method {method}; right would be stored, deflate or zstandard")


def _unzstandard(stored: bytes, most: int) -> bytes:
    import zstandard  # noqa: PLC0415 - only recent logs need it

    inflater = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES)
    try:
        with inflater.stream_reader(stored, read_across_frames=True) as reader:
            return reader.read(most)
    except zstandard.ZstdError:
        raise ValueError("not a frame of zstandard") from None
