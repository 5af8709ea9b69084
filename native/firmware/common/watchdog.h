/* The board's watchdog: not kicked for so long twice, it resets. */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdint.h>

void watchdog_start(uint32_t seconds);
void watchdog_kick(void);

#endif
