/* Netduino Plus 2: STM32F405RG (ST RM0090, revision 19), crystal of 25 MHz; USART1 on PA9 and PA10. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "netduinoplus2"
#define BOARD_UART_BASE 0x40011000u
#define BOARD_UART_RECEIVE_IRQ 37
#define BOARD_CRYSTAL_MHZ 25u
#define BOARD_BAUD 115200u
#define BOARD_MAPS_BASE 0u /* no memory for maps */
#define BOARD_MAPS_SIZE 0u

#endif
