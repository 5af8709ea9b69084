#include "vision/corners.h"

#include <assert.h>
#include <string.h>

#include "corners_rows.h"

/* --- a path of one lane: any image, any processor --- */

#define PATH static inline
#define LANES 1
typedef uint8_t lanes;

PATH lanes load(const uint8_t *from) { return *from; }
PATH void store(uint8_t *to, lanes a) { *to = a; }
PATH lanes every(uint8_t octet) { return octet; }
PATH lanes least(lanes a, lanes b) { return a < b ? a : b; }
PATH lanes most(lanes a, lanes b) { return a > b ? a : b; }
PATH lanes less(lanes a, lanes b) { return a > b ? (lanes)(a - b) : 0; }
PATH lanes more(lanes a, lanes b) { return a + b < 255 ? (lanes)(a + b) : 255; }
PATH lanes unless(lanes a, lanes b) { return a == 0 ? 0 : b; }
PATH int64_t any(lanes a) { return a != 0; }
PATH uint32_t set(lanes a) { return a != 0; }

#define RATE static void rate_one
#define PICK static int64_t pick_one
#include "corners_lanes.h"

typedef struct {
  ob_corners_rate *rate;
  ob_corners_pick *pick;
  int64_t lanes;
} path;

static path path_for(int64_t simd) {
  switch (simd) {
#if OB_HAS_X86
    case OB_SIMD_SSE2:
      return (path){ob_corners_rate_sse2, ob_corners_pick_sse2, 16};
    case OB_SIMD_AVX2:
      return (path){ob_corners_rate_avx2, ob_corners_pick_avx2, 32};
#elif OB_HAS_NEON
    case OB_SIMD_NEON:
      return (path){ob_corners_rate_neon, ob_corners_pick_neon, 16};
#endif
    default:
      return (path){rate_one, pick_one, 1};
  }
}

/* --- row by row --- */

/* Strengths of three rows, one after the other, of which the corners of the middle one are picked. */
typedef struct {
  const ob_image *image;
  path path;
  uint8_t threshold;
  int64_t suppress;
  ob_corner *row;     /* its corners */
  uint8_t *strengths; /* three rows with margins, each from its column 0 */
  int64_t pitch;
} scan;

int64_t ob_corners_workspace(int64_t width) {
  const int64_t octets = 3 * (width + 2 * OB_CORNERS_MARGIN);
  return width + (octets + (int64_t)sizeof(ob_corner) - 1) / (int64_t)sizeof(ob_corner);
}

/* A corner of strength 1 has score 0, which is not greater than that of a pixel that is none. */
static scan start(const ob_image *image, int64_t threshold, int64_t suppress, ob_corner *workspace,
                  int64_t simd) {
  const path wide = path_for(simd);
  scan s = {.image = image, .suppress = suppress, .row = workspace};
  s.path = image->width < 2 * OB_CORNERS_REACH + wide.lanes ? path_for(OB_SIMD_SCALAR) : wide;
  s.threshold = (uint8_t)(suppress && threshold == 0 ? 1 : threshold);
  s.pitch = image->width + 2 * OB_CORNERS_MARGIN;
  uint8_t *const strengths = (uint8_t *)(workspace + image->width);
  memset(strengths, 0, (size_t)(3 * s.pitch));
  s.strengths = strengths + OB_CORNERS_MARGIN;
  return s;
}

static uint8_t *strengths_of(const scan *s, int64_t y) { return s->strengths + y % 3 * s->pitch; }

static void rate_row(const scan *s, int64_t y) {
  uint8_t *const strengths = strengths_of(s, y);
  if (y >= s->image->height - OB_CORNERS_REACH) {
    memset(strengths, 0, (size_t)s->image->width);
    return;
  }
  const uint8_t *rows[OB_CORNERS_ROWS];
  for (int64_t i = 0; i < OB_CORNERS_ROWS; i++) {
    rows[i] = s->image->pixels + (y + i - OB_CORNERS_REACH) * s->image->stride;
  }
  s->path.rate(rows, s->image->width, s->threshold, strengths);
}

static int64_t pick_row(const scan *s, int64_t y) {
  rate_row(s, y + 1);
  const uint8_t *const rows[] = {strengths_of(s, y - 1), strengths_of(s, y), strengths_of(s, y + 1)};
  return s->path.pick(rows, s->image->width, y, s->suppress, s->row);
}

static int64_t error_of(const ob_image *image, int64_t threshold) {
  return !ob_image_is_sound(image)              ? OB_CORNERS_BAD_IMAGE
         : (threshold < 0 || threshold > 255) ? OB_CORNERS_BAD_THRESHOLD
                                                : OB_CORNERS_OK;
}

static int64_t has_inside(const ob_image *image) {
  return image->width > 2 * OB_CORNERS_REACH && image->height > 2 * OB_CORNERS_REACH;
}

int64_t ob_corners_find(const ob_image *image, int64_t threshold, int64_t suppress, ob_corner *corners,
                        int64_t capacity, int64_t *found, ob_corner *workspace, int64_t simd) {
  const int64_t error = error_of(image, threshold);
  if (error != OB_CORNERS_OK) {
    return error;
  }
  *found = 0;
  if (!has_inside(image)) {
    return OB_CORNERS_OK;
  }
  const scan s = start(image, threshold, suppress, workspace, simd);
  rate_row(&s, OB_CORNERS_REACH);
  for (int64_t y = OB_CORNERS_REACH; y < image->height - OB_CORNERS_REACH; y++) {
    const int64_t count = pick_row(&s, y), room = capacity - *found;
    const int64_t fit = count < room ? count : room;
    if (fit > 0) {
      memcpy(corners + *found, s.row, (size_t)fit * sizeof *corners);
    }
    *found += count;
  }
  return OB_CORNERS_OK;
}

/* --- the strongest of each cell --- */

static int64_t cells_along(int64_t length, int64_t side) { return (length + side - 1) / side; }

int64_t ob_corners_cells(int64_t width, int64_t height, int64_t side) {
  return cells_along(width, side) * cells_along(height, side);
}

/* Strongest first; one as strong as another comes behind it. */
static void insert(ob_corner *cell, int64_t *count, int64_t per_cell, ob_corner corner) {
  int64_t place = *count;
  if (place == per_cell) {
    if (corner.score <= cell[per_cell - 1].score) {
      return;
    }
    place--;
  } else {
    ++*count;
  }
  for (; place > 0 && cell[place - 1].score < corner.score; place--) {
    cell[place] = cell[place - 1];
  }
  cell[place] = corner;
}

static int64_t close_up(ob_corner *corners, const int64_t *counts, int64_t cells, int64_t per_cell) {
  int64_t found = 0;
  for (int64_t i = 0; i < cells; i++) {
    memmove(corners + found, corners + i * per_cell, (size_t)counts[i] * sizeof *corners);
    found += counts[i];
  }
  return found;
}

int64_t ob_corners_spread(const ob_image *image, int64_t threshold, int64_t side, int64_t per_cell,
                          ob_corner *corners, int64_t *counts, int64_t *found, ob_corner *workspace,
                          int64_t simd) {
  const int64_t error = error_of(image, threshold);
  if (error != OB_CORNERS_OK) {
    return error;
  }
  if (side < 1 || side > OB_IMAGE_SIDE_MAX || per_cell < 1 || per_cell > OB_CORNERS_PER_CELL_MAX) {
    return OB_CORNERS_BAD_CELL;
  }
  const int64_t cells = ob_corners_cells(image->width, image->height, side);
  for (int64_t i = 0; i < cells; i++) {
    counts[i] = 0;
  }
  if (has_inside(image)) {
    const scan s = start(image, threshold, 1, workspace, simd);
    rate_row(&s, OB_CORNERS_REACH);
    for (int64_t y = OB_CORNERS_REACH; y < image->height - OB_CORNERS_REACH; y++) {
      const int64_t count = pick_row(&s, y), first = y / side * cells_along(image->width, side);
      for (int64_t i = 0; i < count; i++) {
        const int64_t cell = first + (uint32_t)s.row[i].x / (uint32_t)side;
        insert(corners + cell * per_cell, &counts[cell], per_cell, s.row[i]);
      }
    }
  }
  *found = close_up(corners, counts, cells, per_cell);
  return OB_CORNERS_OK;
}
