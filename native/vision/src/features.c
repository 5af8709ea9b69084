#include "vision/features.h"

#include <string.h>

#include "vision/scaling.h"

enum { CELL = 32, PER_CELL = 16, BLOCK = 7, LANES = 8, SCORES = 256, SPARE = 2 };

/* --- workspace --- */

typedef struct {
  uint8_t *pixels[2]; /* of levels, by turns */
  uint16_t *boxes;
  ob_corner *corners, *rows;
  int64_t *counts, *strengths, *heap;
  ob_description *descriptions;
} parts;

static int64_t words(int64_t octets) { return (octets + 7) / 8; }

static int64_t most_corners(int64_t width, int64_t height) {
  return ob_corners_cells(width, height, CELL) * PER_CELL;
}

/* Cuts the workspace into its parts, for an image and for all that is smaller; returns where it ends. */
static int64_t cut(int64_t width, int64_t height, int64_t count, int64_t *workspace, parts *p) {
  const int64_t cells = ob_corners_cells(width, height, CELL), corners = most_corners(width, height);
  const int64_t sizes[] = {
      words(width * height),
      words(width * height),
      words(ob_describe_workspace(width, height) * (int64_t)sizeof(uint16_t)),
      words(corners * (int64_t)sizeof(ob_corner)),
      words(ob_corners_workspace(width) * (int64_t)sizeof(ob_corner)),
      cells,
      corners,
      count,
      words(count * (int64_t)sizeof(ob_description)),
  };
  int64_t start[sizeof sizes / sizeof sizes[0] + 1] = {0};
  for (int64_t i = 0; i < (int64_t)(sizeof sizes / sizeof sizes[0]); i++) {
    start[i + 1] = start[i] + sizes[i];
  }
  if (p != NULL) {
    *p = (parts){
        {(uint8_t *)(workspace + start[0]), (uint8_t *)(workspace + start[1])},
        (uint16_t *)(workspace + start[2]),
        (ob_corner *)(workspace + start[3]),
        (ob_corner *)(workspace + start[4]),
        workspace + start[5],
        workspace + start[6],
        workspace + start[7],
        (ob_description *)(workspace + start[8]),
    };
  }
  return start[sizeof sizes / sizeof sizes[0]];
}

int64_t ob_features_workspace(int64_t width, int64_t height, int64_t count) {
  return cut(width, height, count, NULL, NULL);
}

/* --- which corners --- */

static int64_t keep_inside(const ob_image *image, ob_corner *corners, int64_t count) {
  int64_t kept = 0;
  for (int64_t i = 0; i < count; i++) {
    if (ob_can_describe(image, &corners[i])) {
      corners[kept++] = corners[i];
    }
  }
  return kept;
}

/* Keeps the `wanted` of the greatest scores, and all that have the last one's. */
static int64_t keep_scores(ob_corner *corners, int64_t count, int64_t wanted) {
  int64_t with[SCORES] = {0}, kept = 0;
  for (int64_t i = 0; i < count; i++) {
    with[corners[i].score]++;
  }
  int32_t least = SCORES - 1;
  for (int64_t sum = with[least]; least > 0 && sum < wanted; sum += with[least]) {
    least--;
  }
  for (int64_t i = 0; i < count; i++) {
    if (corners[i].score >= least) {
      corners[kept++] = corners[i];
    }
  }
  return kept;
}

/* 25 times Harris's measure with k of 1/25: sums over 7 x 7 of products of slopes (1 2 1 across). */
static int64_t harris(const uint8_t *centre, int64_t stride) {
  int16_t along_x[BLOCK * LANES], along_y[BLOCK * LANES];
  for (int64_t row = 0; row < BLOCK; row++) {
    const uint8_t *const b = centre + (row - BLOCK / 2) * stride - BLOCK / 2, *const a = b - stride, *const c = b + stride;
    int16_t *const x = along_x + row * LANES, *const y = along_y + row * LANES;
    for (int64_t i = 0; i < LANES; i++) {
      x[i] = (int16_t)(a[i + 1] - a[i - 1] + 2 * (b[i + 1] - b[i - 1]) + c[i + 1] - c[i - 1]);
      y[i] = (int16_t)(c[i - 1] - a[i - 1] + 2 * (c[i] - a[i]) + c[i + 1] - a[i + 1]);
    }
    x[LANES - 1] = y[LANES - 1] = 0;
  }
  int32_t xx = 0, xy = 0, yy = 0;
  for (int64_t i = 0; i < BLOCK * LANES; i++) {
    xx += along_x[i] * along_x[i];
    xy += along_x[i] * along_y[i];
    yy += along_y[i] * along_y[i];
  }
  const int64_t determinant = (int64_t)xx * yy - (int64_t)xy * xy, trace = (int64_t)xx + yy;
  return 25 * determinant - trace * trace;
}

/* A heap with the least on top. */
static void sink(int64_t *heap, int64_t count, int64_t value) {
  int64_t place = 0;
  for (int64_t child = 1; child < count; child = 2 * place + 1) {
    child += child + 1 < count && heap[child + 1] < heap[child];
    if (heap[child] >= value) {
      break;
    }
    heap[place] = heap[child];
    place = child;
  }
  heap[place] = value;
}

static void raise(int64_t *heap, int64_t place, int64_t value) {
  for (; place > 0 && heap[(place - 1) / 2] > value; place = (place - 1) / 2) {
    heap[place] = heap[(place - 1) / 2];
  }
  heap[place] = value;
}

/* The `wanted`th greatest of `count`, which are more. */
static int64_t greatest(const int64_t *values, int64_t count, int64_t wanted, int64_t *heap) {
  for (int64_t i = 0; i < wanted; i++) {
    raise(heap, i, values[i]);
  }
  for (int64_t i = wanted; i < count; i++) {
    if (values[i] > heap[0]) {
      sink(heap, wanted, values[i]);
    }
  }
  return heap[0];
}

/* Keeps the `wanted` that are strongest by Harris's measure, of equal ones the first. */
static int64_t keep_strongest(const ob_image *image, const parts *p, int64_t count, int64_t wanted) {
  if (count <= wanted) {
    return count;
  }
  for (int64_t i = 0; i < count; i++) {
    p->strengths[i] = harris(image->pixels + p->corners[i].y * image->stride + p->corners[i].x, image->stride);
  }
  const int64_t least = greatest(p->strengths, count, wanted, p->heap);
  int64_t stronger = 0, kept = 0;
  for (int64_t i = 0; i < count; i++) {
    stronger += p->strengths[i] > least;
  }
  int64_t equal = wanted - stronger;
  for (int64_t i = 0; i < count; i++) {
    if (p->strengths[i] > least || (p->strengths[i] == least && equal-- > 0)) {
      p->corners[kept++] = p->corners[i];
    }
  }
  return kept;
}

/* --- levels --- */

static int64_t find_on(const ob_image *image, const parts *p, int64_t threshold, int64_t wanted, double size,
                       ob_feature *features, int64_t simd) {
  int64_t count = 0, described = 0;
  ob_corners_spread(image, threshold, CELL, PER_CELL, p->corners, p->counts, &count, p->rows, simd);
  count = keep_inside(image, p->corners, count);
  count = keep_scores(p->corners, count, SPARE * wanted);
  count = keep_strongest(image, p, count, wanted);
  ob_describe(image, p->corners, count, p->descriptions, &described, p->boxes, simd);
  for (int64_t i = 0; i < described; i++) {
    const ob_description *const d = &p->descriptions[i];
    const ob_corner *const corner = &p->corners[d->point];
    ob_feature *const feature = &features[i];
    feature->x = ((double)corner->x + 0.5) * size - 0.5;
    feature->y = ((double)corner->y + 0.5) * size - 0.5;
    feature->size = size;
    feature->direction = d->direction;
    memcpy(feature->bits, d->bits, sizeof feature->bits);
  }
  return described;
}

/* Of what is left to this level and `coarser` ones, in proportion to their sides. */
static int64_t share_of(int64_t left, int64_t coarser) {
  double side = 1.0, sides = 1.0;
  for (int64_t i = 0; i < coarser; i++) {
    side *= 5.0 / 6.0;
    sides += side;
  }
  return (int64_t)((double)left / sides + 0.5);
}

static int64_t error_of(const ob_image *image, int64_t threshold, int64_t levels, int64_t count) {
  if (!ob_image_is_sound(image) || image->width > OB_DESCRIBE_SIDE_MAX ||
      image->height > OB_DESCRIBE_SIDE_MAX) {
    return OB_FEATURES_BAD_IMAGE;
  }
  return threshold < 0 || threshold > 255             ? OB_FEATURES_BAD_THRESHOLD
         : count < 1 || count > OB_FEATURES_MAX       ? OB_FEATURES_BAD_COUNT
         : levels < 1 || levels > OB_FEATURE_LEVELS_MAX ? OB_FEATURES_BAD_LEVELS
                                                      : OB_FEATURES_OK;
}

int64_t ob_features_find(const ob_image *image, int64_t threshold, int64_t levels, int64_t count,
                         ob_feature *features, int64_t *found, int64_t *workspace, int64_t simd) {
  const int64_t error = error_of(image, threshold, levels, count);
  if (error != OB_FEATURES_OK) {
    return error;
  }
  parts p;
  cut(image->width, image->height, count, workspace, &p);
  *found = 0;
  ob_image level = *image;
  double size = 1.0;
  for (int64_t i = 0; i < levels; i++) {
    const int64_t wanted = share_of(count - *found, levels - 1 - i);
    *found += find_on(&level, &p, threshold, wanted, size, features + *found, simd);
    if (i + 1 < levels) {
      const int64_t width = ob_scaled_side(level.width);
      ob_scale_down(&level, p.pixels[i % 2], p.boxes);
      level = (ob_image){p.pixels[i % 2], width, ob_scaled_side(level.height), width};
      size *= 1.2;
    }
  }
  return OB_FEATURES_OK;
}
