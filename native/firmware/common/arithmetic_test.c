/* Prints a hash of what the four operations give for each kind of operands, then "end". */
#include "arithmetic.h"
#include "uart.h"

int main(void) {
  for (int32_t i = 0; i < ARITHMETIC_COUNT; i++) {
    uart_text(ARITHMETIC[i].name);
    uart_text(" ");
    uart_hex(arithmetic_hash(&ARITHMETIC[i]));
    uart_text("\n");
  }
  uart_text("end\n");
  return 0;
}
