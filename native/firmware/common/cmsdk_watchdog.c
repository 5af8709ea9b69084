/* Arm CMSDK APB watchdog (ARM DDI 0479, section 4.5): the first expiry is an NMI, the second a reset. */
#include "board.h"
#include "clock.h"
#include "watchdog.h"

typedef struct {
  volatile uint32_t load, value, control, clear;
} cmsdk_watchdog;

#define WATCHDOG ((cmsdk_watchdog *)BOARD_WATCHDOG_BASE)
#define LOCK (*(volatile uint32_t *)(BOARD_WATCHDOG_BASE + 0xc00u))
#define UNLOCK 0x1acce551u
#define CONTROL_INTERRUPT_AND_RESET 3u

void watchdog_start(uint32_t seconds) {
  LOCK = UNLOCK;
  WATCHDOG->load = seconds * clock_hz();
  WATCHDOG->control = CONTROL_INTERRUPT_AND_RESET;
  LOCK = 0;
}

void watchdog_kick(void) {
  LOCK = UNLOCK;
  WATCHDOG->clear = 1;
  LOCK = 0;
}
