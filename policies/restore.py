"""Plain JSON data back to frozen values, by their type hints: the way back from `digest.plain`.

Each type is read by a function that is built once; where something is wrong is put together only when it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from reprlib import repr as short
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from policies.findings import WaarborgError

T = TypeVar("T")
EXACT = (bool, int, str, NoneType)
Reader = Callable[[Any], Any]


class _WrongError(Exception):
    """What is wrong, and where below the value being read."""

    def __init__(self, told: str, where: str = "") -> None:
        super().__init__(told)
        self.told, self.where = told, where


def restore(cls: type[T], data: Any) -> T:
    """The value of type `cls` whose plain form is `data`.

    Strict: WaarborgError names the place of an unknown or missing key, a wrong type or a value that its class refuses.
    """
    hint: Any = cls
    try:
        value: T = _reader(hint)(data)
    except _WrongError as wrong:
        raise WaarborgError(f"{cls.__name__}{wrong.where}: {wrong.told}") from wrong.__cause__
    return value


@cache
def _reader(hint: Any) -> Reader:
    if is_dataclass(hint):
        return _dataclass(hint)
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return _optional(get_args(hint))
    if origin is tuple:
        return _tuple(get_args(hint))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*get_args(hint))
    return _scalar(hint)


def _dataclass(cls: Any) -> Reader:
    hints = get_type_hints(cls)
    readers = {field.name: _reader(hints[field.name]) for field in fields(cls)}
    names = readers.keys()

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _not("an object", data)
        if data.keys() != names:
            odd = sorted(names ^ data.keys())[0]
            raise _WrongError(f"{'unknown' if odd in data else 'missing'} key {odd!r}")
        try:
            values = {name: reader(data[name]) for name, reader in readers.items()}
        except _WrongError:
            for name, reader in readers.items():
                _read_at(reader, data[name], f".{name}")
            raise
        try:
            return cls(**values)
        except (TypeError, ValueError) as refusal:
            raise _WrongError(str(refusal)) from refusal

    return read


def _optional(kinds: tuple[Any, ...]) -> Reader:
    (reader,) = (_reader(kind) for kind in kinds if kind is not NoneType)
    return (lambda data: None if data is None else reader(data)) if NoneType in kinds else reader


def _tuple(kinds: tuple[Any, ...]) -> Reader:
    if kinds[-1] is Ellipsis:
        every = _reader(kinds[0])

        def read_all(data: Any) -> tuple[Any, ...]:
            if not isinstance(data, list):
                raise _not("a list", data)
            try:
                return tuple(map(every, data))
            except _WrongError:
                for number, item in enumerate(data):
                    _read_at(every, item, f"[{number}]")
                raise

        return read_all
    readers = tuple(map(_reader, kinds))

    def read(data: Any) -> tuple[Any, ...]:
        if not isinstance(data, list):
            raise _not("a list", data)
        if len(data) != len(readers):
            raise _not(f"{len(readers)} entries", data)
        return tuple(_read_at(r, item, f"[{i}]") for i, (r, item) in enumerate(zip(readers, data, strict=True)))

    return read


def _mapping(key: Any, value: Any) -> Reader:
    read_key, read_value = _reader(key), _reader(value)

    def read(data: Any) -> dict[Any, Any]:
        if not isinstance(data, dict):
            raise _not("an object", data)
        return {read_key(name): _read_at(read_value, item, f".{name}") for name, item in data.items()}

    return read


def _scalar(hint: Any) -> Reader:
    if hint is float:  # a whole number stays an int, as it was written: its digest must not change
        return _of_type((int, float), "a number")
    if hint in EXACT:
        return _of_type((hint,), hint.__name__)
    if not (isinstance(hint, type) and issubclass(hint, Enum | date | Decimal)):
        raise _not("a type that can be restored", hint)
    convert: Reader = date.fromisoformat if hint is date else hint
    written = issubclass(hint, Enum)

    def read(data: Any) -> Any:
        try:
            value = convert(data)
        except (TypeError, ValueError, InvalidOperation) as refusal:
            raise _not(f"a {hint.__name__}", data) from refusal
        if not written and str(value) != data:
            raise _not(f"the plain form of a {hint.__name__}", data)
        return value

    return read


def _of_type(types: tuple[type, ...], what: str) -> Reader:
    def read(data: Any) -> Any:
        if type(data) not in types:
            raise _not(what, data)
        return data

    return read


def _read_at(reader: Reader, data: Any, where: str) -> Any:
    """The value, or what is wrong with it at its place."""
    try:
        return reader(data)
    except _WrongError as wrong:
        raise _WrongError(wrong.told, where + wrong.where) from wrong.__cause__


def _not(what: str, data: Any) -> _WrongError:
    return _WrongError(f"{short(data)} is not {what}")
