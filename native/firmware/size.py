"""What an image takes of flash and RAM, its deepest stack included, against the budgets.

usage: size.py BOARD IMAGE FLASH_BUDGET RAM_BUDGET

The deepest stack is a bound from the image itself: the frame of each function (what it pushes and
subtracts), added up along the calls in the disassembly, and the frames of the deepest interrupt on
top. Exit status 1: over a budget, or a stack that has no bound (recursion, a call through a pointer
that is not in INDIRECT).
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache

TOOL = "arm-none-eabi-"
ROOTS = ("reset_handler",)
INTERRUPTS = ("systick_handler", "uart_receive_handler", "watchdog_handler", "fault_handler")
ROWS = ("monitor", "fault", "tier", "mask", "mode", "edge", "entry", "command")
VEHICLES = ("lander", "rover")
INDIRECT = {
    "ob_flight_begin": tuple(f"{vehicle}_begin" for vehicle in VEHICLES),
    "begin_faults": tuple(f"{vehicle}_protect" for vehicle in VEHICLES),
    "step": tuple(f"{vehicle}_tick" for vehicle in VEHICLES),
    "ob_exchange_before": tuple(f"{vehicle}_order" for vehicle in VEHICLES),
    "ob_exchange_after": tuple(
        f"{vehicle}_{step}" for vehicle in VEHICLES for step in ("order", "hash", "outputs")
    ),
    "sleep_unless": ("uart_has_received",),
    "__wrap___aeabi_dsub": ("__wrap___aeabi_dadd",),  # falls into it
    "ob_fault_table_check": tuple(f"{row}_is_sound" for row in ROWS),
}
EXCEPTION_FRAME = 104 + 4  # Armv7-M with floating point, and its alignment
FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+(?:[0-9a-f]{4} ?)+\s+(\S+)\s*(.*)$")
WORD = re.compile(r"^\s*([0-9a-f]+):\s+([0-9a-f]{8})\s+\.word")
LITERAL = re.compile(r"(\w+), \[pc, .*\(([0-9a-f]+) <")  # a register and where its word lies
CALL = re.compile(r"[0-9a-f]+ <([^>+]+)>")
REGISTERS = {"sp": 13, "lr": 14, "pc": 15, "ip": 12, "fp": 11, "sl": 10}


class Unbounded(Exception):
    """A stack without a bound; the message says why."""


def run(tool: str, *arguments: str) -> str:
    return subprocess.run(
        [TOOL + tool, *arguments], check=True, capture_output=True, text=True
    ).stdout


def source(name: str) -> str:
    """The function that the compiler made this one of: `step.isra.0` is of `step`."""
    return name.partition(".")[0]


def number_of(register: str) -> int:
    return REGISTERS.get(register) or int(register[1:])


def registers_in(operands: str) -> int:
    """How many registers a list like {r4, r5, r8-r11, lr} names."""
    count = 0
    for part in operands[operands.index("{") + 1 : operands.index("}")].split(","):
        first, _, last = part.strip().partition("-")
        count += 1 + (number_of(last) - number_of(first) if last else 0)
    return count


def pushed(operation: str, operands: str) -> int:
    """Octets by which one instruction lowers the stack pointer."""
    if operation.startswith("push"):
        return 4 * registers_in(operands)
    if operation.startswith("vpush"):
        return (8 if "{d" in operands else 4) * registers_in(operands)
    if operation.startswith(("stmdb", "stmfd")) and operands.startswith("sp!"):
        return 4 * registers_in(operands)
    if operation.startswith("sub") and (amount := re.match(r"sp, (?:sp, )?#(\d+)", operands)):
        return int(amount[1])
    if (lowered := re.search(r"\[sp, #-(\d+)\]!", operands)) and operation.startswith("str"):
        return int(lowered[1])
    return 0


def _lowered(operation: str, operands: str, literals: dict[str, int]) -> int:
    """The same of a frame too large for one instruction of Armv6-M: a literal word is added."""
    register = operands.removeprefix("sp, ") if operation.startswith("add") else ""
    word = literals.get(register, 0)
    return 2**32 - word if word >= 2**31 else 0


def disassembled(image: str) -> tuple[dict[str, int], dict[str, set[str]], set[str]]:
    """Of each function its frame, those that it calls or jumps to, and whether by a pointer."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    indirect: set[str] = set()
    name = ""
    listing = run("objdump", "-d", image).splitlines()
    words = {found[1]: int(found[2], 16) for line in listing if (found := WORD.match(line))}
    literals: dict[str, int] = {}
    for line in listing:
        if found := FUNCTION.match(line):
            name = found[1]
            frames.setdefault(name, 0)
            calls.setdefault(name, set())
            literals.clear()
        elif name and (found := INSTRUCTION.match(line)):
            operation, operands = found[1], found[2]
            frames[name] += pushed(operation, operands) + _lowered(operation, operands, literals)
            if operation.startswith("ldr") and (literal := LITERAL.match(operands)):
                literals[literal[1]] = words.get(literal[2], 0)
            if operation.startswith("b") and (target := CALL.search(operands)):
                calls[name] |= {target[1]} - {name}
            elif operation.startswith("blx"):
                indirect.add(name)
    return frames, calls, indirect


def deepest(image: str) -> tuple[int, list[str]]:
    """Octets and the chain of functions that takes them."""
    frames, calls, indirect = disassembled(image)
    if unknown := {name for name in indirect if source(name) not in INDIRECT}:
        raise Unbounded(f"calls through pointers in {', '.join(sorted(unknown))}")

    path: list[str] = []

    @cache
    def below(name: str) -> tuple[int, tuple[str, ...]]:
        if name in path:
            raise Unbounded(f"recursion: {' '.join([*path, name])}")
        path.append(name)
        called = (calls[name] | set(INDIRECT.get(source(name), ()))) & set(frames)
        depth, chain = max((below(other) for other in called), default=(0, ()))
        path.pop()
        return frames[name] + depth, (name, *chain)

    depth, chain = max(below(root) for root in ROOTS if root in frames)
    interrupt, above = max(below(name) for name in INTERRUPTS if name in frames)
    return depth + EXCEPTION_FRAME + interrupt, [*chain, *above]


def main(board: str, image: str, flash_budget: str, ram_budget: str) -> int:
    text, data, bss = map(int, run("size", image).splitlines()[1].split()[:3])
    try:
        stack, chain = deepest(image)
    except Unbounded as problem:
        print(f"{board}: the stack has no bound: {problem}", file=sys.stderr)
        return 1
    flash, ram = text + data, data + bss + stack
    print(
        f"{board:<12} flight image: flash {flash:,} octets of {int(flash_budget):,}, "
        f"RAM {ram:,} of {int(ram_budget):,}, {stack:,} of them stack at most"
    )
    print(f"{'':<12} deepest: {' > '.join(chain)}")
    return int(flash > int(flash_budget) or ram > int(ram_budget))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
