#!/bin/sh
# Build the images of every board, or of those named, into build/firmware/BOARD/firmware/; print what
# the flight image takes and fail if that is more than its budgets.
# usage: native/firmware/build.sh [BOARD...]
set -eu
flash_budget=$((256 * 1024))
ram_budget=$((96 * 1024)) # stack included; the memory for maps is not counted
root=$(cd "$(dirname "$0")/../.." && pwd)
boards=${*:-$(ls "$root/native/firmware/boards")}

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
  toolchain=
  if [ "$board" != posix ]; then
    command -v arm-none-eabi-gcc >/dev/null || {
      echo "firmware: arm-none-eabi-gcc not found; on Debian:" >&2
      echo "  apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm" >&2
      exit 2
    }
    toolchain="-DCMAKE_TOOLCHAIN_FILE=$root/native/firmware/arm-none-eabi.cmake"
  fi
  cmake -S "$root/native" -B "$folder" -DONBOARD_BOARD="$board" $toolchain \
    -DCMAKE_BUILD_TYPE=Release -DONBOARD_EXTENSIONS=OFF -DONBOARD_PLANT=OFF >"$folder.log" 2>&1 ||
    { cat "$folder.log" >&2; exit 1; }
  cmake --build "$folder" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
  [ "$board" = posix ] || python3 "$root/native/firmware/size.py" "$board" \
    "$folder/firmware/flight.elf" "$flash_budget" "$ram_budget"
done
