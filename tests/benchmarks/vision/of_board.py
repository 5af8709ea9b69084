"""What vision costs a Cortex-M for one real frame of 512 x 512, by the image `vision_test`.

Instructions, counted by the emulated board's own timer; the milliseconds take one for each cycle.
"""

import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from vision.turns import REAL_IMAGE

from hil.link.qemu import CYCLE_NS, EMULATOR, IMAGES, INSTRUCTION_NS, MAPS_OCTETS

CLOCKS_MHZ = {"mps2-an386": 168, "mps2-an500": 216}  # of the STM32F4 and STM32F7 with these cores


def run(board: str, image: Path, maps: Path) -> str:
    """What the board prints, the frame at the start of its memory for maps."""
    memory = f"memory-backend-file,id=maps,size={MAPS_OCTETS},mem-path={maps},share=on"
    command = [EMULATOR, "-M", f"{board},memory-backend=maps", "-object", memory, "-nographic"]
    command += ["-monitor", "none", "-icount", "shift=6", "-semihosting-config", "enable=on"]
    command += ["-serial", "stdio", "-kernel", str(image)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return done.stdout


def costs(printed: str) -> list[tuple[str, int, int]]:
    """Name, instructions, and how many were found, of each routine."""
    between = printed.split("end\n")[1]
    rows = (line.split() for line in between.splitlines())
    return [
        (name, int(cycles, 16) * CYCLE_NS // INSTRUCTION_NS, int(found, 16))
        for name, cycles, found in rows
    ]


def main() -> None:
    path = REAL_IMAGE / "kaguya_intensity.pgm"
    if not path.exists():
        print("cost on a Cortex-M: needs the Kaguya image of the shared data")
        return
    frame = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert frame is not None
    for board, clock_MHz in CLOCKS_MHZ.items():
        image = IMAGES / board / "firmware/vision_test.elf"
        if not image.exists():
            print(f"{board}: {image} is missing; `make images` builds it")
            continue
        with tempfile.NamedTemporaryFile() as maps:
            octets = np.zeros(MAPS_OCTETS, np.uint8)
            octets[: 512 * 512] = frame[240:752, 240:752].ravel()
            Path(maps.name).write_bytes(octets.tobytes())
            for name, instructions, found in costs(run(board, image, Path(maps.name))):
                ms = instructions / clock_MHz / 1e3
                told = f"{instructions / 1e6:.1f} million, {ms:.0f} ms at {clock_MHz} MHz"
                print(f"{board} {name:16s} {told}; {found} found")
