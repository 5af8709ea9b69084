#include <stddef.h>

#include "exercise.h"
#include "onboard/hash.h"
#include "vision/descriptors.h"

enum { WIDTH = 83, HEIGHT = 71, STRIDE = 90, COUNT = 400, WORKSPACE = WIDTH * HEIGHT + WIDTH };

/* Points anywhere, some outside of it, on an image that ends where the array does. */
uint64_t exercise_descriptors(int64_t simd) {
  static uint8_t pixels[(HEIGHT - 1) * STRIDE + WIDTH];
  static uint16_t workspace[WORKSPACE];
  static ob_corner points[COUNT];
  static ob_description descriptions[COUNT];
  uint64_t state = 7, hash = OB_HASH_SEED;
  const ob_image image = {pixels, WIDTH, HEIGHT, STRIDE};
  if (ob_describe_workspace(WIDTH, HEIGHT) > WORKSPACE) {
    return 0;
  }
  for (size_t i = 0; i < sizeof pixels; i++) {
    pixels[i] = (uint8_t)(vision_next(&state) & (i / STRIDE / 8 % 2 == 0 ? 0xff : 0x1f));
  }
  for (int32_t i = 0; i < COUNT; i++) {
    points[i].x = (int16_t)(vision_next(&state) % (WIDTH + 4)) - 2;
    points[i].y = (int16_t)(vision_next(&state) % (HEIGHT + 4)) - 2;
  }
  int64_t described = 0;
  ob_describe(&image, points, COUNT, descriptions, &described, workspace, simd);
  hash = ob_hash_bytes(hash, (const uint8_t *)&described, sizeof described);
  return ob_hash_bytes(hash, (const uint8_t *)descriptions, (size_t)described * sizeof *descriptions);
}
