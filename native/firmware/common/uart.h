/* Text out over the board's first serial port; waits for room, needs no interrupt. */
#ifndef UART_H
#define UART_H

#include <stdint.h>

void uart_start(void);
void uart_text(const char *text);
void uart_hex(uint64_t value); /* 16 digits */

#endif
