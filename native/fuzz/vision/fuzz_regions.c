/* Routines that compare regions of two images. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "vision/correlation.h"
#include "vision/simd.h"
#include "vision/tracker.h"

enum { SIDE_MOST = 150 };

static int64_t storage_of(const ob_image *image, int64_t levels) {
  const int64_t sound = ob_image_is_sound(image) && levels >= 1 && levels <= OB_PYRAMID_LEVELS_MAX;
  return sound ? ob_pyramid_storage(image->width, image->height, levels) : 0;
}

int64_t fuzz_pyramid(uint64_t *stream) {
  fuzz_picture p = fuzz_image(stream, SIDE_MOST);
  const int64_t levels = fuzz_below(stream, OB_PYRAMID_LEVELS_MAX + 3) - 1;
  ob_pyramid pyramid[2];
  uint8_t *storage[2];
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    storage[k] = fuzz_memory(storage_of(&p.image, levels));
    const int64_t simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = ob_pyramid_build(&p.image, levels, &pyramid[k], storage[k], simd);
  }
  assert(status[0] == status[1] && status[0] >= OB_PYRAMID_OK && status[0] <= OB_PYRAMID_BAD_LEVELS);
  for (int64_t level = 0; status[0] == OB_PYRAMID_OK && level < levels; level++) {
    const ob_image *a = &pyramid[0].level[level], *b = &pyramid[1].level[level];
    for (int64_t y = 0; y < a->height; y++) {
      fuzz_same(a->pixels + y * a->stride, b->pixels + y * b->stride, a->width);
    }
  }
  free(storage[0]);
  free(storage[1]);
  fuzz_drop(&p);
  return status[0];
}

static ob_track_settings track_settings(uint64_t *stream) {
  return (ob_track_settings){.side = fuzz_below(stream, 30) == 0 ? fuzz_below(stream, 40) - 3 : 3 + 2 * fuzz_below(stream, 15),
                             .iterations = fuzz_below(stream, 40) == 0 ? fuzz_below(stream, 200) - 50 : 1 + fuzz_below(stream, 20),
                             .step_px = fuzz_number(stream, 0.02),
                             .texture_least = fuzz_number(stream, 1.0),
                             .residual_most = fuzz_number(stream, 100.0 * fuzz_unit(stream)),
                             .return_most_px = fuzz_number(stream, fuzz_bits(stream) % 2 ? 0.5 : 0.0)};
}

int64_t fuzz_tracker(uint64_t *stream) {
  enum { LEVELS = 3, POINTS = 20 };
  fuzz_picture p = fuzz_image(stream, SIDE_MOST);
  ob_pyramid before, after;
  uint8_t *storage[2] = {fuzz_memory(storage_of(&p.image, LEVELS)), fuzz_memory(storage_of(&p.image, LEVELS))};
  const int64_t levels = 1 + fuzz_below(stream, LEVELS);
  int64_t status = 10 + ob_pyramid_build(&p.image, levels, &before, storage[0], ob_simd_best());
  if (status == 10 + OB_PYRAMID_OK && p.image.width > 0) {
    /* The same image a few pixels on: what follows in memory, or before. */
    ob_image moved = p.image;
    moved.width -= fuzz_below(stream, p.image.width < 4 ? p.image.width : 4);
    moved.pixels += p.image.width - moved.width;
    if (fuzz_bits(stream) % 8) {
      moved = p.image;
      for (int64_t i = fuzz_below(stream, 30); i > 0; i--) p.memory[fuzz_below(stream, moved.width)] ^= 0xff;
    }
    ob_pyramid_build(&moved, levels, &after, storage[1], ob_simd_best());
    double from[2 * POINTS], guesses[2 * POINTS];
    for (int32_t i = 0; i < 2 * POINTS; i++) {
      from[i] = fuzz_number(stream, (double)(i % 2 ? p.image.height : p.image.width) * (1.2 * fuzz_unit(stream) - 0.1));
      guesses[i] = fuzz_number(stream, from[i] + 4.0 * fuzz_unit(stream));
    }
    const ob_track_settings settings = track_settings(stream);
    ob_track tracks[2][POINTS];
    const int64_t guessed = fuzz_below(stream, 2);
    for (int32_t k = 0; k < 2; k++) {
      status = ob_track_points(&before, &after, from, guessed ? guesses : NULL, POINTS, &settings, tracks[k],
                               k == 0 ? OB_SIMD_SCALAR : ob_simd_best());
      assert(status >= OB_TRACK_OK && status <= OB_TRACK_BAD_PYRAMIDS);
    }
    for (int32_t i = 0; i < POINTS && status == OB_TRACK_OK; i++) {
      const ob_track *t = &tracks[0][i];
      assert(t->status >= OB_TRACKED && t->status <= OB_TRACK_NO_RETURN && t->status == tracks[1][i].status);
      if (t->status == OB_TRACKED) {
        fuzz_same(t, &tracks[1][i], 6 * sizeof t->x);
        fuzz_finite(&t->x, 6);
      }
    }
  }
  free(storage[0]);
  free(storage[1]);
  fuzz_drop(&p);
  return status;
}

int64_t fuzz_correlation(uint64_t *stream) {
  fuzz_picture window = fuzz_image(stream, SIDE_MOST), pattern = fuzz_image(stream, 40);
  const int cut = fuzz_bits(stream) % 2 == 0 && ob_image_is_sound(&window.image) && window.image.width > 9 && window.image.height > 9;
  ob_image of = pattern.image;
  if (cut) { /* a part of the window */
    of = window.image;
    of.width = 3 + fuzz_below(stream, window.image.width - 6);
    of.height = 3 + fuzz_below(stream, window.image.height - 6);
    of.pixels += fuzz_below(stream, window.image.width - of.width) + of.stride * fuzz_below(stream, window.image.height - of.height);
  }
  const int64_t octets = ob_correlation_workspace_octets(window.image.width, window.image.height, of.width, of.height);
  ob_correlation_settings settings = {.contrast_min = fuzz_number(stream, 0.5), .apart = fuzz_below(stream, 12) - 1};
  ob_correlation_peak peak[2];
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    void *workspace = fuzz_memory(octets);
    settings.simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = ob_correlation_find(&window.image, &of, &settings, &peak[k], workspace);
    free(workspace);
  }
  assert(status[0] == status[1] && status[0] >= OB_CORRELATION_OK && status[0] <= OB_CORRELATION_RIDGE);
  if (status[0] == OB_CORRELATION_OK) {
    fuzz_same(&peak[0], &peak[1], sizeof peak[0]);
    fuzz_finite(&peak[0].row, 7);
    assert(peak[0].row_px >= 0 && peak[0].row_px <= window.image.height - of.height);
    assert(peak[0].column_px >= 0 && peak[0].column_px <= window.image.width - of.width);
  }
  fuzz_drop(&window);
  fuzz_drop(&pattern);
  return status[0];
}
