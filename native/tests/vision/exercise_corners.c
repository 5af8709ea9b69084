#include <stddef.h>

#include "exercise.h"
#include "onboard/hash.h"
#include "vision/corners.h"

enum { SIDE = 97, SPARE = 5, MOST = SIDE * SIDE, CELLS = SIDE * SIDE, WORKSPACE = 2 * SIDE + 60 };

/* Blocks of 4 pixels with noise. The image ends where the array does, for the sanitizer to see. */
static void draw(uint64_t *state, uint8_t *pixels, int64_t octets, uint8_t noise) {
  uint8_t level = 0;
  for (int64_t i = 0; i < octets; i++) {
    const uint64_t drawn = vision_next(state);
    level = i % 4 == 0 ? (uint8_t)(drawn >> 8) : level;
    pixels[i] = level ^ ((uint8_t)drawn & noise);
  }
}

static uint64_t hash_of(uint64_t hash, const ob_image *image, int64_t threshold, int64_t simd) {
  static ob_corner corners[MOST], workspace[WORKSPACE];
  static int64_t counts[CELLS];
  int64_t found = 0;
  for (int64_t suppress = 0; suppress < 2; suppress++) {
    ob_corners_find(image, threshold, suppress, corners, 900, &found, workspace, simd);
    const int64_t written = found < 900 ? found : 900;
    hash = ob_hash_bytes(hash, (const uint8_t *)corners, (size_t)written * sizeof corners[0]);
    hash = ob_hash_bytes(hash, (const uint8_t *)&found, sizeof found);
  }
  ob_corners_spread(image, threshold, 11, 3, corners, counts, &found, workspace, simd);
  return ob_hash_bytes(hash, (const uint8_t *)corners, (size_t)found * sizeof corners[0]);
}

uint64_t exercise_corners(int64_t simd) {
  static uint8_t pixels[SIDE * (SIDE + SPARE)];
  uint64_t state = 3, hash = OB_HASH_SEED;
  for (int64_t width = 0; width <= SIDE; width += width < 40 ? 3 : 19) {
    for (uint8_t noise = 1; noise < 64; noise = (uint8_t)(noise * 8)) {
      const int64_t height = SIDE - width / 2, octets = height * (width + SPARE) - SPARE;
      const ob_image image = {pixels + sizeof pixels - octets, width, height, width + SPARE};
      draw(&state, pixels + sizeof pixels - octets, octets, noise);
      hash = hash_of(hash, &image, noise - 1, simd);
    }
  }
  return hash;
}
