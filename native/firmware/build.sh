#!/bin/sh
# Build the self-test image of every board, or of those named, into build/firmware/BOARD/.
# usage: native/firmware/build.sh [BOARD...]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
boards=${*:-$(ls "$root/native/firmware/boards")}

if ! command -v arm-none-eabi-gcc >/dev/null; then
  echo "firmware: arm-none-eabi-gcc not found; on Debian:" >&2
  echo "  apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm" >&2
  exit 2
fi
if ! command -v cmake >/dev/null; then
  echo "firmware: cmake not found; on Debian: apt-get install cmake, or pip install cmake" >&2
  exit 2
fi

mkdir -p "$root/build/firmware"
for board in $boards; do
  if [ ! -d "$root/native/firmware/boards/$board" ]; then
    echo "firmware: no board '$board'; there are:" $(ls "$root/native/firmware/boards") >&2
    exit 2
  fi
  folder="$root/build/firmware/$board"
  cmake -S "$root/native" -B "$folder" -DONBOARD_BOARD="$board" \
    -DCMAKE_TOOLCHAIN_FILE="$root/native/firmware/arm-none-eabi.cmake" \
    -DCMAKE_BUILD_TYPE=Release -DONBOARD_EXTENSIONS=OFF -DONBOARD_PLANT=OFF >"$folder.log" 2>&1 ||
    { cat "$folder.log" >&2; exit 1; }
  cmake --build "$folder" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
  arm-none-eabi-size "$folder/firmware/self_test.elf" | awk -v board="$board" \
    'NR == 2 { printf "%-12s flash %d bytes, RAM %d bytes\n", board, $1 + $2, $2 + $3 }'
done
