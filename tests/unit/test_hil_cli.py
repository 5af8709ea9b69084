"""`hil` and a user's mistakes: one message, exit status 2, nothing left behind."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click
import pytest
import short_scenario
from click.testing import CliRunner, Result

from hil.bench import landing, report, session
from hil.cli import main
from hil.lab.cli import lab as lab_commands
from onboard.cli import main as onboard_commands

FAULT = '[[fault]]\nport = "{}"\nkind = "{}"\n{}\n'


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def hil(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def refused(result: Result, *words: str) -> None:
    """Exit status 2, one message with the words, no traceback, no JSON."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("hil: ")
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"extra": FAULT.format("imu.z", "off", "")}, ("fault.0.port = 'imu.z'", "imu.a")),
        ({"extra": FAULT.format("kettle", "off", "")}, ("fault.0", "kettle", "imu")),
        ({"extra": FAULT.format("imu.a", "melt", "")}, ("fault.0.kind", "melt", "stuck")),
        ({"extra": FAULT.format("imu.a", "delay", "amount = 601.0")}, ("amount = 601.0", "600")),
        ({"extra": FAULT.format("imu.a", "drift", 'fields = ["mass"]\namount = 1.0')}, ("'mass'",)),
        ({"extra": "[[command]]\ntime_s = 1.0\nname = 'FLY'"}, ("command.2", "FLY", "NOOP")),
        ({"extra": "[[command]]\ntime_s = 1.0\nname = 'NOOP'\narguments = {a = 1}"},
         ("command.2", "a")),
        ({"extra": "[parameters]\n'guidance.trust_n' = 1.0"},
         ("guidance.trust_n", "guidance.thrust_n")),
        ({"extra": "[parameters]\n'services.arm_timeout_s' = 1e9"}, ("1000000000.0", "1..60 s")),
        ({"extra": "[parameters]\n'services.arm_timeout_s' = nan"}, ("nan", "finite")),
        ({"extra": "[parameters]\n'camera.qw' = 0.1"}, ("parameters: camera", "length is not 1")),
        ({"world": "craters = 'gone.csv'"}, ("gone.csv", "No such file")),
        ({"world": "seed = 99999999999999999999"}, ("world.seed",)),
        ({"seconds": "inf"}, ("duration_s", "inf")),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_fly_leaves_nothing(
    tmp_path: Path, options: dict[str, str], words: tuple[str, ...]
) -> None:
    path = short_scenario.write(tmp_path, **options)  # type: ignore[arg-type]
    refused(hil("run", str(path)), "short.toml" if "world" not in options else "", *words)
    assert [p for p in tmp_path.iterdir() if p.suffix == ""] == []


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"name = ", b"\x00" * 99])
def test_a_file_that_is_no_scenario(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    refused(hil("run", "x.toml"), "x.toml")


def test_unknown_scenarios_and_missing_files() -> None:
    refused(hil("run", "mare_nowhere"), "mare_nowhere", "frigoris")
    refused(hil("run", "gone.toml"), "gone.toml")
    refused(hil("campaign", "mare_nowhere"), "frigoris")
    refused(hil("profile", "mare_nowhere"), "frigoris")


def test_out_folders_that_cannot_be_used(tmp_path: Path) -> None:
    scenario = str(short_scenario.write(tmp_path, seconds=0.5))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("all of it")
    refused(hil("run", scenario, "--out", "mine"), "mine", "not empty")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    refused(hil("run", scenario, "--out", "/proc/mine"), "/proc/mine", "cannot be created")


@pytest.mark.parametrize("option", [["--timed"], ["--out", "mine"]])
def test_options_that_need_a_recording(tmp_path: Path, option: list[str]) -> None:
    scenario = str(short_scenario.write(tmp_path, seconds=0.5))
    refused(hil("run", scenario, "--no-record", *option), option[0], "--no-record")
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("options", [["--no-record"], ["--no-report"], ["--no-report", "--timed"]])
def test_a_run_builds_one_vehicle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    built = []
    vehicle = session.vehicle
    monkeypatch.setattr(session, "vehicle", lambda *a, **k: built.append(1) or vehicle(*a, **k))
    scenario = str(short_scenario.write(tmp_path, seconds=0.5))
    assert hil("run", scenario, "--quiet", *options).exit_code == 0
    assert len(built) == 1


def test_only_parameter_errors_are_told_as_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a defect of the software")

    monkeypatch.setattr(landing, "Lander", broken)
    scenario = str(short_scenario.write(tmp_path, seconds=0.5))
    with pytest.raises(ValueError, match="defect"):
        CliRunner().invoke(main, ["run", scenario, "--no-record"], catch_exceptions=False)


def test_a_disk_that_fills_up_before_the_result_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(session, "write_whole", full)
    scenario = str(short_scenario.write(tmp_path, seconds=0.5))
    refused(hil("run", scenario, "--json"), "result.json: No space left on device")
    assert [p.name for p in (tmp_path / "sessions/short-1").iterdir()] == ["session.mcap"]


def test_a_disk_that_fills_up_before_the_report_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(report, "write_whole", full)
    result = hil("run", str(short_scenario.write(tmp_path, seconds=0.5)))
    assert result.exit_code == 0
    assert "report.html: No space left on device" in result.stdout.replace("\n", "")
    refused(hil("report", "sessions/short-1"), "report.html: cannot be written: No space left")


def test_sessions_and_recordings_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "noise.mcap").write_bytes(bytes(range(256)) * 9)
    for command in (["replay"], ["report"]):
        refused(hil(*command, "empty"), "session.mcap", "No such file")
        refused(hil(*command, "noise.mcap"), "noise.mcap", "is no recording")
    refused(hil("picture", "empty", "out.png"), "session.mcap")
    assert not (tmp_path / "out.png").exists()


def test_night_is_a_warning(tmp_path: Path) -> None:
    path = short_scenario.write(tmp_path, seconds=0.5)
    path.write_text(path.read_text().replace("2025-06-05", "2025-06-20"))
    result = hil("run", str(path), "--json", "--no-record")
    assert result.exit_code == 0, result.output
    assert "warning" in result.stderr and "below the horizon" in result.stderr
    assert json.loads(result.stdout)["verdict"] == "passed"


@pytest.mark.parametrize(
    "command", [[], ["run"], ["replay"], ["report"], ["picture"], ["campaign"], ["profile"]]
)
def test_every_command_explains_itself(command: list[str]) -> None:
    result = hil(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


@pytest.mark.parametrize("group", [main, lab_commands, onboard_commands])
def test_summaries_fit_into_eighty_columns(group: click.Group) -> None:
    shown = CliRunner().invoke(group, ["--help"], terminal_width=80).stdout
    assert len(shown.split("Commands:")[1].splitlines()) > len(group.commands)
    assert "..." not in shown.split("Commands:")[1]


def test_a_second_imu_must_be_fitted(tmp_path: Path) -> None:
    fault = '[[fault]]\nport = "imu.b"\nkind = "off"\nstart_s = 0.1\n'
    path = short_scenario.write(tmp_path, seconds=0.5, extra=fault)
    result = hil("run", str(path), "--json", "--no-record")
    assert result.exit_code == 2
    assert "fault.0.port = 'imu.b': allowed with imus = 2" in result.stderr
    path.write_text(path.read_text().replace("vehicle =", "imus = 2\nvehicle =", 1))
    assert hil("run", str(path), "--json", "--no-record").exit_code == 0


def test_a_load_of_a_member_that_is_not_there_is_named_by_its_place(tmp_path: Path) -> None:
    load = '[[load]]\ntime_s = 0.1\n[[load]]\ntime_s = 0.0\nmember = "telescope"\n'
    path = short_scenario.write(tmp_path, seconds=0.5, extra=load)
    result = hil("run", str(path), "--json", "--no-record")
    assert result.exit_code == 2
    assert f"{path}: load.1.member = 'telescope': allowed: " in result.stderr


def test_without_the_report_extra_the_run_still_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    result = hil("run", str(short_scenario.write(tmp_path, seconds=0.5)))
    assert result.exit_code == 0, result.output
    assert "no report" in result.stdout and "pip install" in result.stdout
    assert sorted(p.name for p in (tmp_path / "sessions/short-1").iterdir()) == [
        "configuration.json",
        "junit.xml",
        "result.json",
        "session.mcap",
    ]


def test_folders_are_numbered_not_overwritten(tmp_path: Path) -> None:
    path = str(short_scenario.write(tmp_path, seconds=0.5))
    for _ in range(3):
        assert hil("run", path, "--no-report", "--quiet").exit_code == 0
    names = sorted(p.name for p in (tmp_path / "sessions").iterdir())
    assert names == ["short-1", "short-1-2", "short-1-3"]
