#include <string.h>

#include "uart.h"

void uart_text(const char *text) { uart_send((const uint8_t *)text, (int32_t)strlen(text)); }

void uart_hex(uint64_t value) {
  char digits[17];
  for (int i = 0; i < 16; i++) {
    digits[i] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
  }
  digits[16] = '\0';
  uart_text(digits);
}
