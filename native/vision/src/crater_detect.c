#include "vision/crater_detect.h"

#include <assert.h>
#include <stddef.h>

#include "onboard/elementary.h"

/* Brightness is logarithmic, LOG_UNIT per octave; LOG_FLOOR grey levels are added before, so that
 * the noise of a black shadow stays small. */
#define LOG_UNIT 128
#define LOG_FLOOR 16

#define SAMPLES 3         /* of each lobe: towards the Sun and 50 degrees to both sides */
#define INNER 0.62        /* radius of the wall samples, in crater radii */
#define OUTER 1.5         /* radius of the ground samples, in crater radii */
#define RIM_INNER 0.8     /* the same for refinement, which looks for the step at the rim: the near */
#define RIM_OUTER 1.2     /* rim is where the shadow begins, however far it reaches */
#define RESPONSE_UNIT 768 /* response of one octave of contrast: 6 samples of LOG_UNIT */

#define OCTAVES 6
#define SCALES 4           /* per octave */
#define BASE_RADIUS_PX 3.0 /* of the first scale of an octave, in its own pixels */
#define CELL_SHIFT 2       /* cells of 4 x 4 octave pixels keep one candidate each */
#define BLOCK 16           /* pixels computed together */
#define SORT_BINS 1024
#define CLIMB_PASSES 3

static const double scale_step[SCALES] = {1.0, 1.189207115002721, 1.4142135623730951,
                                          1.681792830507429}; /* 2^(k/4) */
/* Directions of the samples relative to the Sun: 0 and 50 degrees either way on the wall, 0 and 60
 * on the ground. */
static const double inner_cos[SAMPLES] = {1.0, 0.6427876096865394, 0.6427876096865394};
static const double inner_sin[SAMPLES] = {0.0, 0.7660444431189780, -0.7660444431189780};
static const double outer_cos[SAMPLES] = {1.0, 0.5, 0.5};
static const double outer_sin[SAMPLES] = {0.0, 0.8660254037844386, -0.8660254037844386};

typedef struct {
  int32_t width, height, stride; /* stride: a multiple of BLOCK */
  int16_t *pixel;                /* smoothed logarithm of brightness */
} level;

typedef struct {
  int16_t response; /* 0: empty */
  int16_t x, y;     /* octave pixels */
  int16_t scale;    /* octave * SCALES + scale within the octave */
} candidate;

typedef struct {
  int64_t x, y, radius; /* 1/64 octave pixel */
} circle;

/* Offsets of the samples towards the Sun; those away from it are their negatives. */
typedef struct {
  double inner[SAMPLES][2], outer[SAMPLES][2]; /* per radius */
} pattern;

typedef struct {
  int32_t octaves;
  level levels[OCTAVES];
  int16_t *scratch;            /* one image */
  int16_t *rows[3];            /* responses of three rows; also the column sums of smoothing */
  candidate *cells[OCTAVES];   /* strongest candidate of each cell */
  int32_t cells_across[OCTAVES], cells_down[OCTAVES];
  candidate *sorted;           /* OB_CRATER_CANDIDATES */
  int64_t bytes;               /* of the workspace */
} layout;

/* --- Workspace --------------------------------------------------------------------------------- */

static int32_t padded(int32_t width) { return (width + BLOCK - 1) / BLOCK * BLOCK; }

/* Takes `bytes`, rounded up to 8, off the workspace that begins at `base` (null: only count). */
static void *take(uint8_t *base, int64_t *used, int64_t bytes) {
  uint8_t *start = base == NULL ? NULL : base + *used;
  *used += (bytes + 7) / 8 * 8;
  return start;
}

static layout lay_out(int32_t width, int32_t height, uint8_t *base) {
  layout l = {0};
  const int64_t row_bytes = 2 * (int64_t)padded(width);
  l.scratch = take(base, &l.bytes, row_bytes * height);
  for (int32_t k = 0; k < 3; k++) l.rows[k] = take(base, &l.bytes, row_bytes);
  for (int32_t w = width, h = height; l.octaves < OCTAVES && w >= OB_CRATER_IMAGE_MIN &&
                                      h >= OB_CRATER_IMAGE_MIN; w = (w + 1) / 2, h = (h + 1) / 2) {
    const int32_t o = l.octaves++;
    l.levels[o] = (level){w, h, padded(w), NULL};
    l.levels[o].pixel = take(base, &l.bytes, 2 * (int64_t)padded(w) * h);
    l.cells_across[o] = (w >> CELL_SHIFT) + 1;
    l.cells_down[o] = (h >> CELL_SHIFT) + 1;
    l.cells[o] = take(base, &l.bytes,
                      (int64_t)l.cells_across[o] * l.cells_down[o] * (int64_t)sizeof(candidate));
  }
  l.sorted = take(base, &l.bytes, OB_CRATER_CANDIDATES * (int64_t)sizeof(candidate));
  return l;
}

static int image_size_ok(int64_t width, int64_t height) {
  return width >= OB_CRATER_IMAGE_MIN && width <= OB_CRATER_IMAGE_MAX &&
         height >= OB_CRATER_IMAGE_MIN && height <= OB_CRATER_IMAGE_MAX;
}

int64_t ob_crater_workspace_bytes(int64_t width, int64_t height) {
  if (!image_size_ok(width, height)) return 0;
  return lay_out((int32_t)width, (int32_t)height, NULL).bytes;
}

/* --- Logarithms and pyramid -------------------------------------------------------------------- */

/* LOG_UNIT log2(value / LOG_FLOOR) rounded down, for value >= LOG_FLOOR: whole octaves by halving,
 * seven fractional bits by repeated squaring (Knuth, TAOCP vol. 1, section 1.2.2). */
static int16_t log_level(uint32_t value) {
  const uint64_t two = UINT64_C(2) << 20; /* 20 fractional bits */
  uint64_t mantissa = ((uint64_t)value << 20) / LOG_FLOOR;
  int32_t result = 0;
  for (; mantissa >= two; mantissa >>= 1) result += LOG_UNIT;
  for (int32_t bit = LOG_UNIT / 2; bit > 0; bit /= 2) {
    mantissa = (mantissa * mantissa) >> 20;
    if (mantissa >= two) {
      mantissa >>= 1;
      result += bit;
    }
  }
  return (int16_t)result;
}

static void take_logarithms(const uint8_t *image, int64_t stride, const level *base,
                            int16_t *restrict out) {
  int16_t table[256];
  for (uint32_t grey = 0; grey < 256; grey++) table[grey] = log_level(grey + LOG_FLOOR);
  for (int32_t y = 0; y < base->height; y++) {
    const uint8_t *in = image + (int64_t)y * stride;
    int16_t *row = out + (ptrdiff_t)y * base->stride;
    for (int32_t x = 0; x < base->width; x++) row[x] = table[in[x]];
    for (int32_t x = base->width; x < base->stride; x++) row[x] = 0;
  }
}

/* Binomial filter (1 2 1)/4 in both directions; borders repeat. `sums` holds one row. */
static void smooth(const int16_t *restrict in, const level *out, int16_t *restrict sums) {
  const int32_t width = out->width, stride = out->stride;
  for (int32_t y = 0; y < out->height; y++) {
    const int16_t *here = in + (ptrdiff_t)y * stride;
    const int16_t *up = y > 0 ? here - stride : here;
    const int16_t *down = y + 1 < out->height ? here + stride : here;
    int16_t *row = out->pixel + (ptrdiff_t)y * stride;
    for (int32_t x = 0; x < stride; x += BLOCK) {
      for (int32_t k = x; k < x + BLOCK; k++) sums[k] = (int16_t)(up[k] + 2 * here[k] + down[k]);
    }
    row[0] = (int16_t)((3 * sums[0] + sums[1] + 8) / 16);
    for (int32_t x = 1; x + 1 < width; x++) {
      row[x] = (int16_t)((uint32_t)(sums[x - 1] + 2 * sums[x] + sums[x + 1] + 8) / 16);
    }
    row[width - 1] = (int16_t)((sums[width - 2] + 3 * sums[width - 1] + 8) / 16);
    for (int32_t x = width; x < stride; x++) row[x] = 0;
  }
}

/* Every second pixel of every second row, so that octave pixel x is image pixel 2^octave x. */
static void halve(const level *in, const level *out, int16_t *restrict half) {
  for (int32_t y = 0; y < out->height; y++) {
    const int16_t *from = in->pixel + (ptrdiff_t)(2 * y) * in->stride;
    int16_t *to = half + (ptrdiff_t)y * out->stride;
    for (int32_t x = 0; x < out->width; x++) to[x] = from[2 * x];
    for (int32_t x = out->width; x < out->stride; x++) to[x] = 0;
  }
}

static void build_pyramid(const uint8_t *image, int64_t stride, layout *l) {
  take_logarithms(image, stride, &l->levels[0], l->scratch);
  smooth(l->scratch, &l->levels[0], l->rows[0]);
  for (int32_t o = 1; o < l->octaves; o++) {
    halve(&l->levels[o - 1], &l->levels[o], l->scratch);
    smooth(l->scratch, &l->levels[o], l->rows[0]);
  }
}

/* --- Candidates --------------------------------------------------------------------------------- */

/* Image offset of the ground point `along` the Sun and `across` it. */
static void place(double out[2], const double G[4], const double sun[2], double along,
                  double across) {
  const double a = along * sun[0] - across * sun[1], b = along * sun[1] + across * sun[0];
  out[0] = G[0] * a + G[1] * b;
  out[1] = G[2] * a + G[3] * b;
}

/* Samples on circles on the ground: the Sun's direction is taken back to the ground, turned there by
 * each angle, and projected again. */
static pattern point_at_sun(const ob_crater_detect_settings *s, double inner, double outer) {
  pattern p;
  const double *G = s->ground_to_image, *image = s->sun_image;
  const double determinant = G[0] * G[3] - G[1] * G[2];
  const double a = (G[3] * image[0] - G[1] * image[1]) / determinant;
  const double b = (G[0] * image[1] - G[2] * image[0]) / determinant;
  const double length = ob_sqrt(a * a + b * b);
  const double sun[2] = {a / length, b / length};
  for (int32_t k = 0; k < SAMPLES; k++) {
    place(p.inner[k], G, sun, inner * inner_cos[k], inner * inner_sin[k]);
    place(p.outer[k], G, sun, outer * outer_cos[k], outer * outer_sin[k]);
  }
  return p;
}

static int64_t rounded(double x) { return ob_to_i64(ob_floor(x + 0.5)); }

static int16_t smaller(int16_t a, int16_t b) { return a < b ? a : b; }

/* The weaker of two contrasts, far wall over ground and ground over near wall, less the
 * difference between the grounds on both sides. Arguments are sums of three samples. */
static int16_t pair_response(int16_t bright, int16_t dark, int16_t ground_far,
                             int16_t ground_near) {
  const int16_t ground = (int16_t)(ground_far + ground_near);
  const int16_t tilt = (int16_t)(ground_far - ground_near);
  const int16_t slope = (int16_t)(tilt < 0 ? -tilt : tilt);
  const int16_t lit = (int16_t)(2 * bright - ground), shade = (int16_t)(ground - 2 * dark);
  return (int16_t)(smaller(lit, shade) - slope);
}

/* Responses of BLOCK pixels from `p` on; `offset` leads to the samples nearer the Sun. */
static void respond_block(const int16_t *p, const ptrdiff_t offset[2 * SAMPLES],
                          int16_t *restrict out) {
  const int16_t *n0 = p + offset[0], *n1 = p + offset[1], *n2 = p + offset[2];
  const int16_t *f0 = p - offset[0], *f1 = p - offset[1], *f2 = p - offset[2];
  const int16_t *N0 = p + offset[3], *N1 = p + offset[4], *N2 = p + offset[5];
  const int16_t *F0 = p - offset[3], *F1 = p - offset[4], *F2 = p - offset[5];
  for (int32_t k = 0; k < BLOCK; k++) {
    const int16_t bright = (int16_t)(f0[k] + f1[k] + f2[k]);
    const int16_t dark = (int16_t)(n0[k] + n1[k] + n2[k]);
    const int16_t ground_far = (int16_t)(F0[k] + F1[k] + F2[k]);
    const int16_t ground_near = (int16_t)(N0[k] + N1[k] + N2[k]);
    out[k] = pair_response(bright, dark, ground_far, ground_near);
  }
}

static int is_maximum(int16_t *const rows[3], int32_t x) {
  const int16_t r = rows[1][x];
  return r > rows[0][x - 1] && r > rows[0][x] && r > rows[0][x + 1] && r > rows[1][x - 1] &&
         r >= rows[1][x + 1] && r >= rows[2][x - 1] && r >= rows[2][x] && r >= rows[2][x + 1];
}

/* Files the local maxima of row y, between columns `from` and `to`, in their cells. */
static void file_maxima(layout *l, int32_t scale, int16_t *const rows[3], int32_t y, int32_t from,
                        int32_t to, int16_t threshold) {
  const int32_t octave = scale / SCALES;
  candidate *cells = l->cells[octave] + (ptrdiff_t)(y >> CELL_SHIFT) * l->cells_across[octave];
  for (int32_t x = from; x < to; x++) {
    const int16_t response = rows[1][x];
    if (response < threshold || !is_maximum(rows, x)) continue;
    candidate *cell = &cells[x >> CELL_SHIFT];
    if (response > cell->response) {
      *cell = (candidate){response, (int16_t)x, (int16_t)y, (int16_t)scale};
    }
  }
}

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

/* Offsets of the samples in the array; returns how far from the border a pattern must stay. */
static int32_t set_offsets(const pattern *p, double radius, int32_t stride,
                           ptrdiff_t offset[2 * SAMPLES]) {
  int64_t reach = 0;
  for (int32_t k = 0; k < 2 * SAMPLES; k++) {
    const double *at = k < SAMPLES ? p->inner[k] : p->outer[k - SAMPLES];
    const int64_t x = rounded(radius * at[0]), y = rounded(radius * at[1]);
    offset[k] = (ptrdiff_t)(y * stride + x);
    reach = magnitude(x) > reach ? magnitude(x) : reach;
    reach = magnitude(y) > reach ? magnitude(y) : reach;
  }
  return (int32_t)reach + 2;
}

/* Candidates of one scale: responses row by row, maxima one row behind. */
static void scan_scale(layout *l, int32_t scale, const pattern *p, int16_t threshold) {
  const level *image = &l->levels[scale / SCALES];
  const double radius = BASE_RADIUS_PX * scale_step[scale % SCALES];
  ptrdiff_t offset[2 * SAMPLES];
  const int32_t margin = set_offsets(p, radius, image->stride, offset);
  const int32_t from = margin / BLOCK * BLOCK, to = image->width - margin;
  int16_t *rows[3] = {l->rows[0], l->rows[1], l->rows[2]};
  for (int32_t y = margin; y < image->height - margin; y++) {
    int16_t *oldest = rows[0];
    rows[0] = rows[1];
    rows[1] = rows[2];
    rows[2] = oldest;
    const int16_t *line = image->pixel + (ptrdiff_t)y * image->stride;
    for (int32_t x = from; x < to; x += BLOCK) respond_block(line + x, offset, rows[2] + x);
    if (y >= margin + 2) file_maxima(l, scale, rows, y - 1, margin + 1, to - 1, threshold);
  }
}

static void scan_all(layout *l, const ob_crater_detect_settings *s, const pattern *p) {
  const int16_t threshold = (int16_t)rounded(s->contrast_min * RESPONSE_UNIT);
  for (int32_t o = 0; o < l->octaves; o++) {
    const int64_t cells = (int64_t)l->cells_across[o] * l->cells_down[o];
    for (int64_t k = 0; k < cells; k++) l->cells[o][k].response = 0;
    for (int32_t k = 0; k < SCALES; k++) {
      const double radius = BASE_RADIUS_PX * scale_step[k] * (double)(1 << o);
      if (radius * scale_step[1] < s->radius_min_px || radius > s->radius_max_px * scale_step[1]) {
        continue;
      }
      scan_scale(l, o * SCALES + k, p, threshold);
    }
  }
}

/* --- Order --------------------------------------------------------------------------------------- */

static int32_t sort_bin(const candidate *c) {
  const int32_t bin = c->response / 4;
  return SORT_BINS - 1 - (bin < SORT_BINS ? bin : SORT_BINS - 1);
}

/* Counting sort of the filled cells, strongest first; those beyond OB_CRATER_CANDIDATES are left out. */
static int32_t sort_candidates(layout *l) {
  int32_t start[SORT_BINS + 1] = {0};
  for (int32_t o = 0; o < l->octaves; o++) {
    const int64_t cells = (int64_t)l->cells_across[o] * l->cells_down[o];
    for (int64_t k = 0; k < cells; k++) {
      if (l->cells[o][k].response > 0) start[sort_bin(&l->cells[o][k]) + 1]++;
    }
  }
  for (int32_t b = 0; b < SORT_BINS; b++) start[b + 1] += start[b];
  const int32_t total = start[SORT_BINS];
  for (int32_t o = 0; o < l->octaves; o++) {
    const int64_t cells = (int64_t)l->cells_across[o] * l->cells_down[o];
    for (int64_t k = 0; k < cells; k++) {
      const candidate *c = &l->cells[o][k];
      if (c->response <= 0) continue;
      const int32_t place = start[sort_bin(c)]++;
      if (place < OB_CRATER_CANDIDATES) l->sorted[place] = *c;
    }
  }
  return total < OB_CRATER_CANDIDATES ? total : OB_CRATER_CANDIDATES;
}

/* --- Refinement ---------------------------------------------------------------------------------- */

/* Bilinear sample at (x, y) in 1/64 pixel, times 4096; the border is repeated. */
static int32_t sample(const level *image, int64_t x, int64_t y) {
  const int64_t right = 64 * (int64_t)(image->width - 1) - 1;
  const int64_t bottom = 64 * (int64_t)(image->height - 1) - 1;
  x = x < 0 ? 0 : (x > right ? right : x);
  y = y < 0 ? 0 : (y > bottom ? bottom : y);
  const int16_t *p = image->pixel + (ptrdiff_t)(y / 64) * image->stride + x / 64;
  const int32_t fx = (int32_t)(x % 64), fy = (int32_t)(y % 64);
  const int32_t top = p[0] * (64 - fx) + p[1] * fx;
  const int32_t low = p[image->stride] * (64 - fx) + p[image->stride + 1] * fx;
  return top * (64 - fy) + low * fy;
}

typedef struct {
  int32_t bright, dark, ground_far, ground_near; /* sums of three samples, times 4096 */
} lobes;

static lobes measure(const level *image, const pattern *p, const circle *c) {
  lobes sum = {0, 0, 0, 0};
  for (int32_t k = 0; k < SAMPLES; k++) {
    const int64_t ix = rounded((double)c->radius * p->inner[k][0]);
    const int64_t iy = rounded((double)c->radius * p->inner[k][1]);
    const int64_t ox = rounded((double)c->radius * p->outer[k][0]);
    const int64_t oy = rounded((double)c->radius * p->outer[k][1]);
    sum.dark += sample(image, c->x + ix, c->y + iy);
    sum.bright += sample(image, c->x - ix, c->y - iy);
    sum.ground_near += sample(image, c->x + ox, c->y + oy);
    sum.ground_far += sample(image, c->x - ox, c->y - oy);
  }
  return sum;
}

/* The smooth measure that refinement maximises: the pair of lobes less that of the grounds. */
static int64_t merit(const level *image, const pattern *p, circle c, int64_t dx, int64_t dy,
                     int64_t dradius) {
  c.x += dx;
  c.y += dy;
  c.radius += dradius;
  const lobes l = measure(image, p, &c);
  return (int64_t)l.bright - l.dark - (l.ground_far - l.ground_near);
}

/* Vertex of the parabola through three samples a step apart, held within a step. */
static int64_t vertex(int64_t before, int64_t here, int64_t after, int64_t step) {
  const int64_t curvature = 2 * here - before - after;
  const int64_t slope = after - before;
  if (curvature <= 0) return slope > 0 ? step / 2 : (slope < 0 ? -step / 2 : 0);
  const int64_t move = step * slope / (2 * curvature);
  return move > step ? step : (move < -step ? -step : move);
}

static void climb(const level *image, const pattern *p, circle *c) {
  for (int32_t pass = 0; pass < CLIMB_PASSES; pass++) {
    const int64_t h = c->radius / 4, dr = c->radius / 8;
    const int64_t here = merit(image, p, *c, 0, 0, 0);
    const int64_t x = vertex(merit(image, p, *c, -h, 0, 0), here, merit(image, p, *c, h, 0, 0), h);
    const int64_t y = vertex(merit(image, p, *c, 0, -h, 0), here, merit(image, p, *c, 0, h, 0), h);
    const int64_t r = vertex(merit(image, p, *c, 0, 0, -dr), here, merit(image, p, *c, 0, 0, dr), dr);
    *c = (circle){c->x + x, c->y + y, c->radius + r};
  }
}

static double contrast_of(const lobes *l) {
  const double ground = (double)l->ground_far + (double)l->ground_near;
  const double slope = ob_fabs((double)l->ground_far - (double)l->ground_near);
  const double weaker = ob_min(2.0 * (double)l->bright - ground, ground - 2.0 * (double)l->dark);
  return (weaker - slope) / (4096.0 * RESPONSE_UNIT);
}

/* Equal in all directions, and more along the Sun, where the shadow hides the shape. */
static void set_covariance(ob_crater_detection *d, const ob_crater_detect_settings *s) {
  const double spread = s->sigma_fraction * d->radius_px;
  const double variance = s->sigma_px * s->sigma_px + spread * spread;
  const double along = s->sigma_shadow * d->radius_px / ob_tan(s->sun_elevation_rad);
  d->pixel_covariance[0] = variance + along * along * s->sun_image[0] * s->sun_image[0];
  d->pixel_covariance[1] = along * along * s->sun_image[0] * s->sun_image[1];
  d->pixel_covariance[2] = variance + along * along * s->sun_image[1] * s->sun_image[1];
}

/* Measures one candidate; 1 when it holds against the settings. */
static int refine(const layout *l, const candidate *c, const pattern *p, const pattern *rim,
                  const ob_crater_detect_settings *s, ob_crater_detection *d) {
  const int32_t octave = c->scale / SCALES;
  const level *image = &l->levels[octave];
  circle at = {64 * (int64_t)c->x, 64 * (int64_t)c->y,
               rounded(64.0 * BASE_RADIUS_PX * scale_step[c->scale % SCALES])};
  climb(image, rim, &at);
  const double scale = (double)(1 << octave) / 64.0;
  const lobes sum = measure(image, p, &at);
  d->pixel[0] = scale * (double)at.x;
  d->pixel[1] = scale * (double)at.y;
  d->radius_px = scale * (double)at.radius;
  d->contrast = contrast_of(&sum);
  set_covariance(d, s);
  return d->contrast >= s->contrast_min && d->radius_px >= s->radius_min_px &&
         d->radius_px <= s->radius_max_px && d->pixel[0] >= 0.0 && d->pixel[1] >= 0.0 &&
         d->pixel[0] <= (double)(l->levels[0].width - 1) &&
         d->pixel[1] <= (double)(l->levels[0].height - 1);
}

/* Two detections are the same crater, or the weaker is one lobe of the stronger. */
static int overlap(const ob_crater_detection *a, const ob_crater_detection *b) {
  const double dx = a->pixel[0] - b->pixel[0], dy = a->pixel[1] - b->pixel[1];
  const double larger = ob_max(a->radius_px, b->radius_px);
  const double smallest = ob_min(a->radius_px, b->radius_px);
  return dx * dx + dy * dy < 0.64 * larger * larger && 2.0 * smallest > larger;
}

/* --- Entry --------------------------------------------------------------------------------------- */

static int ground_ok(const double G[4]) {
  for (int32_t k = 0; k < 4; k++) {
    if (!(ob_fabs(G[k]) <= 3.0)) return 0;
  }
  return ob_fabs(ob_fabs(G[0] * G[3] - G[1] * G[2]) - 1.0) < 1e-6;
}

static int settings_ok(const ob_crater_detect_settings *s) {
  const double norm2 = s->sun_image[0] * s->sun_image[0] + s->sun_image[1] * s->sun_image[1];
  return ob_fabs(norm2 - 1.0) < 1e-6 && ground_ok(s->ground_to_image) && s->radius_min_px >= OB_CRATER_RADIUS_MIN &&
         s->radius_min_px <= s->radius_max_px && s->radius_max_px <= OB_CRATER_RADIUS_MAX &&
         s->contrast_min >= 0.02 && s->contrast_min <= 4.0 && s->sigma_px > 0.0 &&
         s->sigma_px < 100.0 && s->sun_elevation_rad >= 0.02 && s->sun_elevation_rad <= OB_PI / 2.0 &&
         s->sigma_shadow >= 0.0 && s->sigma_shadow < 10.0 && s->sigma_fraction >= 0.0 && s->sigma_fraction < 10.0;
}

int ob_crater_detect(const uint8_t *image, int64_t width, int64_t height, int64_t stride,
                     const ob_crater_detect_settings *settings, void *workspace,
                     int64_t workspace_bytes, ob_crater_detection *detections, int64_t capacity,
                     int64_t *count) {
  *count = 0;
  if (!image_size_ok(width, height) || stride < width) return OB_CRATER_DETECT_BAD_IMAGE;
  if (!settings_ok(settings)) return OB_CRATER_DETECT_BAD_SETTINGS;
  if (workspace == NULL || workspace_bytes < ob_crater_workspace_bytes(width, height)) {
    return OB_CRATER_DETECT_WORKSPACE;
  }
  assert((uintptr_t)workspace % 8 == 0);
  layout l = lay_out((int32_t)width, (int32_t)height, workspace);
  const pattern p = point_at_sun(settings, INNER, OUTER);
  const pattern rim = point_at_sun(settings, RIM_INNER, RIM_OUTER);
  build_pyramid(image, stride, &l);
  scan_all(&l, settings, &p);
  const int32_t candidates = sort_candidates(&l);
  for (int32_t k = 0; k < candidates && *count < capacity; k++) {
    ob_crater_detection d;
    if (!refine(&l, &l.sorted[k], &p, &rim, settings, &d)) continue;
    int fresh = 1;
    for (int64_t j = 0; j < *count && fresh; j++) fresh = !overlap(&d, &detections[j]);
    if (fresh) detections[(*count)++] = d;
  }
  return OB_CRATER_DETECT_OK;
}
