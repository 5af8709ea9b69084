"""The first seconds of `frigoris`, for tests that fly the closed loop."""

from __future__ import annotations

from pathlib import Path

from hil.scenario import FOLDER, Scenario, load

SECONDS = 20.0
_SHIPPED = (FOLDER / "frigoris.toml").read_text(encoding="utf-8")


def text(*, seconds: float = SECONDS, extra: str = "", world: str = "") -> str:
    """TOML of a short run that expects nothing but to last that long."""
    head = _SHIPPED[: _SHIPPED.index("[[expect]]")]
    lines = [
        f"duration_s = {seconds}" if line.startswith("duration_s") else line
        for line in head.splitlines()
        if not line.startswith("search_radius_m")  # the choice of the target takes a survey
    ]
    expect = f'[[expect]]\nmetric = "sim_seconds"\nmin = {seconds}\n'
    world_table = f"[world]\n{world}\n" if world else ""
    return "\n".join([*lines, world_table, expect, extra]) + "\n"


def write(folder: Path, name: str = "short", **options: str | float) -> Path:
    """A scenario file of that text, named after its file."""
    path = folder / f"{name}.toml"
    content = text(**options).replace('name = "frigoris"', f'name = "{name}"', 1)  # type: ignore[arg-type]
    path.write_text(content, encoding="utf-8")
    return path


def scenario(folder: Path, **options: str | float) -> tuple[Scenario, str]:
    """The same, checked, and its text."""
    return load(write(folder, **options))  # type: ignore[arg-type]
