"""What lies where in the memory of a board: the symbols of its image, and the members of its state.

Names and addresses come from the image itself, out of its symbols and its debugging information, as
the tools of the cross compiler print them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TOOL = "arm-none-eabi-"
RAM_BUDGET = 96 * 1024  # native/firmware/build.sh; what the data leave of it is the stack's
STATE = "board"  # the variable of native/firmware/common/flight.c
PARTS = ("kept", "craft", "as", "flight", "reply")  # its members that are looked into
_DIE = re.compile(r"^ <(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \((DW_TAG_\w+)\)")
_ATTRIBUTE = re.compile(r"^    <[0-9a-f]+>\s+DW_AT_(\w+)\s*: (.*)$")


class ToolMissing(RuntimeError):
    """A tool of the cross compiler is not there; the message says which."""


@dataclass(frozen=True)
class Region:
    """Octets with a name."""

    name: str
    address: int
    size: int


@dataclass
class _Die:
    """An entry of the debugging information."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[_Die] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.attributes.get("name", "").rsplit(": ", 1)[-1].strip()

    def number(self, attribute: str) -> int:
        return int(self.attributes[attribute], 0)


class MemoryMap:
    """Of one image."""

    def __init__(self, image: Path) -> None:
        """Raises ToolMissing."""
        self.symbols: dict[str, tuple[int, int]] = {}
        for line in _run("nm", "-S", str(image)).splitlines():
            words = line.split()
            size = int(words[1], 16) if len(words) == 4 else 0
            self.symbols.setdefault(words[-1], (int(words[0], 16), size))
        self._dies = dict(_dies(_run("readelf", "--debug-dump=info", str(image))))

    def address(self, symbol: str) -> int:
        return self.symbols[symbol][0]

    def span(self, symbol: str) -> range:
        address, size = self.symbols[symbol]
        address &= ~1  # bit 0 of a function says Thumb
        return range(address, address + size)

    def regions(self) -> list[Region]:
        """All memory that the image uses: code, data, stack."""
        start, end, top = (self.address(n) for n in ("data_start", "noinit_end", "stack_top"))
        stack = RAM_BUDGET - (end - start)
        return [
            Region("code", 0, self.address("data_load")),
            *self._data(start, end),
            Region("stack", top - stack, stack),
        ]

    def _data(self, start: int, end: int) -> Iterator[Region]:
        state = self.span(STATE)
        for name, (address, size) in self.symbols.items():
            if size and start <= address < end and address not in state:
                yield Region(name, address, size)
        yield from self._members(self._variable(STATE), state.start, STATE)

    def place(self, variable: str, member: str) -> int:
        """The address of a member of a variable that is a struct."""
        struct = self._type(self._variable(variable))
        die = next(d for d in struct.children if d.name == member)
        return self.address(variable) + die.number("data_member_location")

    def _variable(self, name: str) -> _Die:
        return next(d for d in self._dies.values() if d.name == name and "location" in d.attributes)

    def _members(self, die: _Die, address: int, path: str) -> Iterator[Region]:
        struct = self._type(die)
        members = [d for d in struct.children if d.tag == "DW_TAG_member"]
        if struct.tag == "DW_TAG_union_type":  # its largest member has all of its memory
            largest = max(members, key=lambda d: self._type(d).number("byte_size"))
            yield from self._members(largest, address, f"{path}.{largest.name}")
            return
        places = [m.number("data_member_location") for m in members] + [struct.number("byte_size")]
        for member, at, behind in zip(members, places, places[1:], strict=False):
            if member.name in PARTS:
                yield from self._members(member, address + at, f"{path}.{member.name}")
            else:
                yield Region(f"{path}.{member.name}", address + at, behind - at)

    def _type(self, die: _Die) -> _Die:
        """The struct of a variable or a member."""
        while "type" in die.attributes:
            die = self._dies[int(die.attributes["type"].strip("<>"), 16)]
        return die


def _dies(text: str) -> Iterator[tuple[int, _Die]]:
    """The entries by their offset; children are put into their parents."""
    open_dies: list[_Die] = []
    for line in text.splitlines():
        if found := _DIE.match(line):
            die = _Die(found[3])
            del open_dies[int(found[1]) :]
            if open_dies:
                open_dies[-1].children.append(die)
            open_dies.append(die)
            yield int(found[2], 16), die
        elif open_dies and (found := _ATTRIBUTE.match(line)):
            open_dies[-1].attributes[found[1]] = found[2].strip()


def _run(tool: str, *arguments: str) -> str:
    command = [TOOL + tool, *arguments]
    if shutil.which(command[0]) is None:
        raise ToolMissing(f"{command[0]} is missing; on Debian: apt-get install gcc-arm-none-eabi")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
