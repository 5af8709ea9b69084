/* Reset: floating point on, memory set up, main called. Faults and failed assertions end the run. */
#include "startup.h"

#include "uart.h"

#include <string.h>

#define PAINT UINT32_C(0x5ac5ac5a)

extern uint8_t data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[];

int main(void);

/* Semihosting SYS_EXIT_EXTENDED (Arm semihosting specification 2.0): ends the emulator; on a board
 * without a debugger the breakpoint faults, and the fault handler stops there. */
_Noreturn void finish(int status) {
  uint32_t block[2] = {0x20026, (uint32_t)status};
  register uint32_t operation __asm("r0") = 0x20;
  register uint32_t *argument __asm("r1") = block;
  __asm volatile("bkpt 0xab" : : "r"(operation), "r"(argument) : "memory");
  for (;;) {
  }
}

/* What newlib's assert() calls. */
_Noreturn void __assert_func(const char *file, int line, const char *function, const char *text);
_Noreturn void __assert_func(const char *file, int line, const char *function, const char *text) {
  uart_text("assertion failed: ");
  uart_text(file);
  uart_text(": ");
  uart_hex((uint64_t)line);
  uart_text(" (hex): ");
  uart_text(function);
  uart_text(": ");
  uart_text(text);
  uart_text("\n");
  finish(1);
}

/* From the end of the data up to the frame of the caller, all of it unused at reset. */
static void paint_stack(void) {
  volatile uint32_t *here = __builtin_frame_address(0);
  for (volatile uint32_t *word = (uint32_t *)bss_end; word < here; word++) {
    *word = PAINT;
  }
}

uint32_t stack_used_bytes(void) {
  const uint32_t *word = (const uint32_t *)bss_end;
  while (word < (const uint32_t *)stack_top && *word == PAINT) {
    word++;
  }
  return (uint32_t)(stack_top - (const uint8_t *)word);
}

static _Noreturn void fault_handler(void) {
  uart_text("fault\n");
  finish(2);
}

static void enable_floating_point(void) {
  volatile uint32_t *const coprocessor_access = (volatile uint32_t *)0xe000ed88u; /* SCB CPACR */
  *coprocessor_access |= UINT32_C(0xf) << 20;
  __asm volatile("dsb\n isb" : : : "memory");
}

_Noreturn void reset_handler(void);
_Noreturn void reset_handler(void) {
  enable_floating_point();
  memcpy(data_start, data_load, (size_t)(data_end - data_start));
  memset(bss_start, 0, (size_t)(bss_end - bss_start));
  paint_stack();
  uart_start();
  finish(main());
}

typedef union {
  void *stack;
  void (*handler)(void);
} vector;

/* Armv7-M Architecture Reference Manual, B1.5.2: stack, reset, NMI, hard fault and three more. */
__attribute__((section(".vectors"), used)) static const vector VECTORS[16] = {
    {.stack = stack_top},
    {.handler = reset_handler},
    {.handler = fault_handler},
    {.handler = fault_handler},
    {.handler = fault_handler},
    {.handler = fault_handler},
    {.handler = fault_handler},
};
