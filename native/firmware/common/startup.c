/* Reset: floating point on, memory set up, main called. What a fault or a failed assertion leads to
 * is for the image to say: `stopped` of startup.h. */
#include "startup.h"

#include "board.h"
#include "clock.h"
#include "uart.h"

#include <string.h>

#define PAINT UINT32_C(0x5ac5ac5a)
#define NOTED UINT32_C(0x0b5e55ed)

extern uint8_t data_start[], data_end[], data_load[], bss_start[], bss_end[], noinit_end[], stack_top[];

int main(void);

/* What a reset leaves alone; at power-on it holds anything. */
static struct {
  uint32_t noted, inverted; /* NOTED, ~NOTED */
  uint32_t starts;
  char cause[16], next_cause[16];
} kept __attribute__((section(".noinit")));

uint32_t starts_so_far(void) { return kept.starts; }

const char *start_cause(void) { return kept.cause; }

void note_cause(const char *why) { strncpy(kept.next_cause, why, sizeof kept.next_cause - 1); }

static void count_start(void) {
  if (kept.noted != NOTED || kept.inverted != ~NOTED) {
    memset(&kept, 0, sizeof kept);
    kept.noted = NOTED;
    kept.inverted = ~NOTED;
    note_cause("power");
  }
  kept.starts++;
  memcpy(kept.cause, kept.next_cause, sizeof kept.cause);
  memset(kept.next_cause, 0, sizeof kept.next_cause);
  note_cause("reset"); /* unless something notes another cause before */
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
  stopped(1, "assertion");
}

/* From the end of the data up to the frame of the caller, all of it unused at reset. */
static void paint_stack(void) {
  volatile uint32_t *here = __builtin_frame_address(0);
  for (volatile uint32_t *word = (uint32_t *)noinit_end; word < here; word++) {
    *word = PAINT;
  }
}

uint32_t stack_used_bytes(void) {
  const uint32_t *word = (const uint32_t *)noinit_end;
  while (word < (const uint32_t *)stack_top && *word == PAINT) {
    word++;
  }
  return (uint32_t)(stack_top - (const uint8_t *)word);
}

static _Noreturn void fault_handler(void) { stopped(2, "fault"); }

/* The watchdog's first expiry: the second one, which resets, comes as nothing clears it. */
static void watchdog_handler(void) { note_cause("watchdog"); }

/* An image that has no driver for an interrupt enables none. */
__attribute__((weak)) void systick_handler(void);
__attribute__((weak)) void systick_handler(void) {}
__attribute__((weak)) void uart_receive_handler(void);
__attribute__((weak)) void uart_receive_handler(void) {}

static void enable_floating_point(void) {
#ifdef __ARM_FP
  volatile uint32_t *const coprocessor_access = (volatile uint32_t *)0xe000ed88u; /* SCB CPACR */
  *coprocessor_access |= UINT32_C(0xf) << 20;
  __asm volatile("dsb\n isb" : : : "memory");
#endif
}

_Noreturn void reset_handler(void);
_Noreturn void reset_handler(void) {
  enable_floating_point();
  memcpy(data_start, data_load, (size_t)(data_end - data_start));
  memset(bss_start, 0, (size_t)(bss_end - bss_start));
  paint_stack();
  count_start();
  clock_start();
  uart_start();
  stopped(main(), "");
}

typedef union {
  void *stack;
  void (*handler)(void);
} vector;

/* Armv7-M Architecture Reference Manual, B1.5.2 (Armv6-M: B1.5.3): stack, reset, NMI, hard fault and three more, the
 * system timer, interrupts. */
__attribute__((section(".vectors"), used)) static const vector VECTORS[16 + BOARD_UART_RECEIVE_IRQ + 1] = {
    {.stack = stack_top},
    {.handler = reset_handler},
    {.handler = watchdog_handler},
    {.handler = fault_handler},
    {.handler = fault_handler},
    {.handler = fault_handler},
    {.handler = fault_handler},
    [15] = {.handler = systick_handler},
    [16 + BOARD_UART_RECEIVE_IRQ] = {.handler = uart_receive_handler},
};
