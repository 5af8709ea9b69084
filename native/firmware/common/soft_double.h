/* Correctly rounded double addition for boards without a double-precision FPU.
 *
 * libgcc's __aeabi_dadd for Armv7-M (seen in 12.2.rel1) keeps one guard bit too few when the exponents
 * differ by exactly 33: where cancellation then takes one bit, as in 1 - 2e-10, about half the
 * results are off by one unit in the last place, and the board's bits differ from the desk's. That
 * one case is computed here; the linker's --wrap sends every addition and subtraction by way of
 * soft_double.c. See docs/decisions/double-in-software.md.
 *
 * Doubles are passed as their bits, as the Arm run-time ABI does.
 */
#ifndef SOFT_DOUBLE_H
#define SOFT_DOUBLE_H

#include <stdint.h>

#define SOFT_DOUBLE_GAP 33

/* 1 when a + b is that case: opposite signs, finite, exponents SOFT_DOUBLE_GAP apart. */
int soft_double_is_gap(uint64_t a, uint64_t b);

/* a + b for such a pair. */
uint64_t soft_double_add_over_gap(uint64_t a, uint64_t b);

#endif
