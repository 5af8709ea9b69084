"""`onboard dictionary`: output, exit status, nothing half-written."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onboard.cli import main
from onboard.dictionary.loader import folder_of


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The lander's dictionary with a wrong value."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in folder_of("lander").glob("*.toml"):
        (folder / path.name).write_text(path.read_text())
    text = (folder / "parameters.toml").read_text()
    (folder / "parameters.toml").write_text(text.replace("default = 10.0", "default = 99.0"))
    return folder


def test_check_says_what_is_there() -> None:
    result = run("dictionary", "check")
    assert result.exit_code == 0
    assert "lander: " in result.output
    assert "no mistakes" in result.output


def test_check_names_the_mistake_with_status_2(broken: Path) -> None:
    result = run("dictionary", "check", str(broken))
    assert result.exit_code == 2
    assert result.output == (
        "parameters.toml: parameters.arm_timeout_s: default: 99.0 is outside 1..60 s\n"
    )


def test_an_unknown_vehicle_is_status_2() -> None:
    result = run("dictionary", "check", "nowhere")
    assert result.exit_code == 2
    assert "allowed lander" in result.output


def test_export_as_json_is_json() -> None:
    content = json.loads(run("dictionary", "export", "lander", "--format", "json").output)
    assert content["vehicle"] == "lander"


@pytest.mark.parametrize("form", ["json", "markdown", "header", "icd", "xtce"])
def test_export_to_a_file_is_what_stdout_shows(tmp_path: Path, form: str) -> None:
    target = tmp_path / "new" / "out"
    result = run("dictionary", "export", "--format", form, "--output", str(target))
    assert result.exit_code == 0
    assert target.read_text() == run("dictionary", "export", "--format", form).output
    assert [p.name for p in target.parent.iterdir()] == ["out"]


def test_an_unknown_format_is_status_2() -> None:
    assert run("dictionary", "export", "--format", "pdf").exit_code == 2


def test_a_broken_dictionary_leaves_the_old_export(broken: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    assert run("dictionary", "export", str(broken), "--output", str(target)).exit_code == 2
    assert target.read_text() == "old"


def test_an_export_that_cannot_be_written_is_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("dictionary", "export", "--output", str(tmp_path / "file" / "out"))
    assert result.exit_code == 2
    assert "cannot be written" in result.output
