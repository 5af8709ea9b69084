#!/bin/sh
# Install the cross compiler and the emulator where they are missing and this user may, or say how.
set -eu
missing=
command -v arm-none-eabi-gcc >/dev/null || missing="gcc-arm-none-eabi libnewlib-arm-none-eabi"
command -v qemu-system-arm >/dev/null || missing="$missing qemu-system-arm"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "boards need system packages. On Debian: apt-get install" $missing
  exit 2
fi
echo "installing" $missing
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
