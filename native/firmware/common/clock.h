/* The processor's clock. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* As fast as the board goes; before anything that divides the clock. */
void clock_start(void);
uint32_t clock_hz(void);

#endif
