/* STM32F405 and 407: independent watchdog (RM0090, 21.4), from its own oscillator of some 32 kHz; QEMU has none. */
#include "watchdog.h"

typedef struct {
  volatile uint32_t key, prescaler, reload, status;
} stm32_watchdog;

#define WATCHDOG ((stm32_watchdog *)0x40003000u)
#define KEY_START 0xccccu
#define KEY_UNLOCK 0x5555u
#define KEY_KICK 0xaaaau
#define PRESCALER_256 6u
#define COUNTS_HZ 125u
#define RELOAD_MAX 4095u

void watchdog_start(uint32_t seconds) {
  const uint32_t counts = 2 * seconds * COUNTS_HZ; /* there is no warning first */
  WATCHDOG->key = KEY_UNLOCK;
  WATCHDOG->prescaler = PRESCALER_256;
  WATCHDOG->reload = counts < RELOAD_MAX ? counts : RELOAD_MAX;
  WATCHDOG->key = KEY_START;
}

void watchdog_kick(void) { WATCHDOG->key = KEY_KICK; }
