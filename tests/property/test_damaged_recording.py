"""Whatever happens to a recording's file, what is read of it is a beginning of what was written."""

from __future__ import annotations

import functools
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import short_scenario
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.bench import session
from hil.bench.recording import McapSink, Recording, RecordingError
from onboard.messages import LAYOUTS

PART = st.floats(0.0, 1.0, exclude_max=True)
FRAME = LAYOUTS["FrameHeader"].pack(70_000_000, 1, 8, 4, 0.01) + bytes(32)


@functools.cache
def written() -> tuple[bytes, bytes]:
    """Content of a small recording of several chunks, and its rows."""
    values = np.random.default_rng(1).normal(size=(600, 6))
    pack = LAYOUTS["ImuSample"].pack
    rows = [i.to_bytes(8, "little") + pack(i, i, *v, 0) for i, v in enumerate(values)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "whole.mcap"
        with McapSink(path, metadata={"seed": "3"}, chunk_bytes=5_000) as sink:
            sink.attach("scenario.toml", "a = 1\n" * 100)
            sink.open("imu.a", "ImuSample")
            sink.open("camera.a.frame", "Frame")
            for k in range(0, 600, 50):
                sink.block("imu.a", k, 50, b"".join(rows[k : k + 50]))
                sink.blob("camera.a.frame", k, FRAME)
        return path.read_bytes(), b"".join(rows)


def is_a_beginning(content: bytes) -> None:
    rows = written()[1]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hurt.mcap"
        path.write_bytes(content)
        try:
            recording = Recording.open(path)
        except RecordingError as error:
            assert str(error).startswith(f"{path}: ")
            return
    found = recording.rows("imu.a").tobytes()
    assert rows.startswith(found)
    frames = list(recording.frames("camera.a.frame"))
    if recording.damage is None:
        assert found == rows
        assert len(frames) == 12
    assert recording.attachments.get("scenario.toml", b"a = 1\n" * 100) == b"a = 1\n" * 100


def test_the_whole_is_undamaged(tmp_path: Path) -> None:
    (tmp_path / "whole.mcap").write_bytes(written()[0])
    assert Recording.open(tmp_path / "whole.mcap").damage is None
    is_a_beginning(written()[0])


@given(PART, st.integers(0, 7))
@settings(max_examples=300)
def test_a_flipped_bit(part: float, bit: int) -> None:
    content = bytearray(written()[0])
    content[int(part * len(content))] ^= 1 << bit
    is_a_beginning(bytes(content))


@given(PART)
def test_a_cut(part: float) -> None:
    whole = written()[0]
    is_a_beginning(whole[: int(part * len(whole))])


@given(PART, st.binary(min_size=1, max_size=200))
@settings(max_examples=300)
def test_garbage_in_the_middle(part: float, noise: bytes) -> None:
    whole, at = written()[0], int(part * len(written()[0]))
    is_a_beginning(whole[:at] + noise + whole[at + len(noise) :])


@given(PART, st.binary(min_size=1, max_size=200))
def test_octets_too_many(part: float, noise: bytes) -> None:
    whole, at = written()[0], int(part * len(written()[0]))
    is_a_beginning(whole[:at] + noise + whole[at:])


@given(st.binary(max_size=500))
def test_garbage_alone(noise: bytes) -> None:
    is_a_beginning(noise)
    is_a_beginning(written()[0][:8] + noise)


@functools.cache
def flown() -> bytes:
    with TemporaryDirectory() as folder:
        checked, text = short_scenario.scenario(Path(folder), seconds=0.5)
        session.run(checked, text, seed=1, folder=Path(folder) / "flown")
        return (Path(folder) / "flown" / session.RECORDING).read_bytes()


@given(PART, st.integers(0, 7))
@settings(max_examples=60)
def test_a_replay_of_a_damaged_session_ends_with_a_message(part: float, bit: int) -> None:
    content = bytearray(flown())
    content[int(part * len(content))] ^= 1 << bit
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hurt.mcap"
        path.write_bytes(content)
        try:
            assert session.replay(path).session == str(path)
        except (RecordingError, session.InputError) as error:
            assert str(error).startswith(f"{path}: ")
