#include "../arguments.h"
#include "exercise.h"
#include "onboard/hash.h"
#include "vision/crater_detect.h"

#define SIDE 128
#define WORKSPACE_BYTES (16 * SIDE * SIDE)

/* A flat crater under a Sun at the right: its wall near the Sun dark, the far wall bright. */
static void draw_crater(uint8_t *image, int32_t column, int32_t row, int32_t radius) {
  for (int32_t y = -radius; y <= radius; y++) {
    for (int32_t x = -radius; x <= radius; x++) {
      if (x * x + y * y <= radius * radius) {
        image[(row + y) * SIDE + column + x] = (uint8_t)(110 - 70 * x / radius);
      }
    }
  }
}

uint64_t exercise_crater_detect(int64_t simd) {
  (void)simd;
  static uint8_t image[SIDE * SIDE];
  static uint64_t workspace[WORKSPACE_BYTES / 8];
  uint64_t stream = 60, hash = OB_HASH_SEED;
  const ob_crater_detect_settings settings = {.sun_image = {1.0, 0.0},
                                              .ground_to_image = {1.25, 0.0, 0.0, 0.8},
                                              .radius_min_px = 3.0,
                                              .radius_max_px = 20.0,
                                              .contrast_min = 0.2,
                                              .sun_elevation_rad = 0.3,
                                              .sigma_px = 0.25,
                                              .sigma_fraction = 0.06,
                                              .sigma_shadow = 0.014};
  for (int i = 0; i < SIDE * SIDE; i++) {
    image[i] = (uint8_t)(106 + argument_bits(&stream) % 8);
  }
  for (int k = 0; k < 16; k++) {
    draw_crater(image, 16 + 32 * (k % 4), 16 + 32 * (k / 4), 4 + k / 2);
  }
  ob_crater_detection found[32];
  int64_t count = 0;
  int status = ob_crater_detect(image, SIDE, SIDE, SIDE, &settings, workspace, WORKSPACE_BYTES, found,
                                32, &count);
  hash = ob_hash_u64(ob_hash_u64(hash, (uint64_t)status), (uint64_t)count);
  for (int64_t i = 0; i < count; i++) {
    hash = ob_hash_f64s(hash, found[i].pixel, 2);
    hash = ob_hash_f64s(hash, found[i].pixel_covariance, 3);
    hash = ob_hash_f64(ob_hash_f64(hash, found[i].radius_px), found[i].contrast);
  }
  return hash;
}
