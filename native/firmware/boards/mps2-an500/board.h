/* Arm MPS2: where its peripherals are and how fast it runs (ARM DAI 0400). */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "mps2-an500"
#define BOARD_UART_BASE 0x40004000u
#define BOARD_UART_RECEIVE_IRQ 0
#define BOARD_WATCHDOG_BASE 0x40008000u
#define BOARD_CLOCK_HZ 25000000u
#define BOARD_BAUD 115200u
#define BOARD_MAPS_BASE 0x60000000u /* PSRAM, which the emulator shares with the desk */
#define BOARD_MAPS_SIZE ((16u << 20) - BOARD_STORAGE_SIZE)
#define BOARD_STORAGE_BASE (BOARD_MAPS_BASE + BOARD_MAPS_SIZE) /* its end */
#define BOARD_STORAGE_SIZE (128u << 10)

#define BOARD_CODE_IS_WRITABLE 1 /* RAM in the place of flash */

#endif
