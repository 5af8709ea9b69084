/* What every Cortex-M has: interrupts, the system timer, a reset (Armv7-M Architecture Reference Manual). */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

void interrupt_enable(uint32_t number);

/* An interrupt every 10 ms from now on. */
void systick_start(uint32_t clock_hz);
int64_t systick_now_ns(void);
uint32_t systick_cycles(void); /* of the processor's clock, since the start, modulo 2^32 */

/* Sleeps until an interrupt, unless `awake()` says that there is something to do: asked with interrupts
 * held back, so that none comes between the question and the sleep. */
void sleep_unless(int (*awake)(void));

_Noreturn void reset(void);

#endif
