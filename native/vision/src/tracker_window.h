/* What a path of tracker.c does with one window. */
#ifndef VISION_TRACKER_WINDOW_H
#define VISION_TRACKER_WINDOW_H

#include <assert.h>

#include "vision/simd.h"
#include "vision/tracker.h"

enum {
  OB_TRACK_STEPS = 64,                        /* of a pixel */
  OB_TRACK_ROWS = OB_TRACK_SIDE_MAX + 2,      /* with one more on either side, for gradients */
  OB_TRACK_PITCH = 64,                        /* of a row, for whole vectors from any column on */
  OB_TRACK_BRIGHTNESS = 64, OB_TRACK_SLOPE = 32, /* units in a grey level */
  OB_TRACK_DIFFERENCE_MOST = 5792,            /* twice its square, for each row, fits 31 bits */
};

static_assert(2 * (int64_t)OB_TRACK_DIFFERENCE_MOST * OB_TRACK_DIFFERENCE_MOST * OB_TRACK_SIDE_MAX <= INT32_MAX,
              "sums of squares fit");
static_assert(2 * (int64_t)4080 * 8160 * OB_TRACK_SIDE_MAX <= INT32_MAX, "sums of products fit");

/* Where a sample lies: the pixel and how far beyond it, in OB_TRACK_STEPS. */
typedef struct {
  const uint8_t *pixel;
  int64_t stride;
  int32_t beyond_x, beyond_y;
} ob_track_place;

/* The window before: brightness with one more pixel around, gradients, and which part of it counts: its
 * rows from `first_row` to before `end_row`, of columns those with a one in `inside`. */
typedef struct {
  int64_t side, first_row, end_row;
  int16_t brightness[OB_TRACK_ROWS * OB_TRACK_PITCH];
  int16_t slope_x[OB_TRACK_SIDE_MAX * OB_TRACK_PITCH];
  int16_t slope_y[OB_TRACK_SIDE_MAX * OB_TRACK_PITCH];
  int16_t inside[OB_TRACK_PITCH];
} ob_track_window;

/* Sums over the window of the slopes and their products. */
typedef struct {
  int64_t x, y, xx, xy, yy;
} ob_track_slopes;

/* Sums over the window of the difference, its square, and its product with the slopes. */
typedef struct {
  int64_t one, square, x, y;
} ob_track_difference;

/* Fills the window, of which is set what counts, from its upper left pixel on, less one. */
typedef void ob_track_fill(ob_track_window *window, ob_track_place place, ob_track_slopes *sums);

/* What differs at a place of the image after, its upper left pixel. */
typedef void ob_track_compare(const ob_track_window *window, ob_track_place place,
                              ob_track_difference *sums);

#if OB_HAS_X86
ob_track_fill ob_track_fill_avx2;
ob_track_compare ob_track_compare_avx2;
#endif
#if OB_HAS_NEON
ob_track_fill ob_track_fill_neon;
ob_track_compare ob_track_compare_neon;
#endif

#endif
