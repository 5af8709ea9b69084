"""Lost against survived: an incident flown three ways, in one drawing."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hil.bench.report import ACCENT, GROUND, NAV, MissingExtra
from hil.bench.whole_file import write_whole
from hil.scenario import Scenario

STYLES = {
    "nominal": {"color": GROUND, "lw": 1.0, "ls": "--", "label": "nothing wrong"},
    "historical": {"color": ACCENT, "lw": 1.2, "label": "the logic of then"},
    "ours": {"color": NAV, "lw": 1.2, "label": "onboard"},
}


def write(path: Path, scenario: Scenario, logs: Mapping[str, Sequence[Any]]) -> None:
    """Write an SVG of the logs of each way (see `hil.bench.log`). Raises MissingExtra, OSError."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingExtra(
            f"a plot needs the package {error.name}: pip install matplotlib"
        ) from None
    assert scenario.incident is not None
    columns = scenario.incident.plot
    style: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with plt.rc_context({**style, "svg.hashsalt": "onboard"}):
        figure, panels = plt.subplots(
            1,
            len(columns),
            figsize=(4.5 * len(columns), 3.2),
            constrained_layout=True,
            squeeze=False,
        )
        for axes, column in zip(panels[0], columns, strict=True):
            _panel(axes, column, logs)
            for start_s in {f.start_s for f in scenario.fault} | {c.time_s for c in scenario.load}:
                axes.axvline(start_s, color="#00000033", lw=0.8)
        panels[0][0].legend(frameon=False)
        figure.suptitle(scenario.incident.title, fontsize=10)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        plt.close(figure)
    write_whole(path, buffer.getvalue())


def _panel(axes: Any, column: str, logs: Mapping[str, Sequence[Any]]) -> None:
    for way, flown in logs.items():
        for k, log in enumerate(flown):
            style = STYLES[way] | ({} if k == 0 else {"label": "_", "alpha": 0.35})
            axes.plot(log["time_s"], log[column], **style)
    axes.set_xlabel("time, s")
    axes.set_ylabel(_in_words(column))
    axes.grid(alpha=0.2)


def _in_words(column: str) -> str:
    """`true_altitude_m` as `true altitude, m`."""
    for suffix, unit in (
        ("_m_s", "m/s"),
        ("_m", "m"),
        ("_rad", "rad"),
        ("_deg", "deg"),
        ("_kg", "kg"),
        ("_n", "N"),
        ("_s", "s"),
    ):
        if column.endswith(suffix):
            return f"{column.removesuffix(suffix).replace('_', ' ')}, {unit}"
    return column.replace("_", " ")
