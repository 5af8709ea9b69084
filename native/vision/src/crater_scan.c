#include "crater_scan.h"

#include <stddef.h>
#include <string.h>

#include "onboard/elementary.h"
#include "vision/simd.h"

#define ESTIMATE 0.58 /* correlation that a candidate must reach */
#define NOISE 1.6     /* variance of the logarithm that is taken for noise: of rounded grey levels */
#define WINDOW 1.25   /* half side of the square whose variance is taken, in radii */
#define CELL_SHIFT 1
#define PAIRS 15

typedef struct {
  ptrdiff_t offset[PAIRS];
  int32_t reach, window;
} rings;

/* Radius; weights are 5 times the area of a sample times its slope. */
static const double ring_radius[PAIRS] = {0.4, 0.4, 0.4, 0.4, 0.8, 0.8, 0.8, 0.8,
                                          0.8, 0.8, 1.25, 1.25, 1.25, 1.25, 1.25};
static const int16_t ring_weight[PAIRS] = {2, 4, 4, 2, 2, 6, 8, 8, 6, 2, -1, -2, -2, -2, -1};
static const double ring_cos[PAIRS] = {
    0.3826834323650898, 0.9238795325112867, 0.9238795325112867, 0.3826834323650898, 0.25881904510252074,
    0.7071067811865476, 0.9659258262890683, 0.9659258262890683, 0.7071067811865476, 0.25881904510252074,
    0.30901699437494745, 0.8090169943749475, 1.0, 0.8090169943749475, 0.30901699437494745};
static const double ring_sin[PAIRS] = {
    -0.9238795325112867, -0.3826834323650898, 0.3826834323650898, 0.9238795325112867, -0.9659258262890683,
    -0.7071067811865476, -0.25881904510252074, 0.25881904510252074, 0.7071067811865476, 0.9659258262890683,
    -0.9510565162951535, -0.5877852522924731, 0.0, 0.5877852522924731, 0.9510565162951535};
/* Of the squares of the weights over areas, which are 1, 1 and 2 on the three rings, of both of a pair. */
#define W_SQUARE (2 * (2 * (2 * 2 + 4 * 4 + 2 * 2 + 6 * 6 + 8 * 8)) + (2 * 2 + 2 * (2 * 2 + 1)))
#define AREA 40

static int32_t rounded(double x) { return (int32_t)ob_to_i64(ob_floor(x + 0.5)); }

static int32_t farther(int32_t reach, int32_t offset) {
  const int32_t far = offset < 0 ? -offset : offset;
  return far > reach ? far : reach;
}

static rings place_rings(const ob_crater_sight *s, double radius, int32_t stride) {
  rings r = {{0}, 0, rounded(WINDOW * radius)};
  r.reach = r.window;
  for (int32_t k = 0; k < PAIRS; k++) {
    const double *g = s->ground_to_image, at = radius * ring_radius[k];
    const double a = at * (s->sun[0] * ring_cos[k] - s->sun[1] * ring_sin[k]);
    const double b = at * (s->sun[1] * ring_cos[k] + s->sun[0] * ring_sin[k]);
    const int32_t x = rounded(g[0] * a + g[1] * b), y = rounded(g[2] * a + g[3] * b);
    r.offset[k] = (ptrdiff_t)y * stride + x;
    r.reach = farther(farther(r.reach, x), y);
  }
  return r;
}

/* Adds five pairs of samples, far from the Sun less near it, by weight. */
static inline void add_pairs(const int16_t *p, const ptrdiff_t offset[5], const int16_t weight[5], int32_t count,
                             int16_t *restrict odd) {
  const int16_t *n0 = p + offset[0], *n1 = p + offset[1], *n2 = p + offset[2], *n3 = p + offset[3], *n4 = p + offset[4];
  const int16_t *f0 = p - offset[0], *f1 = p - offset[1], *f2 = p - offset[2], *f3 = p - offset[3], *f4 = p - offset[4];
  const int16_t w0 = weight[0], w1 = weight[1], w2 = weight[2], w3 = weight[3], w4 = weight[4];
  for (int32_t k = 0; k < count; k++) {
    odd[k] = (int16_t)(odd[k] + w0 * (f0[k] - n0[k]) + w1 * (f1[k] - n1[k]) + w2 * (f2[k] - n2[k]) +
                       w3 * (f3[k] - n3[k]) + w4 * (f4[k] - n4[k]));
  }
}

/* Square of the estimated correlation, 0 where it is negative, from the weighted sums `odd` and the variance
 * of windows whose upper left corner is at `corner`. */
static inline void score(const ob_crater_level *l, ptrdiff_t corner, int32_t side, int32_t count,
                         const int16_t *restrict odd, int16_t *restrict out) {
  const uint32_t *s0 = l->sum + corner, *s1 = s0 + side, *s2 = s0 + (ptrdiff_t)side * l->stride, *s3 = s2 + side;
  const uint32_t *q0 = l->square + corner, *q1 = q0 + side, *q2 = q0 + (ptrdiff_t)side * l->stride, *q3 = q2 + side;
  const float n = (float)(side * side);
  const float unit = (float)(OB_CRATER_SCORE_UNIT / (double)W_SQUARE);
  for (int32_t k = 0; k < count; k++) {
    const float mean = (float)(int32_t)(s3[k] - s2[k] - s1[k] + s0[k]) / n;
    const float of_square = (float)(int32_t)(q3[k] - q2[k] - q1[k] + q0[k]) / n;
    const float variance = AREA * (of_square - mean * mean + (float)NOISE), o = odd[k] > 0 ? odd[k] : 0;
    const float squared = o * o * unit / variance;
    out[k] = (int16_t)(int32_t)(squared < 32767.0f ? squared : 32767.0f);
  }
}

static inline void estimate(const ob_crater_level *l, ptrdiff_t at, const rings *r, int32_t count,
                            int16_t *odd, int16_t *out) {
  memset(odd, 0, 2 * (size_t)count);
  for (int32_t k = 0; k < PAIRS; k += 5) {
    add_pairs(l->pixel + at, r->offset + k, ring_weight + k, count, odd);
  }
  score(l, at - (ptrdiff_t)r->window * l->stride - r->window, 2 * r->window + 1, count, odd, out);
}

#if OB_HAS_X86
OB_AVX2 static void estimate_avx2(const ob_crater_level *l, ptrdiff_t at, const rings *r, int32_t count,
                                  int16_t *odd, int16_t *out) {
  estimate(l, at, r, count, odd, out);
}
#endif

static void estimate_row(const ob_crater_level *l, ptrdiff_t at, const rings *r, int32_t count, int16_t *odd,
                         int16_t *out, int64_t simd) {
#if OB_HAS_X86
  if (simd == OB_SIMD_AVX2) {
    estimate_avx2(l, at, r, count, odd, out);
    return;
  }
#else
  (void)simd;
#endif
  estimate(l, at, r, count, odd, out);
}

static int is_maximum(int16_t *const rows[3], int32_t x) {
  const int16_t r = rows[1][x];
  return r > rows[0][x - 1] && r > rows[0][x] && r > rows[0][x + 1] && r > rows[1][x - 1] &&
         r >= rows[1][x + 1] && r >= rows[2][x - 1] && r >= rows[2][x] && r >= rows[2][x + 1];
}

/* Of the row `found->y`, between two columns. */
static void file_maxima(const ob_crater_cells *cells, int16_t *const rows[3], ob_crater_candidate found,
                        int32_t from, int32_t to) {
  const int16_t least = (int16_t)(OB_CRATER_SCORE_UNIT * ESTIMATE * ESTIMATE);
  ob_crater_candidate *row = cells->cell + (ptrdiff_t)(found.y >> CELL_SHIFT) * cells->across;
  for (int32_t x = from; x < to; x++) {
    if (rows[1][x] >= least && is_maximum(rows, x)) {
      found.score = rows[1][x];
      found.x = (int16_t)x;
      ob_crater_candidate *cell = &row[x >> CELL_SHIFT];
      *cell = found.score > cell->score ? found : *cell;
    }
  }
}

static int32_t row_length(int32_t width) { return (width + 15) / 16 * 16; }

int64_t ob_crater_scan_octets(int32_t width) { return 2 * 4 * (int64_t)row_length(width); }

int64_t ob_crater_cells_place(ob_crater_cells *cells, int32_t width, int32_t height, uint8_t *memory) {
  *cells = (ob_crater_cells){(width >> CELL_SHIFT) + 1, (height >> CELL_SHIFT) + 1, (void *)memory};
  return (int64_t)cells->across * cells->down * (int64_t)sizeof(ob_crater_candidate);
}

void ob_crater_scan(const ob_crater_level *level, const ob_crater_sight *sight, double radius, int32_t number,
                    int32_t scale, int16_t *memory, const ob_crater_cells *cells, int64_t simd) {
  const rings r = place_rings(sight, radius, level->stride);
  const int32_t margin = r.reach, length = row_length(level->width);
  int16_t *rows[3] = {memory, memory + length, memory + 2 * (ptrdiff_t)length};
  for (int32_t y = margin; y < level->height - margin; y++) {
    int16_t *oldest = rows[0];
    rows[0] = rows[1];
    rows[1] = rows[2];
    rows[2] = oldest;
    estimate_row(level, (ptrdiff_t)y * level->stride + margin, &r, level->width - 2 * margin,
                 memory + 3 * (ptrdiff_t)length, rows[2] + margin, simd);
    if (y >= margin + 2) {
      const ob_crater_candidate found = {0, 0, (int16_t)(y - 1), (int16_t)scale, (int16_t)number, 0};
      file_maxima(cells, rows, found, margin + 1, level->width - margin - 1);
    }
  }
}
