"""The boards of a lab: who has which, for how long, and whether they have power.

An owner has a board from `reserve` to `release`, or until nobody spoke for the owner for as long as
the reservation says. A board that is free is off, so each owner begins with a fresh one.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hil.boards import Board
from hil.lab.protocol import KEEP_S, KEEP_S_MOST, LabError
from hil.link.attachment import machine_of
from hil.link.carriers import AddressError, Serial, Tcp, Unplugged, Waitable, open_carrier
from hil.link.qemu import BoardError, EmulatedBoard

FREEING = "the lab, which frees it"
SWITCH_S = 30.0  # a command that switches power may take so long
OFF_S = 1.0  # between off and on


@dataclass
class Place:
    """One board and its state; `lock` is held while power or line of it change."""

    name: str
    board: Board
    machine: str | None  # that runs it here, if it is no real one
    owner: str | None = None
    since_s: float = 0.0
    keep_s: float = KEEP_S
    is_on: bool = False
    in_use: bool = False  # its line is bridged
    emulated: EmulatedBoard | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)


class Lab:
    """All places. Safe between threads. What it refuses is raised as LabError."""

    def __init__(
        self, boards: Mapping[str, Board], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # of owners
        self._places = {name: Place(name, b, _machine(b)) for name, b in boards.items()}
        self._connections: Counter[str] = Counter()  # by owner
        self._gone_s: dict[str, float] = {}  # when the last of an owner ended

    # ---- owners

    def arrives(self, owner: str) -> None:
        """A connection of an owner is there."""
        with self._lock:
            self._connections[owner] += 1

    def leaves(self, owner: str) -> None:
        """It ended."""
        with self._lock:
            self._connections[owner] -= 1
            self._gone_s[owner] = self._clock()

    def reserve(self, name: str, owner: str, keep_s: float = KEEP_S) -> dict[str, Any]:
        """The board is the owner's; `new` says whether it was not before."""
        if not 0.0 <= keep_s <= KEEP_S_MOST:
            raise LabError(f"keep_s = {keep_s:g}: allowed 0 to {KEEP_S_MOST:g}")
        place, now_s = self._place(name), self._clock()
        with self._lock:
            if place.owner not in (None, owner):
                held_s = now_s - place.since_s
                raise LabError(f"{name}: {place.owner} has it, for {held_s:.0f} s now")
            is_new = place.owner is None
            place.since_s = now_s if is_new else place.since_s
            place.owner, place.keep_s = owner, keep_s
        return {"new": is_new, "power": place.is_on}

    def release(self, name: str, owner: str) -> None:
        """Off, and free for others."""
        place = self._owned(name, owner)
        with self._lock:
            if place.owner != owner:
                return
            place.owner = FREEING
        self._free(place)

    def _free(self, place: Place) -> None:
        with place.lock:
            try:
                with suppress(LabError):  # one whose power is not switched
                    self._switch(place, on=False)
            finally:
                place.owner = None

    def look(self) -> list[str]:
        """Frees what belongs to owners that are gone, and takes what idle boards say; who lost."""
        with self._lock:
            gone = [(p, p.owner) for p in self._places.values() if self._is_left(p)]
            for place, _ in gone:
                place.owner = FREEING
        for place, _ in gone:
            self._free(place)
        for place in self._places.values():
            with place.lock:
                if place.emulated is not None and not place.in_use:
                    with suppress(Unplugged):
                        place.emulated.carrier.read(0.0)
        return [f"{place.name}: {owner} is gone" for place, owner in gone]

    def _is_left(self, place: Place) -> bool:
        owner = place.owner
        if owner in (None, FREEING) or self._connections[owner]:
            return False
        heard_s = max(self._gone_s.get(owner, 0.0), place.since_s)
        return self._clock() - heard_s > place.keep_s

    def listed(self) -> list[dict[str, Any]]:
        """Each board and who has it."""
        now_s = self._clock()
        return [
            {
                "name": place.name,
                "description": place.board.description,
                "emulated": place.machine,
                "switched": place.machine is not None or place.board.power is not None,
                "owner": place.owner,
                "held_s": None if place.owner is None else round(now_s - place.since_s, 1),
                "power": place.is_on,
                "in_use": place.in_use,
            }
            for place in self._places.values()
        ]

    def _place(self, name: str) -> Place:
        if name not in self._places:
            known = ", ".join(self._places) or "none"
            raise LabError(f"{name}: there is no such board; there are: {known}")
        return self._places[name]

    def _owned(self, name: str, owner: str) -> Place:
        place = self._place(name)
        if place.owner != owner:
            who = f"{place.owner} has it" if place.owner else "nobody has it"
            raise LabError(f"{name}: is not reserved for {owner}: {who}")
        return place

    # ---- power

    def power(self, name: str, owner: str, to: str) -> None:
        """`on`, `off` or `cycle`."""
        if to not in ("on", "off", "cycle"):
            raise LabError(f"power to {to!r}: allowed: on, off, cycle")
        place = self._owned(name, owner)
        with place.lock:
            if to == "cycle" and place.emulated is not None:
                place.emulated.replug()  # what is in its memory for maps stays
                return
            if to != "on":
                self._switch(place, on=False)
            if to == "cycle" and place.machine is None:
                time.sleep(OFF_S)
            if to != "off":
                self._switch(place, on=True)

    def _switch(self, place: Place, *, on: bool) -> None:
        if place.machine is None:
            self._switch_real(place, on=on)
        elif on and place.emulated is None:
            board = EmulatedBoard(place.machine)
            try:
                place.emulated = board.__enter__()
            except BoardError as error:
                raise LabError(str(error)) from None
        elif not on and place.emulated is not None:
            place.emulated.__exit__(None, None, None)
            place.emulated = None
        place.is_on = on

    def _switch_real(self, place: Place, *, on: bool) -> None:
        power, word = place.board.power, "on" if on else "off"
        if power is None:
            raise LabError(f"{place.name}: its power is not switched from here")
        command = power.on if on else power.off
        try:
            subprocess.run(
                command,
                check=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SWITCH_S,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise LabError(f"{place.name}: power {word}: {error}") from None

    def close(self) -> None:
        """Everything off."""
        for place in self._places.values():
            with place.lock, suppress(LabError):
                self._switch(place, on=False)

    # ---- line and memory

    def keep_maps(self, name: str, owner: str, heights: bytes) -> bool:
        """Into the memory for maps of an emulated board; True: it started anew with that."""
        place = self._owned(name, owner)
        with place.lock:
            if place.emulated is None:
                raise LabError(f"{name}: has no memory for maps here, or no power")
            try:
                return place.emulated.keep(heights)
            except BoardError as error:
                raise LabError(str(error)) from None

    def open_line(self, name: str, owner: str) -> Waitable:
        """The line of a board that is on, for one at a time until `close_line`."""
        place = self._owned(name, owner)
        with place.lock:
            if place.in_use:
                raise LabError(f"{name}: its line is in use already")
            if place.emulated is not None:
                carrier: Waitable = place.emulated.carrier
                try:
                    place.emulated.wait_for_line()  # it may have been started just now
                except BoardError as error:
                    raise LabError(str(error)) from None
                with suppress(Unplugged):
                    carrier.read(0.0)  # what was said to nobody
            elif place.machine is not None:
                raise LabError(f"{name}: has no power")
            else:
                carrier = _opened(place.board)
            place.in_use = True
        return carrier

    def close_line(self, name: str, carrier: Waitable) -> None:
        """It is free again."""
        place = self._places[name]
        with place.lock:
            place.in_use = False
            if place.machine is None:
                carrier.close()

    def may_use(self, name: str, owner: str) -> bool:
        """Whether the line is still the owner's, and the board on."""
        place = self._places[name]
        return place.owner == owner and (place.emulated is not None or place.machine is None)


def _machine(board: Board) -> str | None:
    return None if board.usb is not None or board.address is None else machine_of(board.address)


def _opened(board: Board) -> Waitable:
    try:
        carrier = open_carrier(board.where())
    except AddressError as error:
        raise LabError(str(error)) from None
    assert isinstance(carrier, Serial | Tcp), "what boards.toml allows"
    return carrier
