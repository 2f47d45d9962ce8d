"""Files of a dossier folder: inside it, plain, within their size, and named by the digest of their bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath

from underwriting.intake.limits import Refused, sized

FOREIGN_PATH = re.compile(r"[\\:\x00]")  # separators and drives of other systems


def locate(folder: Path, name: str) -> Path:
    """The plain file `name` of the folder, links resolved. Raises Refused when it is elsewhere, absent or not plain."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or FOREIGN_PATH.search(name):
        raise Refused("file-outside", "must be a path inside the dossier folder, such as evidence/run.eval")
    try:
        path = (folder / relative).resolve(strict=True)
        inside = path.is_relative_to(folder.resolve())
        plain = path.is_file()
    except FileNotFoundError:
        raise Refused("file-missing", "does not exist in the dossier folder") from None
    except RuntimeError:  # what pathlib makes of a circle of links
        raise Refused("file-unreadable", "is a link that leads back to itself") from None
    except OSError as refusal:
        raise unreadable(refusal) from None
    if not inside:
        raise Refused("file-outside", "is a link that leaves the dossier folder; put the file itself into the folder")
    if not plain:
        raise Refused("file-unreadable", "must be a plain file")
    return path


def unreadable(refusal: OSError) -> Refused:
    """The refusal of the system in its own words, such as "Permission denied"."""
    return Refused("file-unreadable", f"cannot be read: {refusal.strerror or 'the system refuses'}")


@contextmanager
def opened(folder: Path, name: str, most: int) -> Iterator[BufferedReader]:
    """The file open for reading. Raises Refused; also when it is longer than `most` bytes."""
    path = locate(folder, name)
    try:
        with path.open("rb") as handle:
            size = handle.seek(0, 2)
            if size > most:
                raise Refused("file-too-large", f"has {size} bytes; right would be at most {most} ({sized(most)})")
            handle.seek(0)
            yield handle
    except OSError as refusal:
        raise unreadable(refusal) from None


def content(folder: Path, name: str, most: int) -> bytes:
    """The bytes of a file of the folder. Raises Refused."""
    with opened(folder, name, most) as handle:
        return handle.read(most)


def text_of(raw: bytes) -> str:
    """UTF-8 text, a byte-order mark allowed. Raises Refused."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise Refused("file-encoding", f"byte {fault.start} is not UTF-8; save the file as UTF-8") from None


def digest_of(handle: BufferedReader) -> str:
    """SHA-256 of the rest of an open file, which is left at its start."""
    value = hashlib.file_digest(handle, "sha256").hexdigest()
    handle.seek(0)
    return value
