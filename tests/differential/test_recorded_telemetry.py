"""Packets taken apart by others: recorded telemetry by space_packet_parser with the exported XTCE
and by the offsets printed in the interface control document, a capture by tshark."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import short_scenario
import space_packet_parser
from cobs import cobs
from link_setup import BOARD, Line

from hil.bench import session
from hil.bench.recording import Recording
from hil.link.capture import Capture, CapturedCarrier
from hil.link.carriers import InProcess
from hil.link.endpoint import Endpoint
from onboard.dictionary import load
from onboard.dictionary.exporters import FORMATS
from onboard.dictionary.link_messages import LINK_MESSAGES, layout
from onboard.services.commands import CommandCodec
from onboard.services.packets import decode
from onboard.services.telemetry import PacketLayout

LANDER = load("lander")
ROOT = Path(__file__).parents[2]
CODES = {"f64": "d", "f32": "f", "i64": "q", "u32": "I", "u16": "H", "u8": "B", "flag": "B"}


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Everything that came down in the first seconds of a flight."""
    folder = tmp_path_factory.mktemp("telemetry")
    scenario, text = short_scenario.scenario(folder, seconds=3.0)
    session.run(scenario, text, seed=3, folder=folder / "session")
    recording = Recording.open(folder / "session" / session.RECORDING)
    found = [packet for _, packet in recording.blobs("radio.down")]
    assert {decode(p).apid for p in found} >= {p.apid for p in LANDER.packets.values()}
    return found


@pytest.fixture(scope="module")
def xtce(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("xtce") / "lander.xml"
    path.write_text(FORMATS["xtce"](LANDER), encoding="utf-8")
    return path


@pytest.mark.parametrize("vehicle", ["lander", "rover"])
def test_the_xtce_is_valid_at_every_level(tmp_path: Path, vehicle: str) -> None:
    path = tmp_path / "dictionary.xml"
    path.write_text(FORMATS["xtce"](load(vehicle)), encoding="utf-8")
    result = space_packet_parser.validate_xtce(path, level="all", allow_schema_download=False)
    assert result.valid, result.errors


def test_xtce_decodes_recorded_telemetry(xtce: Path, packets: list[bytes]) -> None:
    definition = space_packet_parser.load_xtce(xtce)
    of_apid = {p.apid: name for name, p in LANDER.packets.items()}
    seen = 0
    for packet in packets:
        ours = decode(packet)
        if ours.apid not in of_apid:
            continue
        theirs: dict[str, Any] = dict(definition.parse_bytes(packet))
        layout_of = PacketLayout(LANDER, of_apid[ours.apid])
        row = layout_of.unpack(ours.data)
        names = [name.replace(".", "-") for name in layout_of.channels]
        found = struct.pack(f"{len(names)}d", *(theirs[name] for name in names))
        assert found == struct.pack(f"{len(names)}d", *row.values), "the same bits, NaN too"
        assert (theirs["time_ns"], theirs["stale_channels"]) == (row.time_ns, row.stale)
        assert (theirs["PKT_APID"], theirs["SRC_SEQ_CTR"]) == (ours.apid, ours.sequence_count)
        assert theirs["crc"] == int.from_bytes(packet[-2:])
        seen += 1
    assert seen > 60  # two packets at 10 Hz and two at 1 Hz, for 3 s


def test_xtce_decodes_a_hello(xtce: Path) -> None:
    carrier = InProcess()
    board = Endpoint(carrier.peer, BOARD, role="board", clock=lambda: 1234567)
    board.take(b"")
    packet = cobs.decode(carrier.read(0.0)[1:-1])
    theirs = dict(space_packet_parser.load_xtce(xtce).parse_bytes(packet))
    assert theirs["link-hello-time_ns"] == 1234567
    assert theirs["link-hello-identity"] == BOARD.identity
    assert theirs["link-hello-firmware_version"] == 1_002_003
    assert theirs["link-hello-board"].rstrip("\0") == BOARD.board


def tables(document: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Heading and rows of each table of the document."""
    for part in document.split("\n### ")[1:]:
        rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line[:2] == "| "]
        yield part.splitlines()[0], rows[1:]


def test_the_offsets_of_the_document_decode_recorded_telemetry(packets: list[bytes]) -> None:
    headings = dict(tables(FORMATS["icd"](LANDER)))
    for name, definition in LANDER.packets.items():
        (rows,) = [r for h, r in headings.items() if h.startswith(f"`{name}`, APID")]
        data = next(d.data for d in map(decode, packets) if d.apid == definition.apid)
        row = PacketLayout(LANDER, name).unpack(data)
        values = [struct.unpack_from(">" + CODES[r[2]], data, int(r[0]))[0] for r in rows]
        expected = [row.time_ns, row.stale, *row.values]
        assert list(map(repr, values)) == list(map(repr, expected))


def test_the_offsets_of_the_document_decode_a_command() -> None:
    headings = dict(tables(FORMATS["icd"](LANDER)))
    (rows,) = [r for h, r in headings.items() if h.startswith("`PARAM_SET`")]
    codec = CommandCodec(LANDER)
    data = decode(
        codec.encode(
            "PARAM_SET", {"name": "guidance.gate_altitude_m", "value": 55.5}, time_ns=7, count=0
        )
    ).data
    assert struct.unpack_from(">qH", data) == (7, LANDER.commands["PARAM_SET"].opcode)
    (at, _, kind, *_), (behind, _, number, *_) = rows
    assert (at, kind, behind, number) == ("10", "text", "`name` + 0", "f64")
    text = data[11 : 11 + data[10]]
    assert text == b"guidance.gate_altitude_m"
    assert struct.unpack_from(">d", data, 11 + len(text)) == (55.5,)


def test_every_field_of_a_message_is_described() -> None:
    for message in LINK_MESSAGES:
        assert list(message.fields) == [field.name for field in layout(message)]


@pytest.mark.parametrize("vehicle", ["lander", "rover"])
def test_the_committed_document_is_the_dictionary(vehicle: str) -> None:
    committed = (ROOT / f"docs/reference/{vehicle}/icd.md").read_text(encoding="utf-8")
    assert committed == FORMATS["icd"](load(vehicle)), "stale: make docs"


# ---- captures ---------------------------------------------------------------------------------


TALKED = range(4, 30)


def captured(path: Path) -> None:
    """A talk of two ends, captured: HELLO, its answer, telemetry and telecommands."""
    capture, carrier, now_ns = Capture(path), InProcess(), 0
    line = Line(CapturedCarrier(carrier, capture, lambda: now_ns), carrier.peer)
    for k in range(TALKED.stop):
        now_ns = 1_500_000_001 * k
        if k in TALKED:
            line.board.send(256 + k % 4, now_ns.to_bytes(8) + bytes(k))
            line.desk.send(16, now_ns.to_bytes(8) + b"command")
        line.round()
    capture.close()
    assert capture.packets == 2 + 2 * len(TALKED)


FIELDS = ("ccsds.apid", "ccsds.type", "ccsds.seqnum", "ccsds.length", "frame.time_relative")


@pytest.fixture(scope="module")
def dissected(tmp_path_factory: pytest.TempPathFactory) -> list[list[float]]:
    """FIELDS of each packet, as tshark sees them in a capture without any setting."""
    if shutil.which("tshark") is None:
        pytest.skip("needs tshark: apt-get install tshark")
    path = tmp_path_factory.mktemp("capture") / "link.pcap"
    captured(path)
    asked = [argument for name in (*FIELDS, "_ws.malformed") for argument in ("-e", name)]
    command = ["tshark", "-r", str(path), "-T", "fields", *asked]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in output.splitlines()]
    assert [row[-1] for row in rows] == [""] * len(rows), "malformed"
    return [[float(cell) for cell in row[:-1]] for row in rows]


def test_tshark_dissects_every_packet_of_a_capture(dissected: list[list[float]]) -> None:
    talked = [
        packet
        for n, k in enumerate(TALKED)
        for packet in ([16, 1, n, 8 + 7 + 2 - 1], [256 + k % 4, 0, n // 4, 8 + k + 2 - 1])
    ]
    hello = 80 + 2 - 1
    assert [row[:4] for row in dissected] == [[1, 0, 0, hello], [2, 1, 0, hello], *talked]


def test_a_capture_has_the_times_of_the_packets(dissected: list[list[float]]) -> None:
    times = [row[4] for row in dissected[2:]]
    expected = [1.500000001 * k for k in TALKED for _ in range(2)]
    assert times == pytest.approx(expected, abs=1e-8)  # of a double of 45 s, told in decimals
