/* What a path of corners.c does for one row. */
#ifndef VISION_CORNERS_ROWS_H
#define VISION_CORNERS_ROWS_H

#include "vision/corners.h"
#include "vision/simd.h"

#define OB_CORNERS_REACH 3   /* radius of the circle */
#define OB_CORNERS_MARGIN 64 /* zeros before and behind a row of strengths, more than any LANES */
#define OB_CORNERS_ROWS (2 * OB_CORNERS_REACH + 1)

/* Strengths of the pixels of the middle of 7 rows: score + 1, or 0 if not above `threshold`. The row has
 * at least OB_CORNERS_REACH pixels more on both sides than the path has lanes. */
typedef void ob_corners_rate(const uint8_t *const rows[OB_CORNERS_ROWS], int64_t width,
                             uint8_t threshold, uint8_t *strengths);

/* Corners of row `y`: where its strength, in `rows[1]`, is not 0 and, with `suppress`, greater than those
 * around it. Returns how many. */
typedef int64_t ob_corners_pick(const uint8_t *const rows[3], int64_t width, int64_t y,
                                int64_t suppress, ob_corner *corners);

#if OB_HAS_X86
ob_corners_rate ob_corners_rate_sse2, ob_corners_rate_avx2;
ob_corners_pick ob_corners_pick_sse2, ob_corners_pick_avx2;
#endif
#if OB_HAS_NEON
ob_corners_rate ob_corners_rate_neon;
ob_corners_pick ob_corners_pick_neon;
#endif

/* The lowest bit that is set, by the product with a de Bruijn sequence (Leiserson, Prokop and Randall
 * 1998, "Using de Bruijn Sequences to Index a 1 in a Computer Word"). */
static inline int64_t lowest(uint32_t bits) {
  static const uint8_t index[32] = {0,  1,  28, 2,  29, 14, 24, 3,  30, 22, 20, 15, 25, 17, 4,  8,
                                    31, 27, 13, 23, 21, 19, 16, 7,  26, 12, 18, 6,  11, 5,  10, 9};
  return index[((bits & (0 - bits)) * UINT32_C(0x077cb531)) >> 27];
}

#endif
