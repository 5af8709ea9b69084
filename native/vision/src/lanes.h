/* Vectors of fixed width, lowered by the compiler to what the target has: the same elementwise IEEE
 * operations in the same order everywhere. A kernel on them is compiled once for every target by
 * including its body (NAME_lanes.h) with LANES_TARGET and LANES(name) set (lanes_targets.h): a vector
 * type is lowered for the function in which it stands, before inlining. No function takes or returns
 * one. */
#ifndef VISION_LANES_H
#define VISION_LANES_H

#include <stdint.h>
#include <string.h>

#include "vision/simd.h"

typedef float ob_f8 __attribute__((vector_size(32)));
typedef int32_t ob_i8 __attribute__((vector_size(32)));
typedef double ob_d4 __attribute__((vector_size(32)));
typedef int64_t ob_l4 __attribute__((vector_size(32)));

/* `x` where the mask has ones, 0 elsewhere. */
#define OB_F8_WHERE(mask, x) ((ob_f8)((mask) & (ob_i8)(x)))
/* `x` where the mask has ones, NaN elsewhere. */
#define OB_F8_OR_NAN(mask, x) ((ob_f8)(~(mask) | (ob_i8)(x)))
#define OB_D4_WHERE(mask, x) ((ob_d4)((mask) & (ob_l4)(x)))
#define OB_LOAD(vector, from) memcpy(&(vector), (from), sizeof(vector))

/* Lanes of a kernel start at multiples of 8 matches. */
static inline int64_t ob_lanes_padded(int64_t count) { return (count + 7) / 8 * 8; }

static inline double ob_f8_sum(const ob_f8 *x) {
  float lane[8];
  memcpy(lane, x, sizeof lane);
  return (((double)lane[0] + (double)lane[1]) + ((double)lane[2] + (double)lane[3])) +
         (((double)lane[4] + (double)lane[5]) + ((double)lane[6] + (double)lane[7]));
}

static inline double ob_d4_sum(const ob_d4 *x) {
  double lane[4];
  memcpy(lane, x, sizeof lane);
  return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* The kernel of that name for the field's path, and both of them: plain, AVX2. */
#if OB_HAS_X86
#define LANES_FOR(field, name) ((field)->simd == OB_SIMD_AVX2 ? name##_avx2 : name##_plain)
#define LANES_BOTH(name) {name##_plain, name##_avx2}
#else
#define LANES_FOR(field, name) (name##_plain)
#define LANES_BOTH(name) {name##_plain, name##_plain}
#endif

#endif
