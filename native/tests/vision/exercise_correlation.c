#include "exercise.h"
#include "onboard/hash.h"
#include "vision/correlation.h"

enum { WIDTH = 120, HEIGHT = 110, OCTETS = 1 << 18 };

/* Slopes with noise; flat in a corner. */
static void fill(uint64_t *state, uint8_t *pixels) {
  for (int32_t i = 0; i < WIDTH * HEIGHT; i++) {
    const int32_t x = i % WIDTH, y = i / WIDTH;
    const uint8_t slope = (uint8_t)((x * x + 3 * y * x) >> 7);
    pixels[i] = x < 40 && y < 50 ? 9 : (uint8_t)(slope / 2 + vision_next(state) % 100);
  }
}

static uint64_t hash_peak(uint64_t hash, const ob_correlation_peak *peak) {
  return ob_hash_bytes(hash, (const uint8_t *)peak, sizeof *peak);
}

uint64_t exercise_correlation(int64_t simd) {
  static uint8_t pixels[WIDTH * HEIGHT], workspace[OCTETS];
  uint64_t state = 6, hash = OB_HASH_SEED;
  fill(&state, pixels);
  const ob_correlation_settings settings = {.contrast_min = 1.0, .apart = 3, .simd = simd};
  for (int64_t side = 3; side <= 78; side += 15) {
    for (int64_t cut = 0; cut < 36; cut += 11) {
      const ob_image window = {pixels, WIDTH - cut, HEIGHT - cut / 17, WIDTH};
      const ob_image pattern = {pixels + 3 * WIDTH + 30 - side / 3, side, side + cut / 20, WIDTH};
      ob_correlation_peak peak;
      if (ob_correlation_workspace_octets(window.width, window.height, side, side + cut / 20) > OCTETS) {
        return 0;
      }
      ob_correlation_find(&window, &pattern, &settings, &peak, workspace);
      hash = hash_peak(hash, &peak);
    }
  }
  return hash;
}
