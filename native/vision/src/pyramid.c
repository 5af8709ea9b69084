#include "vision/pyramid.h"

#include <assert.h>
#include <string.h>

enum { MARGIN = OB_PYRAMID_MARGIN, REACH = 2, SUMS_MAX = 256 };

#define TARGET
#define ROWS(name) name##_plain
#include "pyramid_rows.h"
#undef TARGET
#undef ROWS
#if OB_HAS_X86
#define TARGET OB_AVX2
#define ROWS(name) name##_avx2
#include "pyramid_rows.h"
#undef TARGET
#undef ROWS
#endif

static_assert(16 * 16 * 255 + 128 <= UINT16_MAX, "a smoothed pixel fits");

/* --- storage --- */

static int64_t stride_of(int64_t width) { return width + 2 * MARGIN; }

static int64_t half(int64_t side) { return (side + 1) / 2; }

static int64_t octets_of(int64_t width, int64_t height) {
  return stride_of(width) * (height + 2 * MARGIN) + OB_PYRAMID_SLACK;
}

int64_t ob_pyramid_storage(int64_t width, int64_t height, int64_t levels) {
  int64_t octets = 0;
  for (int64_t i = 0; i < levels; i++) {
    octets += octets_of(width, height);
    width = half(width);
    height = half(height);
  }
  return octets;
}

/* --- margins --- */

/* Where pixel `i` of a mirrored row of `count` comes from. */
static int64_t mirrored(int64_t i, int64_t count) {
  while (count > 1 && (i < 0 || i >= count)) {
    i = i < 0 ? -i : 2 * (count - 1) - i;
  }
  return count > 1 ? i : 0;
}

static void mirror_row(uint8_t *row, int64_t width) {
  for (int64_t i = 1; i <= MARGIN; i++) {
    row[-i] = row[mirrored(-i, width)];
    row[width - 1 + i] = row[mirrored(width - 1 + i, width)];
  }
}

static void mirror_rows(uint8_t *pixels, int64_t width, int64_t height) {
  const int64_t stride = stride_of(width);
  for (int64_t i = 1; i <= MARGIN; i++) {
    const int64_t below = height - 1 + i;
    memcpy(pixels - i * stride - MARGIN, pixels + mirrored(-i, height) * stride - MARGIN, (size_t)stride);
    memcpy(pixels + below * stride - MARGIN, pixels + mirrored(below, height) * stride - MARGIN,
           (size_t)stride);
  }
}

static void copy_in(const ob_image *image, uint8_t *pixels) {
  const int64_t stride = stride_of(image->width);
  for (int64_t y = 0; y < image->height; y++) {
    memcpy(pixels + y * stride, image->pixels + y * image->stride, (size_t)image->width);
    mirror_row(pixels + y * stride, image->width);
  }
  mirror_rows(pixels, image->width, image->height);
}

/* --- a level from the one below it --- */

/* A part of a row, of at most (SUMS_MAX - 3) / 2 pixels. */
static void halve_part(const uint8_t *around, int64_t stride, int64_t count, uint8_t *pixels,
                       int64_t simd) {
  uint16_t sums[SUMS_MAX];
  const int64_t wide = 2 * count + 2 * REACH - 1;
#if OB_HAS_X86
  if (simd == OB_SIMD_AVX2) {
    smooth_down_avx2(around, stride, wide, sums);
    smooth_across_avx2(sums, count, pixels);
    return;
  }
#else
  (void)simd;
#endif
  smooth_down_plain(around, stride, wide, sums);
  smooth_across_plain(sums, count, pixels);
}

static void halve_in(const ob_image *below, uint8_t *pixels, int64_t width, int64_t height,
                     int64_t simd) {
  const int64_t part = (SUMS_MAX - 2 * REACH) / 2;
  for (int64_t y = 0; y < height; y++) {
    uint8_t *const row = pixels + y * stride_of(width);
    const uint8_t *const around = below->pixels + (2 * y - REACH) * below->stride - REACH;
    for (int64_t x = 0; x < width; x += part) {
      const int64_t count = width - x < part ? width - x : part;
      halve_part(around + 2 * x, below->stride, count, row + x, simd);
    }
    mirror_row(row, width);
  }
  mirror_rows(pixels, width, height);
}

int64_t ob_pyramid_build(const ob_image *image, int64_t levels, ob_pyramid *pyramid, uint8_t *storage,
                         int64_t simd) {
  if (!ob_image_is_sound(image) || image->width == 0 || image->height == 0) {
    return OB_PYRAMID_BAD_IMAGE;
  }
  if (levels < 1 || levels > OB_PYRAMID_LEVELS_MAX) {
    return OB_PYRAMID_BAD_LEVELS;
  }
  int64_t width = image->width, height = image->height;
  pyramid->levels = levels;
  for (int64_t i = 0; i < levels; i++) {
    const int64_t stride = stride_of(width);
    uint8_t *const pixels = storage + MARGIN * stride + MARGIN;
    if (i == 0) {
      copy_in(image, pixels);
    } else {
      halve_in(&pyramid->level[i - 1], pixels, width, height, simd);
    }
    pyramid->level[i] = (ob_image){pixels, width, height, stride};
    storage += octets_of(width, height);
    memset(storage - OB_PYRAMID_SLACK, 0, OB_PYRAMID_SLACK);
    width = half(width);
    height = half(height);
  }
  return OB_PYRAMID_OK;
}
