"""The parameter table: numbers by name, checked against the dictionary, with a CRC and a store.

Components take their parameters by group when they are built. `revision` rises with every change,
so that a component which allows changes in flight can poll it. The saved form begins with the CRC
of the table's layout (names, types, ranges): values saved under another dictionary are not taken.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from onboard.dictionary.models import INTEGER_BITS, Parameter
from onboard.services.events import EventSink

_CRC = struct.Struct("<I")


class Store(Protocol):
    """Where a table is kept; `storage.TwoCopyStore` is one."""

    def read(self) -> bytes | None: ...

    def write(self, data: bytes) -> bool: ...


class ParameterError(ValueError):
    """A parameter that does not exist or a value that is not allowed; the message says which."""


class ParameterTable:
    """All parameters of a vehicle, at their defaults when built.

    `changed`, if set, is given all values, packed, whenever one is set.
    """

    changed: Callable[[bytes], object] | None = None

    def __init__(
        self, definitions: Mapping[str, Parameter], events: EventSink | None = None
    ) -> None:
        self.revision = 0
        self._definitions = dict(definitions)
        self._integer = {n: p.type in INTEGER_BITS for n, p in definitions.items()}
        self._row = struct.Struct("<" + "".join("q" if i else "d" for i in self._integer.values()))
        self._layout = _layout_crc(definitions)
        self._events = events
        self._values: dict[str, float] = {}
        self._take({name: p.default for name, p in definitions.items()})

    def __getitem__(self, name: str) -> float:
        """A value by its full name GROUP.NAME. Raises KeyError."""
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def group(self, group: str) -> dict[str, float]:
        """The parameters of a group by their short names. Raises KeyError if there are none."""
        prefix = f"{group}."
        values = {
            n.removeprefix(prefix): v for n, v in self._values.items() if n.startswith(prefix)
        }
        if not values:
            groups = sorted({n.split(".")[0] for n in self._values})
            raise KeyError(f"parameter group {group!r}: allowed {' '.join(groups)}")
        return values

    def snapshot(self) -> dict[str, float]:
        """All values by full name."""
        return dict(self._values)

    @property
    def crc(self) -> int:
        """CRC-32 over the values in the order of the dictionary."""
        return self._crc

    def set(self, name: str, value: object, now_ns: int = 0) -> None:
        """Change one value. Raises ParameterError, table unchanged, if it is not allowed."""
        number = self._checked(name, value)
        before = self._values[name]
        self._take({name: number})
        self._emit("PARAMETER_SET", now_ns, name=name, before=before, after=number)

    def set_all(self, values: Mapping[str, object]) -> None:
        """Change several values, or none if one of them is not allowed (ParameterError)."""
        self._take({name: self._checked(name, value) for name, value in values.items()})

    def _checked(self, name: str, value: object) -> float:
        if name not in self._definitions:
            raise ParameterError(f"parameter {name!r} is unknown")
        if why := self._definitions[name].problem(value):
            raise ParameterError(f"parameter {name}: {why}")
        assert isinstance(value, int | float)
        return int(value) if self._integer[name] else float(value)

    def _take(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._values[name] = int(value) if self._integer[name] else float(value)
        packed = self._row.pack(*self._values.values())
        self._crc = zlib.crc32(packed)
        self.revision += 1
        if self.changed is not None:
            self.changed(packed)

    def to_bytes(self) -> bytes:
        """The saved form: layout CRC, values."""
        return _CRC.pack(self._layout) + self._row.pack(*self._values.values())

    def from_bytes(self, data: bytes) -> None:
        """Take a saved form. Raises ParameterError, table unchanged, if it is not one of ours."""
        if len(data) != _CRC.size + self._row.size:
            raise ParameterError(f"{len(data)} bytes saved, {_CRC.size + self._row.size} expected")
        if _CRC.unpack_from(data)[0] != self._layout:
            raise ParameterError("saved under another dictionary")
        values = self._row.unpack_from(data, _CRC.size)
        self.set_all(dict(zip(self._values, values, strict=True)))

    def save(self, store: Store, now_ns: int = 0) -> bool:
        """Write the table; False and an event if the store could not."""
        if store.write(self.to_bytes()):
            self._emit("PARAMETERS_SAVED", now_ns, crc=self.crc)
            return True
        self._emit("STORAGE_FAULT", now_ns, store="parameters", reason="write not verified")
        return False

    def revert(self, store: Store, now_ns: int = 0) -> bool:
        """Take the values of `store`; False, table unchanged, if there are none or no others."""
        before, data = self.to_bytes(), store.read()
        if data is None or data == before:
            return False
        try:
            self.from_bytes(data)
        except ParameterError:
            return False
        self._emit("PARAMETERS_REVERTED", now_ns, crc=self.crc)
        return True

    def restore(self, store: Store, now_ns: int = 0) -> bool:
        """Read the table; at its defaults, False and an event if there is no valid copy."""
        self._take({name: p.default for name, p in self._definitions.items()})
        try:
            if (data := store.read()) is None:
                raise ParameterError("no valid copy")
            self.from_bytes(data)
        except ParameterError as error:
            self._emit("PARAMETERS_DEFAULTED", now_ns, reason=str(error))
            return False
        self._emit("PARAMETERS_RESTORED", now_ns, crc=self.crc)
        return True

    def _emit(self, name: str, now_ns: int, /, **values: object) -> None:
        if self._events is not None:
            self._events.emit(name, now_ns, **values)


def _layout_crc(definitions: Mapping[str, Parameter]) -> int:
    lines = (f"{name} {p.type} {p.range}" for name, p in definitions.items())
    return zlib.crc32("\n".join(lines).encode())
