/* Routines that read an image. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "vision/corners.h"
#include "vision/crater_finder.h"
#include "vision/descriptors.h"
#include "vision/features.h"
#include "vision/simd.h"

static int64_t corners_by(const ob_image *image, int64_t threshold, int64_t side, int64_t per_cell,
                          ob_corner *corners, int64_t capacity, int64_t *found, int64_t simd) {
  const int64_t width = ob_image_is_sound(image) ? image->width : 0;
  ob_corner *workspace = fuzz_memory(ob_corners_workspace(width) * (int64_t)sizeof *workspace);
  int64_t status = -1;
  if (side < 0) {
    status = ob_corners_find(image, threshold, side == -1, corners, capacity, found, workspace, simd);
  } else {
    const int64_t cells = ob_image_is_sound(image) && side > 0 ? ob_corners_cells(image->width, image->height, side) : 0;
    int64_t *counts = fuzz_memory(cells * (int64_t)sizeof *counts);
    status = ob_corners_spread(image, threshold, side, per_cell, corners, counts, found, workspace, simd);
    free(counts);
  }
  free(workspace);
  return status;
}

int64_t fuzz_corners(uint64_t *stream) {
  fuzz_picture p = fuzz_image(stream, 150);
  const int64_t threshold = fuzz_below(stream, 60) == 0 ? 256 * fuzz_below(stream, 3) - 300 : fuzz_below(stream, 256);
  const int64_t per_cell = fuzz_below(stream, 30) == 0 ? 65 : fuzz_below(stream, 6);
  const int64_t side = fuzz_below(stream, 40) - 2;
  int64_t capacity = fuzz_below(stream, 400), found[2] = {0, 0}, status[2];
  if (side > 0 && ob_image_is_sound(&p.image)) {
    capacity = ob_corners_cells(p.image.width, p.image.height, side) * per_cell;
  }
  ob_corner *corners[2];
  for (int32_t k = 0; k < 2; k++) {
    corners[k] = fuzz_memory(capacity * (int64_t)sizeof **corners);
    const int64_t simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = corners_by(&p.image, threshold, side, per_cell, corners[k], capacity, &found[k], simd);
  }
  assert(status[0] == status[1] && status[0] >= OB_CORNERS_OK && status[0] <= OB_CORNERS_BAD_CELL);
  assert(found[0] == found[1] && found[0] >= 0);
  if (status[0] == OB_CORNERS_OK) {
    const int64_t written = found[0] < capacity ? found[0] : capacity;
    fuzz_same(corners[0], corners[1], written * (int64_t)sizeof **corners);
  }
  free(corners[0]);
  free(corners[1]);
  fuzz_drop(&p);
  return status[0];
}

static int16_t place(uint64_t *stream, int64_t side) {
  return (int16_t)(fuzz_below(stream, 40) == 0 ? fuzz_below(stream, 65536) - 32768
                                               : fuzz_below(stream, (side > 0 && side < 30000 ? side : 1) + 4) - 2);
}

int64_t fuzz_descriptors(uint64_t *stream) {
  fuzz_picture p = fuzz_image(stream, 150);
  const int64_t count = fuzz_below(stream, 60);
  ob_corner *points = fuzz_memory(count * (int64_t)sizeof *points);
  ob_description *descriptions = fuzz_memory(count * (int64_t)sizeof *descriptions);
  const int64_t sound = ob_image_is_sound(&p.image);
  const int64_t words = sound ? ob_describe_workspace(p.image.width, p.image.height) : 0;
  uint16_t *workspace = fuzz_memory(words * (int64_t)sizeof *workspace);
  for (int64_t i = 0; i < count; i++) {
    points[i].x = place(stream, p.image.width);
    points[i].y = place(stream, p.image.height);
  }
  int64_t described = 0;
  const int64_t simd = fuzz_below(stream, 2) == 0 ? OB_SIMD_SCALAR : ob_simd_best();
  const int64_t status = ob_describe(&p.image, points, count, descriptions, &described, workspace, simd);
  assert(status == OB_DESCRIBE_OK || status == OB_DESCRIBE_BAD_IMAGE);
  assert(described >= 0 && described <= count);
  for (int64_t i = 0; i < described; i++) {
    assert(descriptions[i].point >= 0 && descriptions[i].point < count);
    assert(descriptions[i].direction >= 0 && descriptions[i].direction < OB_DIRECTIONS);
  }
  free(workspace);
  free(descriptions);
  free(points);
  fuzz_drop(&p);
  return status;
}

int64_t fuzz_features(uint64_t *stream) {
  fuzz_picture p = fuzz_image(stream, 200);
  const int64_t threshold = fuzz_below(stream, 60) == 0 ? 256 : fuzz_below(stream, 40);
  const int64_t levels = fuzz_below(stream, 40) == 0 ? 9 : 1 + fuzz_below(stream, 8);
  const int64_t count = fuzz_below(stream, 200), sound = ob_image_is_sound(&p.image);
  const int64_t words = sound ? ob_features_workspace(p.image.width, p.image.height, count) : 0;
  int64_t found[2] = {0, 0}, status[2];
  ob_feature *features[2];
  for (int32_t k = 0; k < 2; k++) {
    int64_t *workspace = fuzz_memory(words * (int64_t)sizeof *workspace);
    const int64_t simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    features[k] = fuzz_memory(count * (int64_t)sizeof **features);
    status[k] = ob_features_find(&p.image, threshold, levels, count, features[k], &found[k], workspace, simd);
    free(workspace);
  }
  assert(status[0] == status[1] && status[0] >= OB_FEATURES_OK && status[0] <= OB_FEATURES_BAD_LEVELS);
  assert(found[0] == found[1] && found[0] >= 0 && found[0] <= count);
  for (int64_t i = 0; i < found[0]; i++) {
    const ob_feature *const a = &features[0][i], *const b = &features[1][i];
    assert(a->x == b->x && a->y == b->y && a->size == b->size && a->direction == b->direction);
    assert(memcmp(a->bits, b->bits, sizeof a->bits) == 0);
    assert(a->x >= 0 && a->x < (double)p.image.width && a->y >= 0 && a->y < (double)p.image.height);
  }
  free(features[0]);
  free(features[1]);
  fuzz_drop(&p);
  return status[0];
}

static ob_crater_finder_settings finder_settings(uint64_t *stream) {
  const double slant = 1.0 + 0.2 * fuzz_unit(stream), least = 3.5 + 10.0 * fuzz_unit(stream);
  ob_crater_finder_settings s = {
      .sun_image = {fuzz_number(stream, 0.6), fuzz_number(stream, -0.8)},
      .ground_to_image = {fuzz_number(stream, slant), fuzz_number(stream, 0.0), fuzz_number(stream, 0.0),
                          fuzz_number(stream, 1.0 / slant)},
      .radius_min_px = fuzz_number(stream, least),
      .radius_max_px = fuzz_number(stream, least + 60.0 * fuzz_unit(stream)),
      .correlation_min = fuzz_number(stream, 0.3 + 0.4 * fuzz_unit(stream)),
      .fit_rim = fuzz_below(stream, 2),
      .sun_elevation_rad = fuzz_number(stream, fuzz_unit(stream)),
  };
  return s;
}

int64_t fuzz_crater_finder(uint64_t *stream) {
  fuzz_picture p = fuzz_image(stream, 200);
  ob_crater_finder_settings settings = finder_settings(stream);
  const int64_t octets = ob_crater_finder_workspace_octets(p.image.width, p.image.height);
  const int64_t capacity = fuzz_below(stream, 100);
  int64_t count[2] = {0, 0}, status[2];
  ob_found_crater *craters[2];
  for (int32_t k = 0; k < 2; k++) {
    void *workspace = fuzz_memory(octets);
    craters[k] = fuzz_memory(capacity * (int64_t)sizeof **craters);
    settings.simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = ob_crater_find(&p.image, &settings, workspace, craters[k], capacity, &count[k]);
    free(workspace);
  }
  assert(status[0] == status[1] && status[0] >= OB_CRATER_FINDER_OK && status[0] <= OB_CRATER_FINDER_BAD_SETTINGS);
  assert(count[0] == count[1] && count[0] >= 0 && count[0] <= capacity);
  fuzz_same(craters[0], craters[1], count[0] * (int64_t)sizeof **craters);
  for (int64_t i = 0; i < count[0]; i++) {
    fuzz_finite(craters[0][i].pixel, 2);
    fuzz_finite(craters[0][i].shape_px, 3);
    fuzz_finite(craters[0][i].covariance, 25);
    assert(craters[0][i].correlation >= settings.correlation_min && craters[0][i].correlation <= 1.0 + 1e-9);
  }
  free(craters[0]);
  free(craters[1]);
  fuzz_drop(&p);
  return status[0];
}
