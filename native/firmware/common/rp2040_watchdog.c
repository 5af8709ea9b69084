/* RP2040 watchdog (datasheet, 4.7), on microseconds from the crystal. There is no warning first, and 8.4 s
 * are its longest time: it counts down by two each microsecond (erratum RP2040-E1). */
#include "board.h"
#include "rp2040.h"
#include "watchdog.h"

#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_LOAD 0x40058004u
#define WATCHDOG_TICK 0x4005802cu
#define ENABLE (UINT32_C(1) << 30)
#define TICK_ENABLE (UINT32_C(1) << 9)
#define LOAD_MAX 0xffffffu
#define COUNTS_PER_S 2000000u
#define PSM_WDSEL 0x40010008u
#define ALL_BUT_OSCILLATORS 0x1fffcu

static uint32_t load;

void watchdog_start(uint32_t seconds) {
  load = seconds > LOAD_MAX / COUNTS_PER_S / 2 ? LOAD_MAX : 2 * seconds * COUNTS_PER_S;
  REGISTER(WATCHDOG_TICK) = TICK_ENABLE | BOARD_CRYSTAL_MHZ;
  REGISTER(PSM_WDSEL) = ALL_BUT_OSCILLATORS;
  REGISTER(WATCHDOG_CTRL + CLEAR_ALIAS) = ENABLE;
  watchdog_kick();
  REGISTER(WATCHDOG_CTRL + SET_ALIAS) = ENABLE;
}

void watchdog_kick(void) { REGISTER(WATCHDOG_LOAD) = load; }
