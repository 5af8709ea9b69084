"""Ports between a vehicle and its hardware that keep what passes for a board."""

from __future__ import annotations

from typing import Any

from onboard.ports import InputPort, OutputPort, holds_one, memory_of


class NotedInput:
    """An input port whose samples are noted as they are read."""

    def __init__(self, port: InputPort, number: int, seen: list[tuple[int, Any]]) -> None:
        self.name = port.name
        self.holds_one = holds_one(port)
        self.row = memory_of(port)
        self._read, self._number, self._note = port.read, number, seen.append

    def read(self) -> Any:
        sample = self._read()
        if sample is not None:
            self._note((self._number, sample))
        return sample


class HeldOutput:
    """An output port whose rows are kept back, under its number."""

    def __init__(self, port: OutputPort, number: int, held: list[tuple[int, Any]]) -> None:
        self.name = port.name
        self._number, self._hold = number, held.append

    def write(self, message: Any) -> None:
        self._hold((self._number, message))
