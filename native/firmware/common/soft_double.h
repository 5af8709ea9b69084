/* Arithmetic of doubles for boards without a double-precision FPU: correctly rounded, and where the
 * processor allows, faster than libgcc's.
 *
 * libgcc's __aeabi_dadd for Armv7-M (seen in 12.2.rel1) keeps one guard bit too few when the exponents
 * differ by exactly 33: where cancellation then takes one bit, as in 1 - 2e-10, about half the
 * results are off by one unit in the last place, and the board's bits differ from the desk's. That
 * one case is computed here; the linker's --wrap sends the operations by way of these files
 * (ONBOARD_LINK_FLAGS of cpu.cmake). On Armv7-M normal operands are added and multiplied in soft_double_armv7m.c,
 * divided, compared and made integers here. See docs/decisions/double-in-software.md.
 *
 * Doubles are passed as their bits, as the Arm run-time ABI does.
 */
#ifndef SOFT_DOUBLE_H
#define SOFT_DOUBLE_H

#include <stdint.h>

#if defined(__ARM_ARCH) && !defined(__aarch64__) && !(defined(__ARM_FP) && (__ARM_FP & 8))
#define SOFT_DOUBLE_ARM
#ifdef __ARM_FEATURE_DSP
#define SOFT_DOUBLE_ARMV7M
#endif
#endif

#define SOFT_DOUBLE_GAP 33

/* 1 when a + b is that case: opposite signs, finite, exponents SOFT_DOUBLE_GAP apart. */
int soft_double_is_gap(uint64_t a, uint64_t b);

/* a + b for such a pair. */
uint64_t soft_double_add_over_gap(uint64_t a, uint64_t b);

/* 1 when a / b can be left to soft_double_divide: operands and result are normal. */
int soft_double_divides(uint64_t a, uint64_t b);

/* a / b for such a pair. */
uint64_t soft_double_divide(uint64_t a, uint64_t b);

/* a towards 0, when its magnitude is under 2^63. */
int soft_double_fits_i64(uint64_t a);
int64_t soft_double_to_i64(uint64_t a);

/* a < b, a == b; 0 if one is no number. */
int soft_double_is_less(uint64_t a, uint64_t b);
int soft_double_is_equal(uint64_t a, uint64_t b);

#endif
