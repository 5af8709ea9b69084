/* Octets between the interrupt of a serial port and who takes them; what `uart.h` gives of them. */
#ifndef UART_RING_H
#define UART_RING_H

#include <stdint.h>

/* By the interrupt. */
void uart_ring_put(uint8_t octet);

#endif
