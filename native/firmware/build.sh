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
  case $board in
    posix) toolchain= ;;
    linux-aarch64) toolchain=aarch64-linux-gnu packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user" ;;
    *) toolchain=arm-none-eabi packages="gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm" ;;
  esac
  if [ -n "$toolchain" ] && ! command -v $toolchain-gcc >/dev/null; then
    echo "firmware: $toolchain-gcc not found; on Debian:" >&2
    echo "  apt-get install $packages" >&2
    exit 2
  fi
  if command -v flock >/dev/null; then # two at once would spoil each other's objects
    exec 9>"$folder.lock"
    flock 9
  fi
  cmake -S "$root/native" -B "$folder" -DONBOARD_BOARD="$board" \
    ${toolchain:+-DCMAKE_TOOLCHAIN_FILE="$root/native/firmware/$toolchain.cmake"} \
    -DCMAKE_BUILD_TYPE=Release -DONBOARD_EXTENSIONS=OFF -DONBOARD_PLANT=OFF >"$folder.log" 2>&1 ||
    { cat "$folder.log" >&2; exit 1; }
  cmake --build "$folder" --parallel "$(getconf _NPROCESSORS_ONLN)" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
  if [ "$toolchain" = arm-none-eabi ]; then
    python3 "$root/native/firmware/size.py" "$board" "$folder/firmware/flight.elf" "$flash_budget" "$ram_budget"
  elif [ -n "$toolchain" ]; then
    $toolchain-size "$folder/firmware/flight" | awk -v board="$board" \
      'NR == 2 { printf "%-12s flight image: a program of %d octets with its C library, and %d of memory\n", board, $1 + $2, $3 }'
  fi
done
