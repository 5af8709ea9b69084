#include <stddef.h>

#include "exercise.h"
#include "onboard/hash.h"
#include "vision/features.h"
#include "vision/scaling.h"

enum { WIDTH = 131, HEIGHT = 103, STRIDE = 140, COUNT = 150, WORDS = 17000 };

static uint64_t hash_of_scaled(uint64_t hash, const ob_image *image) {
  static uint8_t pixels[WIDTH * HEIGHT];
  static uint16_t sums[WIDTH];
  ob_scale_down(image, pixels, sums);
  const int64_t octets = ob_scaled_side(image->width) * ob_scaled_side(image->height);
  return ob_hash_bytes(hash, pixels, (size_t)octets);
}

/* Blocks of 8 pixels with noise, of any size; the image ends where the array does. */
uint64_t exercise_features(int64_t simd) {
  static uint8_t pixels[(HEIGHT - 1) * STRIDE + WIDTH];
  static int64_t workspace[WORDS];
  static ob_feature features[COUNT];
  uint64_t state = 13, hash = OB_HASH_SEED;
  for (size_t i = 0; i < sizeof pixels; i++) {
    const uint64_t block = i / STRIDE / 8 * 31 + i % STRIDE / 8;
    pixels[i] = (uint8_t)((block * block * 37) % 224 + vision_next(&state) % 32);
  }
  for (int64_t width = 1; width <= WIDTH; width += 13) {
    const int64_t height = HEIGHT - (WIDTH - width) / 2, first = (HEIGHT - height) * STRIDE + WIDTH - width;
    const ob_image image = {pixels + first, width, height, STRIDE};
    int64_t found = 0;
    if (ob_features_workspace(width, height, COUNT) > WORDS) {
      return 0;
    }
    ob_features_find(&image, 8, 1 + width % 8, COUNT, features, &found, workspace, simd);
    hash = hash_of_scaled(ob_hash_bytes(hash, (const uint8_t *)&found, sizeof found), &image);
    for (int64_t i = 0; i < found; i++) {
      hash = ob_hash_bytes(hash, (const uint8_t *)&features[i].x, 3 * sizeof(double));
      hash = ob_hash_bytes(hash, (const uint8_t *)&features[i].direction, sizeof features[i].direction);
      hash = ob_hash_bytes(hash, features[i].bits, sizeof features[i].bits);
    }
  }
  return hash;
}
