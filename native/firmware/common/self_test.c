/* Runs every exercise of the core and prints its hash: a line per module, then "end", then how deep
 * the stack was (bytes, hexadecimal). */
#include "exercise.h"
#include "startup.h"
#include "uart.h"

static void print(const char *name, uint64_t value) {
  uart_text(name);
  uart_text(" ");
  uart_hex(value);
  uart_text("\n");
}

int main(void) {
  for (int32_t i = 0; i < EXERCISE_COUNT; i++) {
    print(EXERCISES[i].module, EXERCISES[i].run());
  }
  uart_text("end\n");
  print("stack", stack_used_bytes());
  return 0;
}
