/* The board's first serial port. */
#ifndef UART_H
#define UART_H

#include <stdint.h>

void uart_start(void);

/* Sends all; waits for room, needs no interrupt. */
void uart_send(const uint8_t *octets, int32_t count);

/* From now on what comes is taken by an interrupt, which does this: */
void uart_receive_start(void);
void uart_receive_handler(void);

/* What came, at most `room` octets. */
int32_t uart_receive(uint8_t *octets, int32_t room);
int uart_has_received(void);
int32_t uart_overruns(void); /* octets lost: nobody took them in time */

/* Text, and numbers in 16 digits. */
void uart_text(const char *text);
void uart_hex(uint64_t value);

#endif
