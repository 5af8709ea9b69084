/* Netduino Plus 2: STM32F405RG (ST RM0090, revision 19), crystal of 25 MHz; USART1 on PA9 and PA10. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "netduinoplus2"
#define BOARD_UART_BASE 0x40011000u
#define BOARD_UART_RECEIVE_IRQ 37
#define BOARD_UART_BUS 2u /* APB2 */
#define BOARD_UART_ENABLE (1u << 4)
#define BOARD_UART_PIN 9u /* of port A; the next one receives */
#define BOARD_CRYSTAL_MHZ 25u
#define BOARD_BAUD 115200u
#define BOARD_MAPS_BASE 0x08040000u /* flash behind the image */
#define BOARD_MAPS_SIZE (768u << 10)
#define BOARD_STORAGE_BASE 0x20018000u /* SRAM: it outlives a reset, not a loss of power */
#define BOARD_STORAGE_SIZE (32u << 10)

#endif
