/* How images end that run in an emulator, once: the self-test. */
#include "startup.h"
#include "uart.h"

#include <stdint.h>

/* Semihosting SYS_EXIT_EXTENDED (Arm semihosting specification 2.0): ends the emulator; on a board
 * without a debugger the breakpoint faults, and the fault handler stops there. */
_Noreturn void stopped(int status, const char *why) {
  uint32_t block[2] = {0x20026, (uint32_t)status};
  register uint32_t operation __asm("r0") = 0x20;
  register uint32_t *argument __asm("r1") = block;
  if (status != 0) {
    uart_text(why);
    uart_text("\n");
  }
  __asm volatile("bkpt 0xab" : : "r"(operation), "r"(argument) : "memory");
  for (;;) {
  }
}
