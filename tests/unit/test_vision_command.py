"""`onboard vision`: from a rendered frame to a fix, refusals, wrong input told in a line."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from descent_frames import Ground, View, degrees_of, prior_text, unit, write_case
from PIL import Image

from hil.vision.picture import EXPECTED, MATCHED, UNMATCHED
from hil.vision.prior import MOON_M
from onboard.cli import main
from onboard.core.vision.craters import CraterIndex

REFUSED, WRONG_INPUT = 3, 2


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["vision", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@dataclass(frozen=True)
class Case:
    folder: Path
    ground: Ground
    view: View

    def match(
        self, *more: str | Path, image: str = "frame.png", prior: str = "prior.toml"
    ) -> Result:
        place = self.folder
        return run("match", place / image, "--map", place / "map", "--prior", place / prior, *more)

    def answer(self, **files: str) -> dict[str, Any]:
        result = self.match("--json", **files)
        answer: dict[str, Any] = json.loads(result.stdout)
        assert result.exit_code == (0 if answer["found"] else REFUSED)
        return answer

    def mahalanobis(self, answer: dict[str, Any]) -> float:
        off = np.array(answer["pose"]["position_mcmf_m"]) - self.view.position_mcmf_m
        return float(np.sqrt(off @ np.linalg.solve(answer["pose"]["covariance_m2"], off)))


def case(folder: Path, altitude_m: float, prior: dict[str, Any]) -> Case:
    rng = np.random.default_rng(3)
    ground = Ground(altitude_m)
    view = ground.view(rng)
    write_case(folder, ground, view, prior_text(ground, view, rng, **prior))
    built = run("index", folder / "craters.csv", "--output", folder / "map")
    assert built.exit_code == 0, built.output
    return Case(folder, ground, view)


@pytest.fixture(scope="module")
def orbit(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """100 km up, attitude known to a degree, position not."""
    return case(tmp_path_factory.mktemp("orbit"), 100e3, {"attitude_deg": 1.0})


@pytest.fixture(scope="module")
def descent(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """15 km up, attitude known to a pixel, position to some hundred metres."""
    prior = {"attitude_deg": 0.02, "position_sigma_m": (500.0, 200.0)}
    return case(tmp_path_factory.mktemp("descent"), 15e3, prior)


def changed_prior(place: Case, name: str, *changes: tuple[str, str]) -> str:
    text = (place.folder / "prior.toml").read_text()
    for old, new in changes:
        lines = [new if line.startswith(old) else line for line in text.splitlines()]
        assert lines != text.splitlines(), f"{old} is not in the prior"
        text = "\n".join(lines) + "\n"
    (place.folder / name).write_text(text)
    return name


@pytest.mark.parametrize("name", ["orbit", "descent"])
def test_a_rendered_frame_is_fixed_within_its_covariance(
    name: str, request: pytest.FixtureRequest
) -> None:
    place: Case = request.getfixturevalue(name)
    answer = place.answer()
    assert answer["status"] == "found"
    assert answer["log10_chance"] < -6.0
    # 5 sigma of three axes: 1.5e-5 of all frames.
    assert place.mahalanobis(answer) < 5.0


@pytest.mark.parametrize("name", ["orbit", "descent"])
def test_rows_are_those_of_the_craters_that_are_there(
    name: str, request: pytest.FixtureRequest
) -> None:
    place: Case = request.getfixturevalue(name)
    with (place.folder / "craters.csv").open() as file:
        table = [
            (float(r["latitude_deg"]), float(r["longitude_deg"])) for r in csv.DictReader(file)
        ]
    matched = [d for d in place.answer()["detections"] if d["row"] is not None]
    rows = np.array([d["row"] for d in matched])
    assert len(set(rows)) == len(rows) > 20
    latitude, longitude = np.array(table)[rows].T
    ground = np.array([unit(a, b) for a, b in zip(latitude, longitude, strict=True)])
    height = place.ground.terrain.height_m(ground, 200.0)
    seen = ground * (MOON_M + height)[:, None] - place.view.position_mcmf_m
    seen = seen @ place.view.C_camera_from_mcmf.T
    camera = place.ground.camera
    pixel = camera.focal_px * seen[:, :2] / seen[:, 2:] + camera.center_column_px
    off = np.linalg.norm(pixel - [d["pixel"] for d in matched], axis=1)
    radius = np.array([d["radius_px"] for d in matched])
    # A wrong one lies anywhere within a gate, that is, beyond a radius more often than not.
    assert (off < np.maximum(3.0, radius)).mean() > 0.95


def test_the_picture_shows_image_matches_and_what_was_not_matched(orbit: Case) -> None:
    picture = orbit.folder / "new" / "picture.png"
    assert orbit.match("--output", picture).exit_code == 0
    drawn = np.asarray(Image.open(picture))
    assert drawn.shape[1] == 1024
    for colour in (MATCHED, UNMATCHED, EXPECTED):
        assert (drawn == colour).all(axis=2).sum() > 100
    grey = (drawn[:1024] == orbit.view.image[..., None]).all(axis=2)
    assert grey.mean() > 0.8  # the image itself, where no line is


def test_matches_bear_the_names_of_the_catalogue(orbit: Case) -> None:
    named = orbit.folder / "named.csv"
    lines = (orbit.folder / "craters.csv").read_text().splitlines()
    rows = [line.rsplit(",", 1)[0] for line in lines]
    named.write_text("\n".join([lines[0], *(f"{r},number {k}" for k, r in enumerate(rows[1:]))]))
    answer = json.loads(orbit.match("--json", "--names", named).stdout)
    for detection in answer["detections"]:
        row = detection["row"]
        assert detection["name"] == (None if row is None else f"number {row}")


def test_sixteen_bits_are_as_good_as_eight(descent: Case) -> None:
    wide = np.asarray(Image.open(descent.folder / "frame.png")).astype(np.uint16) * 97
    Image.fromarray(wide).save(descent.folder / "wide.png")
    header = f"P5 {wide.shape[1]} {wide.shape[0]} 65535\n".encode()
    (descent.folder / "wide.pgm").write_bytes(header + wide.astype(">u2").tobytes())
    by_png, by_pgm = descent.answer(image="wide.png"), descent.answer(image="wide.pgm")
    assert by_png == by_pgm
    assert by_png["found"]
    assert descent.mahalanobis(by_png) < 5.0


def test_a_mirrored_image_is_refused_with_the_reason(orbit: Case, descent: Case) -> None:
    for place in (orbit, descent):
        Image.fromarray(place.view.image[:, ::-1]).save(place.folder / "mirrored.png")
        result = place.match(image="mirrored.png")
        assert result.exit_code == REFUSED
        assert "found" not in result.stdout
        assert " 0 matches" in result.stdout


def test_a_black_image_is_refused(descent: Case) -> None:
    Image.fromarray(np.zeros((512, 512), np.uint8)).save(descent.folder / "black.png")
    answer = descent.answer(image="black.png")
    assert answer["status"] == "few craters detected"
    assert answer["pose"] is None


def test_a_fix_far_from_the_position_of_the_prior_is_refused(orbit: Case) -> None:
    """The attitude is too loose for the matcher: identified, then held against the position."""
    latitude, longitude = degrees_of(orbit.view.position_mcmf_m)
    for off_deg, status in ((0.0, "found"), (1.0, "outside the prior")):
        place = f"latitude_deg = {latitude + off_deg}\nlongitude_deg = {longitude}\n"
        place += f"altitude_m = {orbit.view.altitude_m}\nsigma_m = [1e3, 1e3]"
        prior = changed_prior(
            orbit, "position.toml", ("[altitude]", "[position]"), ("range_m", place)
        )
        answer = orbit.answer(prior=prior)
        assert answer["status"] == status
        matched = [d for d in answer["detections"] if d["row"] is not None]
        assert bool(matched) == (status == "found")


@pytest.mark.parametrize(
    ("line", "becomes", "told"),
    [
        ("sigma_deg", "sigma_deg = 20.0", "attitude.sigma_deg = 20.0: allowed: above 0 to 11"),
        ("focal_px", "focal_px = nan", "camera.focal_px = nan: allowed: 10 to 1,000,000"),
        ("focal_px", "", "camera.focal_px: required and not given"),
        ("[sun]", "[sum]", "sum: unknown; 6 fields are allowed here, near it: sun"),
        ("[altitude]", "", "sun.range_m: unknown"),
        (
            "q_camera",
            "q_camera_from_mcmf = [1.0, 1.0, 0.0, 0.0]",
            "attitude.q_camera_from_mcmf: its length is 1.414, allowed 0.999 to 1.001",
        ),
        ("range_m", "range_m = [2e5, 1e5]", "altitude: range_m = [200000.0, 100000.0]: allowed"),
        (
            "range_m",
            "range_m = [1.0, 1e5]",
            "altitude.range_m.0 = 1.0: allowed: 1,000 to 10,000,000",
        ),
        ("[camera]", "[camera", "not TOML"),
    ],
)
def test_a_wrong_prior_is_told_in_a_line(orbit: Case, line: str, becomes: str, told: str) -> None:
    prior = changed_prior(orbit, "wrong.toml", (line, becomes))
    result = orbit.match(prior=prior)
    assert result.exit_code == WRONG_INPUT
    assert any(
        text.startswith(f"{orbit.folder / prior}: ") and told.split(":")[0] in text and told in text
        for text in result.stderr.splitlines()
    ), result.stderr
    assert result.stdout == ""


def test_a_prior_has_one_place(orbit: Case) -> None:
    text = (orbit.folder / "prior.toml").read_text()
    (orbit.folder / "none.toml").write_text(
        "\n".join(x for x in text.splitlines() if x != "[altitude]" and "range_m" not in x)
    )
    result = orbit.match(prior="none.toml")
    assert result.exit_code == WRONG_INPUT
    assert "allowed: one of the tables altitude, position" in result.stderr


def test_a_view_that_the_finder_does_not_take_is_told(descent: Case) -> None:
    prior = changed_prior(
        descent, "level.toml", ("q_camera", "q_camera_from_mcmf = [1.0, 0.0, 0.0, 0.0]")
    )
    result = descent.match(prior=prior)
    assert result.exit_code == WRONG_INPUT
    assert "deg off the vertical: allowed 0 to 40" in result.stderr
    _, longitude = degrees_of(descent.view.sun_mcmf)
    dark = changed_prior(
        descent,
        "dark.toml",
        (f"longitude_deg = {longitude:.4f}", f"longitude_deg = {longitude + 180.0}"),
    )
    assert "sun stands at -" in descent.match(prior=dark).stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read to its end: No such file or directory"),
        (b"P5 8 8 255\n", "cannot be read to its end"),
        (b"latitude", "not an image of a known format"),
    ],
)
def test_a_file_that_is_no_image_is_told(
    orbit: Case, tmp_path: Path, content: bytes | None, told: str
) -> None:
    image = tmp_path / "image.pgm"
    if content is not None:
        image.write_bytes(content)
    result = orbit.match(image=str(image))
    assert result.exit_code == WRONG_INPUT
    assert result.stderr.startswith(f"{image}: {told}")
    assert result.stderr.count("\n") == 1


def test_a_colour_image_and_a_tiny_one_are_told(orbit: Case) -> None:
    Image.new("RGB", (99, 99)).save(orbit.folder / "colour.png")
    result = orbit.match(image="colour.png")
    assert result.exit_code == WRONG_INPUT
    assert "colour.png: mode RGB: allowed grey of 8 or 16 bit" in result.stderr
    Image.new("L", (20, 20)).save(orbit.folder / "tiny.png")
    result = orbit.match(image="tiny.png")
    assert result.exit_code == WRONG_INPUT
    assert "tiny.png: image: 20 x 20 px, allowed 48 to 4096 each way" in result.stderr


def test_a_map_that_is_no_index_is_told_with_what_builds_one(orbit: Case, tmp_path: Path) -> None:
    for content, told in ((b"", "empty"), (b"x" * 100, "not an index of craters")):
        (tmp_path / "map").write_bytes(content)
        frame, prior = orbit.folder / "frame.png", orbit.folder / "prior.toml"
        result = run("match", frame, "--map", tmp_path / "map", "--prior", prior)
        assert result.exit_code == WRONG_INPUT
        assert result.stderr.startswith(f"{tmp_path / 'map'}: ")
        assert told in result.stderr
        assert "`onboard vision index` builds one" in result.stderr


def test_names_of_another_catalogue_are_told(orbit: Case, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("name\nA\n")
    assert "1 rows, the map has 3" in orbit.match("--names", names).stderr
    names.write_text("label\nA\n")
    assert "columns label: none is `name`" in orbit.match("--names", names).stderr


def test_what_cannot_be_written_is_told(orbit: Case) -> None:
    below_a_file = orbit.folder / "prior.toml" / "picture.png"
    result = orbit.match("--output", below_a_file)
    assert result.exit_code == WRONG_INPUT
    assert f"{below_a_file}: cannot be written" in result.stderr
    result = run("index", orbit.folder / "craters.csv", "--output", below_a_file)
    assert result.exit_code == WRONG_INPUT
    assert f"{below_a_file}: cannot be written" in result.stderr


def test_an_index_has_the_heights_of_the_ground(orbit: Case) -> None:
    """Bilinear in a grid of 10.7 km, against the bicubic base of the terrain without craters."""
    index = CraterIndex((orbit.folder / "map").read_bytes())
    height = np.linalg.norm(index.centre_mcmf_m, axis=1) - MOON_M
    ground = orbit.ground.terrain.height_m(index.normal_mcmf, 8e3)
    # Mare: some ten metres between the two ways; the base alone spans several hundred.
    assert np.median(np.abs(height - ground)) < 60.0
    assert np.ptp(height) > 300.0


def test_a_wrong_catalogue_is_told(tmp_path: Path) -> None:
    catalogue = tmp_path / "c.csv"
    catalogue.write_text("latitude_deg,longitude_deg,diameter_km\n95.0,0.0,1.0\n")
    result = run("index", catalogue, "--output", tmp_path / "map")
    assert result.exit_code == WRONG_INPUT
    assert f"{catalogue}, line 2: latitude_deg = 95.0: allowed -90 to 90 deg" in result.stderr
    assert not (tmp_path / "map").exists()
