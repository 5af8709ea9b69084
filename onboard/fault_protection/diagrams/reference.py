"""The reference pages of a fault table: an index and a page per fault, with their drawings.

`drawings` and `pages` give everything by file name; whoever calls them writes the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onboard.dictionary import Dictionary
from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.diagrams import (
    fault_tree,
    matrix,
    mode_graph,
    operations,
    response_timeline,
    wording,
)
from onboard.fault_protection.diagrams.svg import Drawing
from onboard.fault_protection.expression import monitors_of, parse
from onboard.fault_protection.prove import TICKS_PER_S, Latency, Proof
from onboard.fault_protection.table import fault_order, mode_order

INDEX, MODES, MATRIX = "README.md", "modes.svg", "matrix.svg"


def drawings(table: Protection, dictionary: Dictionary | None = None) -> dict[str, Drawing]:
    """Every drawing of a table by file name."""
    found = {MODES: mode_graph.draw(table), MATRIX: matrix.draw(table)}
    for fault in fault_order(table):
        found[f"{fault}.tree.svg"] = fault_tree.draw(table, fault, dictionary)
        found[f"{fault}.timeline.svg"] = response_timeline.draw(table, fault)
    return found


def pages(dictionary: Dictionary, proof: Proof | None = None) -> dict[str, str]:
    """Every page of a vehicle by file name: the index and one per fault; with what the walk
    measured where its proof is given."""
    table: Protection = dictionary.protection
    measured = proof or Proof()
    index = {INDEX: _text(_index(dictionary, table, measured))}
    faults = {
        f"{name}.md": _text(_page(dictionary, table, name, measured.latency.get(name)))
        for name in fault_order(table)
    }
    return index | faults


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def row(*cells: object) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield row(*head)
    yield "|" + "---|" * len(head)
    yield from (row(*cells) for cells in rows)
    yield ""


def _code(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


# ---------------------------------------------------------------- index


def _index(d: Dictionary, table: Protection, proof: Proof) -> Iterator[str]:
    yield from (f"# Faults of the {d.vehicle}", "")
    yield "Made from the fault table by `onboard faults document`; `make docs` makes it anew."
    yield "How a table works: [fault protection](../../../fault_protection.md)."
    yield from ("", "## In the order of priority", "")
    heads = ("priority", "fault", "what is wrong", "effect after", "answered by", "latches")
    yield from _table(heads, (_summary(table, name) for name in fault_order(table)))
    if proof.latency:
        yield from _walk(table, proof)
    yield from ("## Where each is seen and answered", "", f"![Faults by mode]({MATRIX})", "")
    yield from ("## Modes", "", f"![Mode graph]({MODES})", "")
    yield from _table(
        ("mode", "kind", "", "on entering"),
        (
            (
                f"`{name}`",
                mode_graph.KIND_WORDS[table.mode[name].kind],
                table.mode[name].description,
                "<br>".join(f"`{wording.action(a)}`" for a in table.mode[name].entry),
            )
            for name in mode_order(table)
        ),
    )


def _summary(table: Protection, name: str) -> tuple[object, ...]:
    fault = table.fault[name]
    response = table.response[fault.response]
    commands = dict.fromkeys(f"`{wording.action(tier.action)}`" for tier in response.tier)
    return (
        fault.priority,
        f"[`{name}`]({name}.md)",
        fault.description or f"`{fault.when}`",
        wording.seconds(fault.time_to_effect_s),
        "<br>".join(commands),
        "yes" if response.latch else "",
    )


def _walk(table: Protection, proof: Proof) -> Iterator[str]:
    yield from ("## How fast, in the walk", "")
    f = proof.figures
    yield (
        f"{f.causes} single causes and {f.pairs} pairs, with resets at every step: {f.states} "
        f"states, {f.transitions} transitions, depth {f.depth}. From constant readings nothing "
        f"changes any more after at most {f.worst_settling_steps} steps ({f.worst_settling})."
    )
    yield ""
    yield (
        f"In ticks of {1000 // TICKS_PER_S} ms: the age at which a silent channel counts as a "
        "symptom; from then, or from the first tripping reading, until the fault is raised and "
        "until its first command, at worst, alone or while the response to a cause that it meets "
        "is at work; the bound of the static rules, from symptom to last tier; the time to effect."
    )
    yield ""
    heads = ("fault", "silent for", "detected", "answered", "bound", "effect")
    yield from _table(heads, (_times(name, proof.latency[name]) for name in fault_order(table)))


def _times(name: str, row_: Latency) -> tuple[object, ...]:
    answered = "" if row_.answer_ticks is None else row_.answer_ticks
    times = (row_.detection_ticks, answered, row_.bound_ticks, row_.effect_ticks)
    return f"[`{name}`]({name}.md)", row_.silence_ticks or "", *times


# ---------------------------------------------------------------- a fault


def _page(d: Dictionary, table: Protection, name: str, measured: Latency | None) -> Iterator[str]:
    fault = table.fault[name]
    yield from (f"# {name}", "")
    if fault.description:
        yield from (f"{fault.description}.", "")
    yield (
        f"Priority {fault.priority} of {len(table.fault)}. "
        f"The harm is done {wording.seconds(fault.time_to_effect_s)} after the symptom. "
        f"Required in {_code(fault.required_in)}. [All faults](README.md)"
    )
    yield from ("", f"True when `{fault.when}`.", "")
    yield from (f"![From symptoms to commands]({name}.tree.svg)", "")
    yield from ("## Symptoms", "", *_symptoms(d, table, name))
    yield from ("## What the vehicle does", "", *_answers(table, name))
    if measured is not None:
        yield from (_speed(measured), "")
    yield from ("## What the ground sees", "", *_signs(d, table, name))
    yield from ("## At 2 a.m.", "")
    for number, step in enumerate(operations.steps(d, table, name), 1):
        yield f"{number}. {step}"


def _symptoms(d: Dictionary, table: Protection, fault: str) -> Iterator[str]:
    names = evidence(table, fault)
    heads = ("monitor", "trips when", "for", "clears when", "for", "looked at where")
    yield from _table(heads, (_symptom(d, table, name) for name in names))
    for name in names:
        if said := table.monitor[name].description:
            yield f"- `{name}`: {said}."
    if any(table.monitor[name].description for name in names):
        yield ""


def evidence(table: Protection, fault: str) -> list[str]:
    """The monitors of a fault's expression, in the order of the table."""
    used = monitors_of(parse(table.fault[fault].when))
    return [name for name in table.monitor if name in used]


def _symptom(d: Dictionary, table: Protection, name: str) -> tuple[object, ...]:
    monitor = table.monitor[name]
    unit = wording.unit_of(d, monitor.channel)
    return (
        f"`{name}`",
        wording.condition(monitor, unit),
        wording.seconds(wording.persistence_s(table, monitor)),
        wording.release(monitor, unit),
        wording.seconds(wording.clear_s(table, monitor)),
        f"`{monitor.valid_when}`" if monitor.valid_when else "always",
    )


def _answers(table: Protection, fault: str) -> Iterator[str]:
    row_ = table.fault[fault]
    response = table.response[row_.response]
    for number, tier in enumerate(response.tier, 1):
        tries = f"{tier.tries} tries" if tier.tries > 1 else "one try"
        parts = [
            f"{tries} of {wording.seconds(tier.timeout_s)}",
            f"in {_code(tier.modes)}",
            f"only if `{tier.guard}`" if tier.guard else "",
            f"it worked when `{tier.success}`" if tier.success else "",
            f"holds {_code(tier.claims)}" if tier.claims else "",
            f"keeps {_code(tier.keeps)} until the fault has cleared" if tier.keeps else "",
        ]
        said = "; ".join(part for part in parts if part)
        yield f"{number}. `{wording.action(tier.action)}`: {said}."
    yield from ("", _reset(response.survives_reset))
    yield from ("", f"![Worst case against the time to effect]({fault}.timeline.svg)", "")
    heads = ("mode", "", "worst case")
    yield from _table(heads, (_in_mode(table, fault, mode) for mode in mode_order(table)))


def _speed(measured: Latency) -> str:
    begins = "after the first reading that trips"
    if measured.silence_ticks:
        age = wording.seconds(measured.silence_ticks / TICKS_PER_S)
        begins = f"{begins}, which silence is after {age}"
    answered = "never answered"
    if measured.answer_ticks is not None:
        answered = f"answered after {measured.answer_ticks}"
    return (
        f"In the walk it was raised at most {measured.detection_ticks} ticks of "
        f"{1000 // TICKS_PER_S} ms {begins}, and {answered}; the effect comes after "
        f"{measured.effect_ticks}."
    )


def _reset(survives: bool) -> str:
    if survives:
        return "A restart of the computer does not forget the fault nor how far the response got."
    return "After a restart of the computer the fault is looked for anew."


def _in_mode(table: Protection, fault: str, mode: str) -> tuple[object, ...]:
    cell = matrix.cell(table, fault, mode)
    meaning = matrix.MEANINGS[cell.kind].split(": ")[0]
    tiers = f", {matrix.text_of(cell)}" if cell.tiers else ""
    whole_s = checks.bound_s(table, fault, mode) if cell.kind == "answered" else None
    worst = "" if whole_s is None else wording.seconds(whole_s)
    needed = " (required)" if cell.required else ""
    return f"`{mode}`{needed}", f"{meaning}{tiers}", worst


def _signs(d: Dictionary, table: Protection, fault: str) -> Iterator[str]:
    names = operations.events_of(d, table, fault)
    shown = ((f"`{n}`", d.events[n].severity.value, d.events[n].text) for n in names)
    texts = ((n, s, f"`{text.replace('{fault}', fault)}`") for n, s, text in shown)
    yield from _table(("event", "severity", "text"), texts)
    heads = ("channel", "unit", "in packet", "")
    yield from _table(heads, (_channel(d, name) for name in operations.channels_of(table, fault)))


def _channel(d: Dictionary, name: str) -> tuple[object, ...]:
    channel = d.channels[name]
    packets = [packet for packet, row_ in d.packets.items() if name in row_.channels]
    sent = _code(packets) or "none: only events tell"
    return f"`{name}`", channel.unit, sent, channel.description
