"""Plain JSON data back to frozen values, by their type hints: the way back from `digest.plain`."""

from __future__ import annotations

from collections.abc import Mapping
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


def restore(cls: type[T], data: Any) -> T:
    """The value of type `cls` whose plain form is `data`.

    Strict: WaarborgError names the place of an unknown or missing key, a wrong type or a value that its class refuses.
    """
    value: T = _restore(cls, data, cls.__name__)
    return value


def _restore(hint: Any, data: Any, where: str) -> Any:
    if is_dataclass(hint):
        return _dataclass(hint, data, where)
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return _optional(get_args(hint), data, where)
    if origin is tuple:
        return _tuple(get_args(hint), data, where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, value = get_args(hint)
        _expect(isinstance(data, dict), "an object", data, where)
        return {_restore(key, k, where): _restore(value, v, f"{where}.{k}") for k, v in data.items()}
    return _scalar(hint, data, where)


def _dataclass(hint: Any, data: Any, where: str) -> Any:
    _expect(isinstance(data, dict), "an object", data, where)
    hints = _hints(hint)
    odd = sorted(hints.keys() ^ data.keys())
    if odd:
        raise WaarborgError(f"{where}: {'unknown' if odd[0] in data else 'missing'} key {odd[0]!r}")
    values = {name: _restore(kind, data[name], f"{where}.{name}") for name, kind in hints.items()}
    try:
        return hint(**values)
    except (TypeError, ValueError) as refusal:
        raise WaarborgError(f"{where}: {refusal}") from refusal


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _optional(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and NoneType in kinds:
        return None
    (kind,) = (kind for kind in kinds if kind is not NoneType)
    return _restore(kind, data, where)


def _tuple(kinds: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(data, list), "a list", data, where)
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(data)
    _expect(len(kinds) == len(data), f"{len(kinds)} entries", data, where)
    return tuple(_restore(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(kinds, data, strict=True)))


def _scalar(hint: Any, data: Any, where: str) -> Any:
    if hint is float:  # a whole number stays an int, as it was written: its digest must not change
        _expect(type(data) in {int, float}, "a number", data, where)
        return data
    if hint in EXACT:
        _expect(type(data) is hint, hint.__name__, data, where)
        return data
    _expect(
        isinstance(hint, type) and issubclass(hint, Enum | date | Decimal), "a type that can be restored", hint, where
    )
    read = date.fromisoformat if hint is date else hint
    try:
        value = read(data)
    except (TypeError, ValueError, InvalidOperation) as refusal:
        raise WaarborgError(f"{where}: {short(data)} is not a {hint.__name__}") from refusal
    _expect(isinstance(value, Enum) or str(value) == data, f"the plain form of a {hint.__name__}", data, where)
    return value


def _expect(holds: bool, what: str, data: Any, where: str) -> None:
    if not holds:
        raise WaarborgError(f"{where}: {short(data)} is not {what}")
