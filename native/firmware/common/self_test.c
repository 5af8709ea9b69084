/* Runs every exercise of the core and prints its hash: a line per module, then "end". */
#include "exercise.h"
#include "uart.h"

int main(void) {
  for (int32_t i = 0; i < EXERCISE_COUNT; i++) {
    uart_text(EXERCISES[i].module);
    uart_text(" ");
    uart_hex(EXERCISES[i].run());
    uart_text("\n");
  }
  uart_text("end\n");
  return 0;
}
