#include "vision/scaling.h"

#include <assert.h>

enum { FIVE = 5, SIX = 6 };

/* The nearest to n / 36, for n of at most 36 * 255. */
static uint8_t thirty_sixth(uint32_t n) { return (uint8_t)(((n + 18) * 29128) >> 20); }

static_assert((36 * 255 + 18) * (36 * 29128 - (1 << 20)) < 1 << 20, "what 29128 is too much stays below 1 / 36");

/* Of two rows the shares `upper` and `lower`, which are six together. */
static void mix_rows(const uint8_t *above, const uint8_t *below, int64_t upper, int64_t width,
                     uint16_t *restrict sums) {
  const uint16_t u = (uint16_t)upper, l = (uint16_t)(SIX - upper);
  for (int64_t x = 0; x < width; x++) {
    sums[x] = (uint16_t)(u * above[x] + l * below[x]);
  }
}

static void mix_columns(const uint16_t *sums, int64_t count, uint8_t *restrict pixels) {
  for (; count >= FIVE; count -= FIVE, sums += SIX, pixels += FIVE) {
    pixels[0] = thirty_sixth(5U * sums[0] + 1U * sums[1]);
    pixels[1] = thirty_sixth(4U * sums[1] + 2U * sums[2]);
    pixels[2] = thirty_sixth(3U * sums[2] + 3U * sums[3]);
    pixels[3] = thirty_sixth(2U * sums[3] + 4U * sums[4]);
    pixels[4] = thirty_sixth(1U * sums[4] + 5U * sums[5]);
  }
  for (int64_t i = 0; i < count; i++) {
    pixels[i] = thirty_sixth((uint32_t)(FIVE - i) * sums[i] + (uint32_t)(i + 1) * sums[i + 1]);
  }
}

void ob_scale_down(const ob_image *image, uint8_t *pixels, uint16_t *workspace) {
  const int64_t width = ob_scaled_side(image->width), height = ob_scaled_side(image->height);
  for (int64_t y = 0; y < height; y++) {
    const uint8_t *const above = image->pixels + (y + y / FIVE) * image->stride;
    mix_rows(above, above + image->stride, FIVE - y % FIVE, image->width, workspace);
    mix_columns(workspace, width, pixels + y * width);
  }
}
