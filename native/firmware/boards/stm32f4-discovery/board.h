/* STM32F4DISCOVERY: STM32F407VG (ST UM1472; RM0090, revision 19), crystal of 8 MHz; USART2 on PA2 and PA3, as
 * PA9 is the USB socket's. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "stm32f4-discovery"
#define BOARD_UART_BASE 0x40004400u
#define BOARD_UART_RECEIVE_IRQ 38
#define BOARD_UART_BUS 1u /* APB1 */
#define BOARD_UART_ENABLE (1u << 17)
#define BOARD_UART_PIN 2u /* of port A; the next one receives */
#define BOARD_CRYSTAL_MHZ 8u
#define BOARD_BAUD 115200u
#define BOARD_MAPS_BASE 0x08040000u /* flash behind the image */
#define BOARD_MAPS_SIZE (768u << 10)
#define BOARD_STORAGE_BASE 0x20018000u /* SRAM: it outlives a reset, not a loss of power */
#define BOARD_STORAGE_SIZE (32u << 10)

#endif
