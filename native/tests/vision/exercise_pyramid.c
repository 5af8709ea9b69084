#include <stddef.h>

#include "exercise.h"
#include "onboard/hash.h"
#include "vision/pyramid.h"

enum { SIDE = 150, LEVELS = 5, STORAGE = 100000 };

static uint64_t hash_of(uint64_t hash, const ob_image *image) {
  for (int64_t y = -OB_PYRAMID_MARGIN; y < image->height + OB_PYRAMID_MARGIN; y++) {
    const uint8_t *const row = image->pixels + y * image->stride - OB_PYRAMID_MARGIN;
    hash = ob_hash_bytes(hash, row, (size_t)(image->width + 2 * OB_PYRAMID_MARGIN));
  }
  return hash;
}

/* Images of any size, which end where their storage does. */
uint64_t exercise_pyramid(int64_t simd) {
  static uint8_t pixels[SIDE * SIDE], storage[STORAGE];
  uint64_t state = 11, hash = OB_HASH_SEED;
  for (size_t i = 0; i < sizeof pixels; i++) {
    pixels[i] = (uint8_t)vision_next(&state);
  }
  for (int64_t width = 1; width <= SIDE; width += width < 40 ? 3 : 36) {
    const int64_t height = 1 + (width * 7) % (SIDE - 1);
    const ob_image image = {pixels + sizeof pixels - (height - 1) * SIDE - width, width, height, SIDE};
    const int64_t octets = ob_pyramid_storage(width, height, LEVELS);
    ob_pyramid pyramid;
    if (octets > STORAGE) {
      return 0;
    }
    ob_pyramid_build(&image, LEVELS, &pyramid, storage + sizeof storage - octets, simd);
    for (int64_t level = 0; level < LEVELS; level++) {
      hash = hash_of(hash, &pyramid.level[level]);
    }
  }
  return hash;
}
