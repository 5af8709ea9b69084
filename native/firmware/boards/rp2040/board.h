/* Raspberry Pi Pico: RP2040 (datasheet of 2024-10-15), crystal of 12 MHz, 2 MB of flash; UART0 on GPIO0 and GPIO1. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "rp2040"
#define BOARD_UART_BASE 0x40034000u
#define BOARD_UART_RECEIVE_IRQ 20
#define BOARD_CRYSTAL_MHZ 12u
#define BOARD_BAUD 115200u
#define BOARD_MAPS_BASE 0x10040000u /* flash behind the image */
#define BOARD_MAPS_SIZE 0x1c0000u
#define BOARD_STORAGE_BASE 0x20038000u /* SRAM: it outlives a reset, not a loss of power */
#define BOARD_STORAGE_SIZE (32u << 10)

#endif
