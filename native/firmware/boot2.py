"""Puts the checksum into the second stage of an RP2040 image's boot; without it nothing starts.

usage: boot2.py IMAGE

CRC-32 of the first 252 octets as the boot ROM counts it (RP2040 datasheet, 2.8.1.3.1): polynomial
0x04c11db7, from all ones, neither reflected nor inverted, kept little endian in the last four.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OCTETS = 252
SECTION = ".boot2"


def checksum(octets: bytes) -> int:
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def main(image: str) -> None:
    section = Path(image + SECTION)
    copy = ["arm-none-eabi-objcopy"]
    subprocess.run([*copy, "-O", "binary", "-j", SECTION, image, section], check=True)
    code = section.read_bytes()[:OCTETS]
    section.write_bytes(code + checksum(code).to_bytes(4, "little"))
    subprocess.run([*copy, f"--update-section={SECTION}={section}", image], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
