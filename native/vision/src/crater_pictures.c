#include "crater_pictures.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "cholesky.h"
#include "onboard/elementary.h"

#define HALF OB_CRATER_TEMPLATE_HALF
#define SIDE OB_CRATER_TEMPLATE_SIDE
#define N OB_RIM_UNKNOWNS
#define EXTENT 1.5     /* of a picture, in radii */
#define GROUND 96.0    /* grey level of level ground */
#define BRIGHTEST 255.0
#define FLOOR 16.0      /* as under the logarithms of an image */
#define LOG_UNIT 184.6649652337873 /* 128 / ln 2 */
#define WEIGHT 1023.0  /* largest weight: with 961 pixels of 9 bits a sum stays below 2^31 */
#define GRID 16        /* points of a table per radius */
#define MIDDLE 25      /* that of the centre */
#define ACROSS (2 * MIDDLE + 1)
#define BEND 1.15      /* factor of s, for a difference */
#define TWO_LOG_BEND 0.2795238846

static const double shadow[OB_CRATER_SHADOWS] = {10.0, 4.0, 1.6, 0.7, 0.3};
/* Craters are round to a tenth and their shadows within a factor of two, against residuals of a sixth of
 * an octave: squares of what is left over what is expected, in the weights' units. */
static const double prior[N] = {1.0, 1.0, 1.0, 1.0, 2500.0, 2500.0, 125.0};

/* Of the picture, its slopes, and what a change of s does. */
typedef struct {
  float picture[ACROSS][ACROSS], towards[ACROSS][ACROSS], across[ACROSS][ACROSS], bend[ACROSS][ACROSS],
      less[ACROSS][ACROSS];
} tables;

/* Brightness over that of level ground. */
static double brightness(double a, double b, double s) {
  const double d2 = a * a + b * b;
  if (d2 < 1.0) {
    const int dark = (a - s) * (a - s) + b * b < 1.0;
    return dark ? 0.0 : ob_max(0.0, 1.0 - 2.0 * a / s);
  }
  return ob_max(0.0, 1.0 + 0.6 * a / (d2 * d2 * ob_sqrt(d2)) / s);
}

static void tabulate(double s, float to[ACROSS][ACROSS]) {
  for (int32_t i = 0; i < ACROSS; i++) {
    for (int32_t j = 0; j < ACROSS; j++) {
      const double a = (i - MIDDLE) / (double)GRID, b = (j - MIDDLE) / (double)GRID;
      to[i][j] = (float)ob_min(GROUND * brightness(a, b, s), BRIGHTEST);
    }
  }
}

static void differentiate(tables *t) {
  for (int32_t i = 1; i < ACROSS - 1; i++) {
    for (int32_t j = 1; j < ACROSS - 1; j++) {
      t->towards[i][j] = (t->picture[i + 1][j] - t->picture[i - 1][j]) * (GRID / 2.0f);
      t->across[i][j] = (t->picture[i][j + 1] - t->picture[i][j - 1]) * (GRID / 2.0f);
    }
  }
}

static void fill_tables(double s, tables *t) {
  memset(t, 0, sizeof *t);
  tabulate(s, t->picture);
  tabulate(s / BEND, t->less);
  tabulate(s * BEND, t->bend);
  for (int32_t i = 0; i < ACROSS; i++) {
    for (int32_t j = 0; j < ACROSS; j++) {
      t->bend[i][j] = (t->bend[i][j] - t->less[i][j]) * (float)(1.0 / TWO_LOG_BEND);
    }
  }
  differentiate(t);
}

typedef struct {
  int32_t i, j;
  float di, dj;
} spot;

/* Between four points. */
static double at(float table[ACROSS][ACROSS], const spot *p) {
  float (*row)[ACROSS] = &table[p->i];
  const float low = row[0][p->j] + p->dj * (row[0][p->j + 1] - row[0][p->j]);
  const float high = row[1][p->j] + p->dj * (row[1][p->j + 1] - row[1][p->j]);
  return (double)(low + p->di * (high - low));
}

/* Adds a place of a pixel to the weights. */
static void add_place(tables *t, const double q[2], double radius, double weight[N]) {
  const double most = (MIDDLE - 1) / (double)GRID - 1e-6;
  const double a = ob_clamp(q[0], -most, most), b = ob_clamp(q[1], -most, most);
  const double u = a * GRID + MIDDLE, v = b * GRID + MIDDLE;
  const int32_t i = (int32_t)u, j = (int32_t)v;
  const spot p = {i, j, (float)(u - i), (float)(v - j)};
  const double ga = at(t->towards, &p), gb = at(t->across, &p);
  weight[OB_RIM_GAIN] += at(t->picture, &p);
  weight[OB_RIM_TOWARDS] -= ga / radius;
  weight[OB_RIM_ACROSS] -= gb / radius;
  weight[OB_RIM_SIZE] -= a * ga + b * gb;
  weight[OB_RIM_LONG] -= a * ga - b * gb;
  weight[OB_RIM_SHEAR] -= a * gb + b * ga;
  weight[OB_RIM_SHADOW] += at(t->bend, &p);
}

/* From pixels to radii towards the Sun and across it. */
static void to_crater(const ob_crater_sight *s, double radius, double x, double y, double q[2]) {
  const double u = (s->to_ground[0] * x + s->to_ground[1] * y) / radius;
  const double v = (s->to_ground[2] * x + s->to_ground[3] * y) / radius;
  q[0] = u * s->sun[0] + v * s->sun[1];
  q[1] = v * s->sun[0] - u * s->sun[1];
}

static int32_t farther(int32_t reach, int32_t offset) {
  const int32_t far = offset < 0 ? -offset : offset;
  return far > reach ? far : reach;
}

static void weigh(tables *t, const ob_crater_sight *s, int32_t column, int32_t row, ob_crater_picture *p) {
  double sum[N] = {0}, q[2];
  to_crater(s, p->radius, column, row, q);
  if (q[0] * q[0] + q[1] * q[1] > EXTENT * EXTENT) {
    return;
  }
  for (int32_t k = 0; k < 9; k++) {
    to_crater(s, p->radius, column + (k % 3 - 1) / 3.0, row + (k / 3 - 1) / 3.0, q);
    add_place(t, q, p->radius, sum);
  }
  const double grey = FLOOR + sum[OB_RIM_GAIN] / 9.0;
  for (int32_t k = 0; k < N; k++) {
    const double log = k == OB_RIM_GAIN ? ob_log(grey / (FLOOR + GROUND)) : sum[k] / 9.0 / grey;
    const double w = ob_clamp(LOG_UNIT * log * ob_crater_rim_unit(k), -WEIGHT, WEIGHT);
    p->weight[k][row + HALF][column + HALF] = (int16_t)ob_to_i64(ob_floor(w + 0.5));
  }
  p->inside[row + HALF][column + HALF] = -1;
  p->count++;
  p->reach = farther(farther(p->reach, column), row);
}

static double product_of(const int16_t a[][SIDE], const int16_t b[][SIDE]) {
  int64_t sum = 0;
  for (int32_t row = 0; row < 2 * HALF + 1; row++) {
    int32_t of_row = 0;
    for (int32_t k = 0; k < SIDE; k++) {
      of_row += a[row][k] * b[row][k];
    }
    sum += of_row;
  }
  return (double)sum;
}

/* The inverse of the normal equations, which do not depend on the image. */
static void solve_ahead(ob_crater_picture *p) {
  double normal[N * N], lower[N * N];
  for (int32_t i = 0; i < N; i++) {
    p->sum[i] = product_of(p->weight[i], p->inside) * -1.0;
    for (int32_t j = 0; j <= i; j++) {
      const double about_zero = product_of(p->weight[i], p->weight[j]);
      normal[i * N + j] = normal[j * N + i] = about_zero - p->sum[i] * p->sum[j] / p->count;
    }
  }
  p->gram = normal[0];
  for (int32_t i = 0; i < N; i++) {
    normal[i * N + i] = normal[i * N + i] * 1.000001 + prior[i];
  }
  const int32_t definite = ob_cholesky_factor(lower, normal, N, 0.0);
  assert(definite);
  (void)definite;
  ob_cholesky_inverse(p->inverse, lower, N);
}

int64_t ob_crater_pictures_octets(void) { return (int64_t)sizeof(tables); }

static void draw(tables *t, const ob_crater_sight *sight, double radius, ob_crater_picture *p) {
  memset(p, 0, sizeof *p);
  p->radius = radius;
  for (int32_t row = -HALF; row <= HALF; row++) {
    for (int32_t column = -HALF; column <= HALF; column++) {
      weigh(t, sight, column, row, p);
    }
  }
  solve_ahead(p);
}

void ob_crater_pictures_build(const ob_crater_sight *sight, const double *radius,
                              int32_t radii, void *memory, ob_crater_picture *pictures) {
  for (int32_t s = 0; s < OB_CRATER_SHADOWS; s++) {
    fill_tables(shadow[s], memory);
    for (int32_t k = 0; k < radii; k++) {
      draw(memory, sight, radius[k], &pictures[k * OB_CRATER_SHADOWS + s]);
    }
  }
}
