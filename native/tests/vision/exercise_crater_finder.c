#include <stddef.h>

#include "exercise.h"
#include "onboard/hash.h"
#include "vision/crater_finder.h"

enum { WIDTH = 150, HEIGHT = 131, SPARE = 3, CRATERS = 400, WORKSPACE = 200000 };

/* Bowls of light and shade, with noise: dark towards the first column. */
static void draw(uint64_t *state, uint8_t *pixels, int64_t noise) {
  for (int64_t i = 0; i < HEIGHT * (WIDTH + SPARE); i++) {
    pixels[i] = (uint8_t)(120 + (int64_t)(vision_next(state) % (uint64_t)noise));
  }
  for (int64_t n = 0; n < 14; n++) {
    const int64_t x = (int64_t)(vision_next(state) % WIDTH), y = (int64_t)(vision_next(state) % HEIGHT);
    const int64_t radius = 4 + (int64_t)(vision_next(state) % 22);
    for (int64_t i = -radius; i <= radius; i++) {
      for (int64_t j = -radius; j <= radius; j++) {
        const int64_t row = y + i, column = x + j;
        if (i * i + j * j <= radius * radius && row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH) {
          pixels[row * (WIDTH + SPARE) + column] = (uint8_t)(120 + 70 * j / radius);
        }
      }
    }
  }
}

uint64_t exercise_crater_finder(int64_t simd) {
  static uint8_t pixels[HEIGHT * (WIDTH + SPARE)];
  static int64_t workspace[WORKSPACE];
  static ob_found_crater craters[CRATERS];
  uint64_t state = 5, hash = OB_HASH_SEED;
  for (int64_t noise = 1; noise <= 81; noise += 20) {
    draw(&state, pixels, noise);
    const ob_image image = {pixels, WIDTH - noise, HEIGHT - noise / 2, WIDTH + SPARE};
    const double slant = noise == 21 ? 1.1 : 1.0;
    const ob_crater_finder_settings settings = {
        .sun_image = {-1.0, 0.0}, .ground_to_image = {slant, 0.0, 0.0, 1.0 / slant}, .radius_min_px = 4.0,
        .radius_max_px = 60.0, .correlation_min = 0.4,
        .fit_rim = noise > 1, .sun_elevation_rad = noise == 41 ? 0.3 : 0.0, .simd = simd};
    int64_t count = -1;
    const int64_t words = (ob_crater_finder_workspace_octets(image.width, image.height) + 7) / 8;
    if (words <= WORKSPACE) { /* it ends where the array does, for the sanitizer to see */
      ob_crater_find(&image, &settings, workspace + WORKSPACE - words, craters, CRATERS, &count);
    }
    hash = ob_hash_bytes(hash, (const uint8_t *)&count, sizeof count);
    if (count > 0) {
      hash = ob_hash_bytes(hash, (const uint8_t *)craters, (size_t)count * sizeof craters[0]);
    }
  }
  return hash;
}
