/* Arm MPS2: where its peripherals are and how fast it runs (ARM DAI 0400). */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_UART_BASE 0x40004000u
#define BOARD_CLOCK_HZ 25000000u
#define BOARD_BAUD 115200u

#endif
