/* Arm CMSDK APB UART (ARM DDI 0479, section 4.3): mps2-an386 and mps2-an500. */
#include "board.h"
#include "uart.h"

typedef struct {
  volatile uint32_t data;
  volatile uint32_t state;
  volatile uint32_t control;
  volatile uint32_t interrupt;
  volatile uint32_t baud_divisor;
} cmsdk_uart;

#define UART ((cmsdk_uart *)BOARD_UART_BASE)
#define STATE_TRANSMIT_FULL 1u
#define CONTROL_TRANSMIT_ENABLE 1u

void uart_start(void) {
  UART->baud_divisor = BOARD_CLOCK_HZ / BOARD_BAUD; /* at least 16 */
  UART->control = CONTROL_TRANSMIT_ENABLE;
}

void uart_text(const char *text) {
  for (; *text != '\0'; text++) {
    while (UART->state & STATE_TRANSMIT_FULL) {
    }
    UART->data = (uint8_t)*text;
  }
}

void uart_hex(uint64_t value) {
  char digits[17];
  for (int i = 0; i < 16; i++) {
    digits[i] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
  }
  digits[16] = '\0';
  uart_text(digits);
}
