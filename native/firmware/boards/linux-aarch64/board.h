/* A single-board computer with Linux and a 64-bit Arm processor. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "linux-aarch64"

#endif
