#include "vision/crater_finder.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "onboard/elementary.h"
#include "vision/simd.h"

#define LOG_UNIT 128 /* of the logarithm, per octave of brightness */
#define LOG_FLOOR 16 /* grey levels added before, so that the noise of a shadow stays small */

#define OCTAVES 7
#define SCALES 4      /* per octave */
#define TEMPLATES 6   /* those of an octave, one smaller and one larger */
#define BASE_PX 5.0   /* radius of the first scale of an octave, in its pixels */
#define EXTENT 1.5    /* of the template, in radii */
#define HALF 15       /* rows and columns of a template on each side, at most */
#define SIDE 32       /* columns kept: a whole number of vectors */
#define UNIT 96       /* largest weight of a template */
#define BLOCK 16
#define CELL_SHIFT 2
#define CLIMB_STEPS 8
#define HOPELESS 0.12 /* a correlation so much below what is asked for does not climb there */
#define SCORE_UNIT 16384 /* of the square of an estimated correlation */
#define ESTIMATE 0.58    /* correlation that the estimate must reach before the whole template is tried */
#define NOISE 1.6        /* variance of the logarithm that is taken for noise: of rounded grey levels */

static const double scale_step[TEMPLATES] = {0.8408964152537145, 1.0, 1.189207115002721,
                                             1.4142135623730951, 1.681792830507429, 2.0};

typedef struct {
  int32_t width, height, stride;
  int16_t *pixel;
  int32_t *square; /* of each pixel */
} level;

typedef struct {
  int32_t score; /* 0: empty */
  int16_t x, y, scale, octave;
} candidate;

/* Weights and where they are, row by row. */
typedef struct {
  int32_t reach;             /* rows and columns on each side */
  int32_t count;             /* pixels inside */
  int64_t sum, square;       /* of the weights */
  int16_t weight[2 * HALF + 1][SIDE];
  int16_t inside[2 * HALF + 1][SIDE];
} bowl;

/* Of one row of pixels. */
typedef struct {
  int16_t *odd, *sum;
  int32_t *square;
} sums;

typedef struct {
  int32_t octaves;
  level levels[OCTAVES];
  candidate *cells[OCTAVES];
  int32_t across[OCTAVES], down[OCTAVES];
  int16_t *rows[3];
  sums sums;
  bowl *templates;
  candidate *sorted;
  int64_t octets;
} layout;

/* --- Memory ------------------------------------------------------------------------------------- */

/* Of a row: templates and blocks reach beyond both ends of it, without weight. */
static int32_t padded(int32_t width) { return (width + BLOCK - 1) / BLOCK * BLOCK + SIDE; }

static void *take(uint8_t *base, int64_t *used, int64_t octets) {
  uint8_t *start = base == NULL ? NULL : base + *used;
  *used += (octets + 31) / 32 * 32;
  return start;
}

static layout lay_out(int32_t width, int32_t height, uint8_t *base) {
  layout l = {0};
  for (int32_t w = width, h = height;
       l.octaves < OCTAVES && w >= 2 * HALF + 2 && h >= 2 * HALF + 2; w /= 2, h /= 2) {
    const int32_t o = l.octaves++;
    l.levels[o] = (level){w, h, padded(w), NULL, NULL};
    int16_t *pixel = take(base, &l.octets, 2 * ((int64_t)padded(w) * h + SIDE));
    l.levels[o].pixel = pixel == NULL ? NULL : pixel + BLOCK;
    l.levels[o].square = take(base, &l.octets, 4 * (int64_t)padded(w) * h);
    l.across[o] = (w >> CELL_SHIFT) + 1;
    l.down[o] = (h >> CELL_SHIFT) + 1;
    l.cells[o] =
        take(base, &l.octets, (int64_t)l.across[o] * l.down[o] * (int64_t)sizeof(candidate));
  }
  for (int32_t k = 0; k < 3; k++) {
    l.rows[k] = take(base, &l.octets, 2 * (int64_t)padded(width));
  }
  l.sums.odd = take(base, &l.octets, 2 * (int64_t)padded(width));
  l.sums.sum = take(base, &l.octets, 2 * (int64_t)padded(width));
  l.sums.square = take(base, &l.octets, 4 * (int64_t)padded(width));
  l.templates = take(base, &l.octets, TEMPLATES * (int64_t)sizeof(bowl));
  l.sorted = take(base, &l.octets, OB_CRATER_FINDER_CANDIDATES * (int64_t)sizeof(candidate));
  return l;
}

static int size_ok(int64_t width, int64_t height) {
  return width >= OB_CRATER_FINDER_IMAGE_MIN && width <= OB_CRATER_FINDER_IMAGE_MAX &&
         height >= OB_CRATER_FINDER_IMAGE_MIN && height <= OB_CRATER_FINDER_IMAGE_MAX;
}

int64_t ob_crater_finder_workspace_octets(int64_t width, int64_t height) {
  return size_ok(width, height) ? lay_out((int32_t)width, (int32_t)height, NULL).octets : 0;
}

/* --- Logarithms and pyramid --------------------------------------------------------------------- */

/* LOG_UNIT log2(value / LOG_FLOOR), rounded down (Knuth, TAOCP vol. 1, section 1.2.2). */
static int16_t log_level(uint32_t value) {
  const uint64_t two = UINT64_C(2) << 20;
  uint64_t mantissa = ((uint64_t)value << 20) / LOG_FLOOR;
  int32_t result = 0;
  for (; mantissa >= two; mantissa >>= 1) {
    result += LOG_UNIT;
  }
  for (int32_t bit = LOG_UNIT / 2; bit > 0; bit /= 2) {
    mantissa = (mantissa * mantissa) >> 20;
    if (mantissa >= two) {
      mantissa >>= 1;
      result += bit;
    }
  }
  return (int16_t)result;
}

static void take_logarithms(const uint8_t *image, int64_t stride, const level *to) {
  int16_t table[256];
  for (uint32_t grey = 0; grey < 256; grey++) {
    table[grey] = log_level(grey + LOG_FLOOR);
  }
  for (int32_t y = 0; y < to->height; y++) {
    const uint8_t *in = image + (int64_t)y * stride;
    int16_t *row = to->pixel + (ptrdiff_t)y * to->stride;
    for (int32_t x = 0; x < to->width; x++) {
      row[x] = table[in[x]];
    }
    memset(row + to->width, 0, 2 * (size_t)(to->stride - to->width));
  }
}

static void halve(const level *from, const level *to) {
  for (int32_t y = 0; y < to->height; y++) {
    const int16_t *a = from->pixel + (ptrdiff_t)(2 * y) * from->stride, *b = a + from->stride;
    int16_t *row = to->pixel + (ptrdiff_t)y * to->stride;
    for (int32_t x = 0; x < to->width; x++) {
      row[x] = (int16_t)((a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1] + 2) >> 2);
    }
    memset(row + to->width, 0, 2 * (size_t)(to->stride - to->width));
  }
}

static void take_squares(const level *l) {
  const ptrdiff_t count = (ptrdiff_t)l->stride * l->height;
  for (ptrdiff_t k = 0; k < count; k++) {
    l->square[k] = l->pixel[k] * l->pixel[k];
  }
}

/* --- Templates ---------------------------------------------------------------------------------- */

/* Where the ground is level, in radii, for an offset in the image. */
typedef struct {
  double to_ground[4], sun[2];
} view;

static view seen(const ob_crater_finder_settings *s) {
  const double *g = s->ground_to_image;
  const double d = g[0] * g[3] - g[1] * g[2];
  view v = {{g[3] / d, -g[1] / d, -g[2] / d, g[0] / d}, {0.0, 0.0}};
  const double x = v.to_ground[0] * s->sun_image[0] + v.to_ground[1] * s->sun_image[1];
  const double y = v.to_ground[2] * s->sun_image[0] + v.to_ground[3] * s->sun_image[1];
  const double length = ob_sqrt(x * x + y * y);
  v.sun[0] = x / length;
  v.sun[1] = y / length;
  return v;
}

/* Slope of the bowl away from the Sun, so that what is lit is positive: a paraboloid within the rim, the
 * third power beyond, where the rim stands a fifth of the whole height above the ground. */
static double slope_at(double x, double y, const double sun[2]) {
  const double towards = x * sun[0] + y * sun[1], d2 = x * x + y * y;
  if (d2 > EXTENT * EXTENT) {
    return 0.0;
  }
  const double d = ob_sqrt(d2);
  return d < 1.0 ? -2.0 * towards : 0.6 * towards / (d2 * d2 * d);
}

/* Mean over 3 x 3 places of a pixel. */
static double weight_at(const view *v, double radius, int32_t column, int32_t row) {
  double sum = 0.0;
  for (int32_t i = -1; i <= 1; i++) {
    for (int32_t j = -1; j <= 1; j++) {
      const double x = (column + j / 3.0) / radius, y = (row + i / 3.0) / radius;
      sum += slope_at(v->to_ground[0] * x + v->to_ground[1] * y,
                      v->to_ground[2] * x + v->to_ground[3] * y, v->sun);
    }
  }
  return sum / 9.0;
}

static int is_inside(const view *v, double radius, int32_t column, int32_t row) {
  const double x = v->to_ground[0] * column + v->to_ground[1] * row;
  const double y = v->to_ground[2] * column + v->to_ground[3] * row;
  return x * x + y * y <= EXTENT * EXTENT * radius * radius;
}

static void build_template(const view *v, double radius, bowl *t) {
  memset(t, 0, sizeof *t);
  for (int32_t row = -HALF; row <= HALF; row++) {
    for (int32_t column = -HALF; column <= HALF; column++) {
      if (is_inside(v, radius, column, row)) {
        const int64_t w = ob_to_i64(ob_floor(UNIT / 2.0 * weight_at(v, radius, column, row) + 0.5));
        t->weight[row + HALF][column + HALF] = (int16_t)w;
        t->inside[row + HALF][column + HALF] = 1;
        t->sum += w;
        t->square += w * w;
        t->count++;
        const int32_t far_row = row < 0 ? -row : row, far_column = column < 0 ? -column : column;
        const int32_t far = far_row > far_column ? far_row : far_column;
        t->reach = far > t->reach ? far : t->reach;
      }
    }
  }
}

typedef struct {
  int32_t product, sum, square;
} moments;

static inline moments moments_of(const level *l, const bowl *t, int32_t x, int32_t y) {
  moments m = {0, 0, 0};
  for (int32_t row = -t->reach; row <= t->reach; row++) {
    const int16_t *p = l->pixel + (ptrdiff_t)(y + row) * l->stride + x - HALF;
    const int16_t *w = t->weight[row + HALF], *inside = t->inside[row + HALF];
    for (int32_t k = 0; k < SIDE; k++) {
      const int16_t in = (int16_t)(inside[k] * p[k]);
      m.product += w[k] * p[k];
      m.sum += in;
      m.square += in * p[k];
    }
  }
  return m;
}

#if OB_HAS_X86
OB_AVX2 static moments moments_avx2(const level *l, const bowl *t, int32_t x, int32_t y) {
  return moments_of(l, t, x, y);
}
#endif

static int fits(const level *l, int32_t reach, int32_t x, int32_t y) {
  return x >= reach && y >= reach && x + reach < l->width && y + reach < l->height;
}

/* The normalized correlation, -1 where the template does not fit. */
static double correlation(const level *l, const bowl *t, int32_t x, int32_t y, int64_t simd) {
  if (!fits(l, t->reach, x, y)) {
    return -1.0;
  }
#if OB_HAS_X86
  const moments m = simd == OB_SIMD_AVX2 ? moments_avx2(l, t, x, y) : moments_of(l, t, x, y);
#else
  (void)simd;
  const moments m = moments_of(l, t, x, y);
#endif
  const double n = t->count, s = m.sum;
  const double covariance = n * m.product - (double)t->sum * s;
  const double of_weights = n * (double)t->square - (double)t->sum * (double)t->sum;
  const double of_image = n * m.square - s * s + n * n * NOISE;
  return covariance / ob_sqrt(of_weights * of_image);
}

/* --- Estimate everywhere ------------------------------------------------------------------------- */

#define PAIRS 15

typedef struct {
  ptrdiff_t offset[PAIRS];
  int32_t reach;
} rings;

/* Radius, weight of the area, and of the slope: 5 times area times slope. */
static const double ring_radius[PAIRS] = {0.4, 0.4, 0.4, 0.4, 0.8, 0.8, 0.8, 0.8,
                                          0.8, 0.8, 1.25, 1.25, 1.25, 1.25, 1.25};
static const double ring_cos[PAIRS] = {
    0.3826834323650898, 0.9238795325112867, 0.9238795325112867, 0.3826834323650898, 0.25881904510252074,
    0.7071067811865476, 0.9659258262890683, 0.9659258262890683, 0.7071067811865476, 0.25881904510252074,
    0.30901699437494745, 0.8090169943749475, 1.0, 0.8090169943749475, 0.30901699437494745};
static const double ring_sin[PAIRS] = {
    -0.9238795325112867, -0.3826834323650898, 0.3826834323650898, 0.9238795325112867, -0.9659258262890683,
    -0.7071067811865476, -0.25881904510252074, 0.25881904510252074, 0.7071067811865476, 0.9659258262890683,
    -0.9510565162951535, -0.5877852522924731, 0.0, 0.5877852522924731, 0.9510565162951535};
#define W_SQUARE (2 * (2 * (2 * 2 + 4 * 4 + 2 * 2 + 6 * 6 + 8 * 8)) + (2 * 2 + 2 * (2 * 2 + 1)))
#define AREA 40

static rings place_rings(const view *v, const double ground_to_image[4], double radius, int32_t stride) {
  rings r = {{0}, 0};
  for (int32_t k = 0; k < PAIRS; k++) {
    const double a = radius * ring_radius[k] * (v->sun[0] * ring_cos[k] - v->sun[1] * ring_sin[k]);
    const double b = radius * ring_radius[k] * (v->sun[1] * ring_cos[k] + v->sun[0] * ring_sin[k]);
    const int64_t x = ob_to_i64(ob_floor(ground_to_image[0] * a + ground_to_image[1] * b + 0.5));
    const int64_t y = ob_to_i64(ob_floor(ground_to_image[2] * a + ground_to_image[3] * b + 0.5));
    r.offset[k] = (ptrdiff_t)(y * stride + x);
    const int64_t far_x = x < 0 ? -x : x, far_y = y < 0 ? -y : y;
    const int64_t far = far_x > far_y ? far_x : far_y;
    r.reach = far > r.reach ? (int32_t)far : r.reach;
  }
  return r;
}

/* Adds five pairs of samples to the sums of a row: differences by weight, and sums and squares by area. */
static inline void add_pairs(const level *l, ptrdiff_t at, const ptrdiff_t offset[5], const int16_t weight[5],
                             int16_t area, int32_t count, int16_t *restrict odd, int16_t *restrict sum,
                             int32_t *restrict square) {
  const int16_t *p = l->pixel + at;
  const int16_t *n0 = p + offset[0], *n1 = p + offset[1], *n2 = p + offset[2], *n3 = p + offset[3], *n4 = p + offset[4];
  const int16_t *f0 = p - offset[0], *f1 = p - offset[1], *f2 = p - offset[2], *f3 = p - offset[3], *f4 = p - offset[4];
  const int16_t w0 = weight[0], w1 = weight[1], w2 = weight[2], w3 = weight[3], w4 = weight[4];
  for (int32_t k = 0; k < count; k++) {
    odd[k] = (int16_t)(odd[k] + w0 * (f0[k] - n0[k]) + w1 * (f1[k] - n1[k]) + w2 * (f2[k] - n2[k]) +
                       w3 * (f3[k] - n3[k]) + w4 * (f4[k] - n4[k]));
    sum[k] = (int16_t)(sum[k] + area * (f0[k] + n0[k] + f1[k] + n1[k] + f2[k] + n2[k] + f3[k] + n3[k] + f4[k] + n4[k]));
  }
  const int32_t *q = l->square + at;
  const int32_t *g0 = q + offset[0], *g1 = q + offset[1], *g2 = q + offset[2], *g3 = q + offset[3], *g4 = q + offset[4];
  const int32_t *h0 = q - offset[0], *h1 = q - offset[1], *h2 = q - offset[2], *h3 = q - offset[3], *h4 = q - offset[4];
  for (int32_t k = 0; k < count; k++) {
    const int32_t s = g0[k] + h0[k] + g1[k] + h1[k] + g2[k] + h2[k] + g3[k] + h3[k] + g4[k] + h4[k];
    square[k] += area == 2 ? s + s : s;
  }
}

static inline void score_row(const sums *t, int32_t count, int16_t *restrict out) {
  const int16_t *odd = t->odd, *sum = t->sum;
  const int32_t *square = t->square;
  for (int32_t k = 0; k < count; k++) {
    const float s = sum[k], o = odd[k] > 0 ? odd[k] : 0;
    const float variance = (float)square[k] - s * s * (1.0f / AREA) + (float)(NOISE * AREA);
    out[k] = (int16_t)(int32_t)(o * o * (float)(SCORE_UNIT / (double)W_SQUARE) / variance);
  }
}

/* Square of the estimated correlation of `count` pixels from `at` on, 0 where it is negative. */
static inline void estimate(const level *l, ptrdiff_t at, const ptrdiff_t *offset, int32_t count, sums *t,
                            int16_t *out) {
  static const int16_t weight[PAIRS] = {2, 4, 4, 2, 2, 6, 8, 8, 6, 2, -1, -2, -2, -2, -1};
  memset(t->odd, 0, 2 * (size_t)count);
  memset(t->sum, 0, 2 * (size_t)count);
  memset(t->square, 0, 4 * (size_t)count);
  add_pairs(l, at, offset, weight, 1, count, t->odd, t->sum, t->square);
  add_pairs(l, at, offset + 5, weight + 5, 1, count, t->odd, t->sum, t->square);
  add_pairs(l, at, offset + 10, weight + 10, 2, count, t->odd, t->sum, t->square);
  score_row(t, count, out);
}

#if OB_HAS_X86
OB_AVX2 static void estimate_avx2(const level *l, ptrdiff_t at, const ptrdiff_t *offset, int32_t count, sums *t,
                                  int16_t *out) {
  estimate(l, at, offset, count, t, out);
}
#endif

static void estimate_row(const level *l, ptrdiff_t at, const ptrdiff_t *offset, int32_t count, sums *t, int16_t *out,
                         int64_t simd) {
#if OB_HAS_X86
  if (simd == OB_SIMD_AVX2) {
    estimate_avx2(l, at, offset, count, t, out);
    return;
  }
#else
  (void)simd;
#endif
  estimate(l, at, offset, count, t, out);
}

static int is_maximum(int16_t *const rows[3], int32_t x) {
  const int16_t r = rows[1][x];
  return r > rows[0][x - 1] && r > rows[0][x] && r > rows[0][x + 1] && r > rows[1][x - 1] &&
         r >= rows[1][x + 1] && r >= rows[2][x - 1] && r >= rows[2][x] && r >= rows[2][x + 1];
}

static void file_maxima(layout *l, int32_t octave, int32_t scale, int16_t *const rows[3], int32_t y, int32_t from,
                        int32_t to) {
  const int16_t least = (int16_t)(SCORE_UNIT * ESTIMATE * ESTIMATE);
  candidate *cells = l->cells[octave] + (ptrdiff_t)(y >> CELL_SHIFT) * l->across[octave];
  for (int32_t x = from; x < to; x++) {
    if (rows[1][x] >= least && is_maximum(rows, x)) {
      candidate *cell = &cells[x >> CELL_SHIFT];
      if (rows[1][x] > cell->score) {
        *cell = (candidate){rows[1][x], (int16_t)x, (int16_t)y, (int16_t)scale, (int16_t)octave};
      }
    }
  }
}

static void scan(layout *l, int32_t octave, int32_t scale, const view *v, const ob_crater_finder_settings *s) {
  const level *image = &l->levels[octave];
  const rings r = place_rings(v, s->ground_to_image, BASE_PX * scale_step[scale], image->stride);
  const int32_t margin = r.reach + 1;
  if (image->width < 2 * margin + 3 || image->height < 2 * margin + 3) {
    return;
  }
  int16_t *rows[3] = {l->rows[0], l->rows[1], l->rows[2]};
  for (int32_t y = margin; y < image->height - margin; y++) {
    int16_t *oldest = rows[0];
    rows[0] = rows[1];
    rows[1] = rows[2];
    rows[2] = oldest;
    estimate_row(image, (ptrdiff_t)y * image->stride + margin, r.offset, image->width - 2 * margin, &l->sums,
                 rows[2] + margin, s->simd);
    if (y >= margin + 2) {
      file_maxima(l, octave, scale, rows, y - 1, margin + 1, image->width - margin - 1);
    }
  }
}

/* --- Order, climb, choice ------------------------------------------------------------------------ */

#define BINS 1024

static int32_t bin_of(int32_t score) {
  const int32_t bin = score / 16;
  return BINS - 1 - (bin < BINS ? bin : BINS - 1);
}

static int32_t sort_candidates(layout *l) {
  int32_t start[BINS + 1] = {0};
  for (int32_t pass = 0; pass < 2; pass++) {
    for (int32_t o = 0; o < l->octaves; o++) {
      const int64_t cells = (int64_t)l->across[o] * l->down[o];
      for (int64_t k = 0; k < cells; k++) {
        const candidate *c = &l->cells[o][k];
        if (c->score == 0) {
          continue;
        }
        if (pass == 0) {
          start[bin_of(c->score) + 1]++;
        } else {
          const int32_t at = start[bin_of(c->score)]++;
          if (at < OB_CRATER_FINDER_CANDIDATES) {
            l->sorted[at] = *c;
          }
        }
      }
    }
    for (int32_t b = 0; pass == 0 && b < BINS; b++) {
      start[b + 1] += start[b];
    }
  }
  const int32_t total = start[BINS - 1];
  return total < OB_CRATER_FINDER_CANDIDATES ? total : OB_CRATER_FINDER_CANDIDATES;
}

/* Vertex of the parabola through three values, in steps from the middle one, which is the largest. */
static double vertex(double before, double here, double after) {
  const double curvature = 2.0 * here - before - after;
  return curvature > 0.0 ? ob_max(-0.5, ob_min(0.5, 0.5 * (after - before) / curvature)) : 0.0;
}

typedef struct {
  int32_t at[3];     /* column, row, template */
  double here;       /* the correlation */
  double around[6];  /* a step less and a step more in each */
} summit;

/* Looks at the six neighbours; returns the best that is better, -1 where none is. */
static int32_t look_around(const level *image, const layout *l, summit *t, int64_t simd) {
  int32_t best = -1;
  double most = t->here;
  for (int32_t k = 0; k < 6; k++) {
    int32_t to[3] = {t->at[0], t->at[1], t->at[2]};
    to[k / 2] += k % 2 == 0 ? -1 : 1;
    const int known = to[2] >= 0 && to[2] < TEMPLATES;
    t->around[k] = known ? correlation(image, &l->templates[to[2]], to[0], to[1], simd) : -1.0;
    if (t->around[k] > most) {
      most = t->around[k];
      best = k;
    }
  }
  return best;
}

static void measure(const summit *t, int32_t octave, ob_found_crater *found) {
  const double scale = (double)(1 << octave);
  const int at_end = t->at[2] == 0 || t->at[2] == TEMPLATES - 1;
  const double larger = at_end ? 0.0 : vertex(t->around[4], t->here, t->around[5]);
  found->pixel[0] = scale * (t->at[0] + vertex(t->around[0], t->here, t->around[1]) + 0.5) - 0.5;
  found->pixel[1] = scale * (t->at[1] + vertex(t->around[2], t->here, t->around[3]) + 0.5) - 0.5;
  found->radius_px = scale * BASE_PX * scale_step[t->at[2]] * (1.0 + (scale_step[2] - 1.0) * larger);
  found->correlation = t->here;
}

/* To the next maximum along column, row and radius; 0 if none is near, or it is too weak or of another size. */
static int climb(const layout *l, const candidate *c, const ob_crater_finder_settings *s, ob_found_crater *found) {
  const level *image = &l->levels[c->octave];
  summit t = {{c->x, c->y, c->scale}, correlation(image, &l->templates[c->scale], c->x, c->y, s->simd), {0}};
  for (int32_t step = 0; step < CLIMB_STEPS && t.here >= s->correlation_min - HOPELESS; step++) {
    const int32_t best = look_around(image, l, &t, s->simd);
    if (best < 0) {
      measure(&t, c->octave, found);
      return t.here >= s->correlation_min && found->radius_px >= s->radius_min_px &&
             found->radius_px <= s->radius_max_px;
    }
    t.at[best / 2] += best % 2 == 0 ? -1 : 1;
    t.here = t.around[best];
  }
  return 0;
}

static int overlap(const ob_found_crater *a, const ob_found_crater *b) {
  const double dx = a->pixel[0] - b->pixel[0], dy = a->pixel[1] - b->pixel[1];
  const double larger = ob_max(a->radius_px, b->radius_px), smaller = ob_min(a->radius_px, b->radius_px);
  return dx * dx + dy * dy < 0.49 * larger * larger && larger < 1.7 * smaller;
}

/* Into the list, the best first, unless a better one overlaps; those that it beats go. */
static void admit(const ob_found_crater *found, ob_found_crater *craters, int64_t capacity, int64_t *count) {
  for (int64_t k = 0; k < *count; k++) {
    if (overlap(found, &craters[k]) && craters[k].correlation >= found->correlation) {
      return;
    }
  }
  int64_t kept = 0;
  for (int64_t k = 0; k < *count; k++) {
    if (!overlap(found, &craters[k])) {
      craters[kept++] = craters[k];
    }
  }
  int64_t at = kept;
  while (at > 0 && craters[at - 1].correlation < found->correlation) {
    at--;
  }
  if (at < capacity) {
    const int64_t moved = (kept < capacity ? kept : capacity - 1) - at;
    memmove(&craters[at + 1], &craters[at], (size_t)moved * sizeof *craters);
    craters[at] = *found;
    kept = kept < capacity ? kept + 1 : capacity;
  }
  *count = kept;
}

static int settings_ok(const ob_crater_finder_settings *s) {
  const double norm2 = s->sun_image[0] * s->sun_image[0] + s->sun_image[1] * s->sun_image[1];
  const double *g = s->ground_to_image;
  for (int32_t k = 0; k < 4; k++) {
    if (!(ob_fabs(g[k]) <= 1.15)) {
      return 0;
    }
  }
  return ob_fabs(norm2 - 1.0) < 1e-6 && ob_fabs(ob_fabs(g[0] * g[3] - g[1] * g[2]) - 1.0) < 1e-6 &&
         s->radius_min_px >= OB_CRATER_FINDER_RADIUS_MIN && s->radius_min_px <= s->radius_max_px &&
         s->radius_max_px <= OB_CRATER_FINDER_IMAGE_MAX && s->correlation_min >= 0.3 && s->correlation_min <= 1.0;
}

/* Candidates of an octave, from the level before it. */
static void look(layout *l, int32_t octave, const view *v, const ob_crater_finder_settings *s) {
  if (octave > 0) {
    halve(&l->levels[octave - 1], &l->levels[octave]);
  }
  take_squares(&l->levels[octave]);
  memset(l->cells[octave], 0, (size_t)l->across[octave] * (size_t)l->down[octave] * sizeof(candidate));
  for (int32_t k = octave == 0 ? 0 : 1; k <= SCALES; k++) {
    const double radius = BASE_PX * scale_step[k] * (double)(1 << octave);
    if (radius * scale_step[2] >= s->radius_min_px && radius <= s->radius_max_px * scale_step[2]) {
      scan(l, octave, k, v, s);
    }
  }
}

int64_t ob_crater_find(const ob_image *image, const ob_crater_finder_settings *settings, void *workspace,
                       ob_found_crater *craters, int64_t capacity, int64_t *count) {
  *count = 0;
  if (!size_ok(image->width, image->height) || image->stride < image->width) {
    return OB_CRATER_FINDER_BAD_IMAGE;
  }
  if (!settings_ok(settings)) {
    return OB_CRATER_FINDER_BAD_SETTINGS;
  }
  assert((uintptr_t)workspace % 8 == 0 && capacity >= 0);
  layout l = lay_out((int32_t)image->width, (int32_t)image->height, workspace);
  const view v = seen(settings);
  for (int32_t k = 0; k < TEMPLATES; k++) {
    build_template(&v, BASE_PX * scale_step[k], &l.templates[k]);
  }
  take_logarithms(image->pixels, image->stride, &l.levels[0]);
  for (int32_t o = 0; o < l.octaves; o++) {
    look(&l, o, &v, settings);
  }
  const int32_t candidates = sort_candidates(&l);
  for (int32_t k = 0; k < candidates; k++) {
    ob_found_crater found;
    if (climb(&l, &l.sorted[k], settings, &found)) {
      admit(&found, craters, capacity, count);
    }
  }
  return OB_CRATER_FINDER_OK;
}
