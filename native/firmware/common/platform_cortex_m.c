/* The platform of the boards with a Cortex-M: their drivers, and what survives a reset. */
#include "board.h"
#include "clock.h"
#include "cortex_m.h"
#include "onboard/hash.h"
#include "platform.h"
#include "startup.h"
#include "uart.h"
#include "watchdog.h"

#include <stddef.h>
#include <string.h>

#define WATCHDOG_S 8 /* the CRC of 4 MB of map takes 3 */

extern uint32_t data_start[], data_end[], stack_bottom[], stack_top[];

const char PLATFORM_NAME[] = BOARD_NAME;

void platform_start(void) {
  systick_start(clock_hz());
  uart_receive_start();
}

uint64_t platform_session(void) { return ob_hash_u64(OB_HASH_SEED, starts_so_far()) | 1; }

const char *platform_start_cause(void) { return start_cause(); }

int32_t platform_receive(uint8_t *octets, int32_t room) { return uart_receive(octets, room); }

int32_t platform_overruns(void) { return uart_overruns(); }

void platform_send(const uint8_t *octets, int32_t count) { uart_send(octets, count); }

void platform_wait(void) { sleep_unless(uart_has_received); }

int64_t platform_now_ns(void) { return systick_now_ns(); }

uint32_t platform_cycles(void) { return systick_cycles(); }

const uint8_t *platform_maps(uint32_t *size) {
  *size = BOARD_MAPS_SIZE;
  return (const uint8_t *)BOARD_MAPS_BASE;
}

const uint8_t *platform_storage(uint32_t *size) {
  *size = BOARD_STORAGE_SIZE;
  return (const uint8_t *)BOARD_STORAGE_BASE;
}

int platform_storage_write(uint32_t at, const uint8_t *octets, uint32_t count) {
  memcpy((uint8_t *)BOARD_STORAGE_BASE + at, octets, count);
  return 1;
}

extern const uint8_t code_start[], code_end[];

const uint8_t *platform_code(uint32_t *size) {
  *size = (uint32_t)(code_end - code_start);
  return code_start;
}

/* Of the stack that the memory budget leaves, what a step of the flight core does not use that comes without a camera
 * frame (6 kB, interrupts included: the listing of size.py without ob_filter_craters). */
#define ORDINARY_STACK 7168

void platform_arithmetic(void) {
#ifdef __ARM_FP
  __asm volatile("vmsr fpscr, %0" : : "r"(0) : "memory");
#endif
}

static uint32_t octets_between(const uint32_t *from, const uint32_t *to) {
  return (uint32_t)((uintptr_t)to - (uintptr_t)from);
}

uint32_t *platform_spare(uint32_t *size) {
  *size = octets_between(stack_bottom, stack_top) - ORDINARY_STACK;
  return stack_bottom;
}

uint32_t *platform_tables(uint32_t *size) {
  *size = octets_between(data_start, data_end);
  return data_start;
}

int32_t platform_code_is_writable(void) {
#ifdef BOARD_CODE_IS_WRITABLE
  return BOARD_CODE_IS_WRITABLE;
#else
  return 0;
#endif
}

void platform_restart(const char *why) {
  note_cause(why);
  reset();
}

void platform_watchdog_start(void) { watchdog_start(WATCHDOG_S); }

void platform_watchdog_kick(void) { watchdog_kick(); }
