#include "plant/population.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/vector.h"
#include "plant/random.h"

/* Cubic spacing X = a (W0 + W1 a^2) between cell coordinate a and gnomonic coordinate X. */
#define W0 0.785
#define W1 0.215
#define CELL_AREA_MAX (W0 * W0) /* dA / (R^2 da db), at the middle of a face */
/* Least distance between the great circles of two cell edges, over R da: W0 / sqrt(2), at (0, 1). */
#define CELL_WIDTH_MIN (W0 * 0.70710678)
/* Cells of the coarsest octave: two rows of cells hold every crater that reaches a point. */
#define COARSEST_CELLS 115
#define SECONDARY_DEPTH 0.5 /* of half of the craters: Pike and Wilhelms 1978 */
#define AGE_MAX_LEAST 0.20 /* see the header: depth of craters of 1 to 2 km */
#define FACE_MARGIN 0.02
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

static double power(double x, double exponent) { return ob_exp(exponent * ob_log(x)); }

double pl_equilibrium_per_m2(double diameter_m) {
  return 0.035 * 1.54 / (diameter_m * diameter_m);
}

double pl_production_per_m2(double diameter_m) {
  static const double a[12] = {0.0,       -3.557528, 0.781027,  1.021521,   -0.156012, -0.444058,
                               0.019977,  0.086850,  -0.005874, -0.006809,  8.25e-4,   5.54e-5};
  const double ln10 = 2.302585092994046;
  const double lg = ob_log(diameter_m * 1e-3) / ln10;
  const double x = ob_max(lg, -2.0);
  double sum = 0.0;
  double slope = 0.0;
  for (int i = 11; i >= 1; i--) {
    slope = slope * x + i * a[i];
    sum = (sum + a[i]) * x;
  }
  return 4.8e-9 * ob_exp(ln10 * (sum + slope * (lg - x)));
}

/* Cumulative density as the population has it, up to a constant within the octave. */
static void octave_densities(pl_octave *o) {
  const double d = o->diameter_min_m;
  const double made = pl_production_per_m2(d) - pl_production_per_m2(2.0 * d);
  const double kept = pl_equilibrium_per_m2(d) - pl_equilibrium_per_m2(2.0 * d);
  o->density_per_m2 = ob_min(made, kept);
  o->age_max = ob_clamp(made / kept, AGE_MAX_LEAST, 1.0);
  /* Diameters follow the power law of the process that binds. */
  const double exponent =
      made < kept ? ob_log(pl_production_per_m2(d) / pl_production_per_m2(2.0 * d)) / ob_log(2.0) : 2.0;
  const double lost = 1.0 - power(2.0, -exponent);
  for (int q = 0; q < PL_QUANTILES; q++) {
    const double u = (double)q / (PL_QUANTILES - 1);
    o->diameter_m[q] = d * power(1.0 - u * lost, -1.0 / exponent);
  }
}

static void octave_counts(pl_octave *o) {
  const double side = 2.0 / (double)o->cells * OB_MOON_RADIUS_M;
  const double mean = o->density_per_m2 * CELL_AREA_MAX * side * side;
  double term = ob_exp(-mean);
  double sum = 0.0;
  for (int n = 0; n < PL_CELL_CRATERS_MAX; n++) {
    sum += term;
    term *= mean / (n + 1);
    o->cdf[n] = sum;
  }
  assert(sum > 0.9999);
}

void pl_population_init(pl_population *p, uint64_t seed) {
  for (int k = 0; k < PL_OCTAVES; k++) {
    pl_octave *o = &p->octave[k];
    o->diameter_min_m = PL_OCTAVE_MIN_M * (double)(1 << k);
    o->cells = (int64_t)COARSEST_CELLS << (PL_OCTAVES - 1 - k);
    /* Twice the reach (one diameter, at most 2 D) fits into one cell. */
    assert(CELL_WIDTH_MIN * OB_MOON_RADIUS_M * 2.0 / (double)o->cells > 4.0 * o->diameter_min_m);
    o->key = pl_mix64(seed ^ (GOLDEN * (uint64_t)(k + 1)));
    octave_densities(o);
    octave_counts(o);
    o->depth_ratio[0] = pl_crater_fresh_depth_m(o->diameter_min_m) / o->diameter_min_m;
    o->depth_ratio[1] = pl_crater_fresh_depth_m(2.0 * o->diameter_min_m) / (2.0 * o->diameter_min_m);
  }
}

/* Axes of a face: the first is its normal (times the sign). */
static const int FACE_AXES[3][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}};

static double unwarp(double x) {
  double a = x;
  for (int i = 0; i < 5; i++) a -= (a * (W0 + W1 * a * a) - x) / (W0 + 3.0 * W1 * a * a);
  return a;
}

int pl_face_project(int64_t face, const double unit_mcmf[3], double margin, pl_face_place *place) {
  const int *axes = FACE_AXES[face >> 1];
  const double w = face & 1 ? -unit_mcmf[axes[0]] : unit_mcmf[axes[0]];
  const double x = unit_mcmf[axes[1]], y = unit_mcmf[axes[2]];
  const double limit = w * (1.0 + margin);
  if (w <= 0.0 || ob_fabs(x) > limit || ob_fabs(y) > limit) return 0;
  place->face = face;
  place->place[0] = unwarp(x / w);
  place->place[1] = unwarp(y / w);
  return 1;
}

int pl_face_places(const double unit_mcmf[3], pl_face_place places[3]) {
  int count = 0;
  for (int64_t face = 0; face < 6 && count < 3; face++) {
    count += pl_face_project(face, unit_mcmf, FACE_MARGIN, &places[count]);
  }
  return count;
}

/* Unnormalised direction: 1 along the face's normal. */
static double face_direction(int64_t face, double a, double b, double out[3]) {
  const int *axes = FACE_AXES[face >> 1];
  const double x = a * (W0 + W1 * a * a), y = b * (W0 + W1 * b * b);
  out[axes[0]] = face & 1 ? -1.0 : 1.0;
  out[axes[1]] = x;
  out[axes[2]] = y;
  return 1.0 / ob_sqrt(1.0 + x * x + y * y);
}

void pl_face_unit(const pl_face_place *place, double unit_mcmf[3]) {
  double direction[3];
  const double scale = face_direction(place->face, place->place[0], place->place[1], direction);
  ob_v3_scale(unit_mcmf, direction, scale);
}

static uint64_t cell_key(const pl_octave *o, int64_t face, int64_t i, int64_t j) {
  return pl_mix64(o->key ^ ((uint64_t)face << 60 | (uint64_t)i << 30 | (uint64_t)j));
}

static int cell_count(const pl_octave *o, uint64_t key) {
  const double u = (double)(key >> 32) * 0x1p-32;
  int n = 0;
  while (n < PL_CELL_CRATERS_MAX && u >= o->cdf[n]) n++;
  return n;
}

/* A crater before it is known to matter: place in its cell and diameter, from one hash. */
typedef struct {
  uint64_t hash;
  double in_cell[2]; /* [0, 1) */
} candidate;

static candidate cell_candidate(uint64_t key, int n) {
  candidate c;
  c.hash = pl_mix64(key + GOLDEN * (uint64_t)(n + 1));
  c.in_cell[0] = (double)(c.hash >> 43) * 0x1p-21;
  c.in_cell[1] = (double)((c.hash >> 22) & 0x1fffff) * 0x1p-21;
  return c;
}

static double candidate_diameter(const pl_octave *o, const candidate *c) {
  const double u = (double)(c->hash & 0x3fffff) * ((PL_QUANTILES - 1) * 0x1p-22);
  const int q = (int)u;
  return o->diameter_m[q] + (u - q) * (o->diameter_m[q + 1] - o->diameter_m[q]);
}

/* Whether the candidate exists, cells away from the middle of a face being smaller; its age and the
 * depth it had when fresh. */
static int candidate_crater(const pl_octave *o, const candidate *c, double a, double b, double scale,
                            pl_crater *out) {
  const double area = (W0 + 3.0 * W1 * a * a) * (W0 + 3.0 * W1 * b * b) * scale * scale * scale;
  const uint64_t h = pl_mix64(c->hash ^ GOLDEN);
  if ((double)(h >> 32) * 0x1p-32 * CELL_AREA_MAX >= area) return 0;
  out->age = (double)(h & 0x7fffffff) * 0x1p-31 * o->age_max;
  const double t = out->diameter_m / o->diameter_min_m - 1.0;
  const double primary = out->diameter_m * (o->depth_ratio[0] + t * (o->depth_ratio[1] - o->depth_ratio[0]));
  out->depth_m = h & 0x80000000 ? primary : SECONDARY_DEPTH * primary;
  return 1;
}

static double to_place(const pl_octave *o, double cells) { return cells * 2.0 / (double)o->cells - 1.0; }

static double to_cells(const pl_octave *o, double place) { return (place + 1.0) * 0.5 * (double)o->cells; }

/* Heights from the craters of one cell; (u, v) is the point in cells from the cell's corner. */
static double cell_height(const pl_octave *o, const pl_profile_table *table, int64_t face, int64_t i,
                          int64_t j, double u, double v, const double unit[3]) {
  const uint64_t key = cell_key(o, face, i, j);
  const int count = cell_count(o, key);
  double sum = 0.0;
  for (int n = 0; n < count; n++) {
    const candidate c = cell_candidate(key, n);
    if (ob_fabs(c.in_cell[0] - u) > 0.5 || ob_fabs(c.in_cell[1] - v) > 0.5) continue;
    const double a = to_place(o, (double)i + c.in_cell[0]), b = to_place(o, (double)j + c.in_cell[1]);
    double d[3];
    const double scale = face_direction(face, a, b, d);
    const double dx = d[0] * scale - unit[0], dy = d[1] * scale - unit[1], dz = d[2] * scale - unit[2];
    const double d2 = (dx * dx + dy * dy + dz * dz) * (OB_MOON_RADIUS_M * OB_MOON_RADIUS_M);
    const double diameter = candidate_diameter(o, &c);
    pl_crater crater = {.diameter_m = diameter};
    if (d2 >= diameter * diameter || !candidate_crater(o, &c, a, b, scale, &crater)) continue;
    pl_profile profile;
    pl_profile_init(&profile, table, diameter, crater.depth_m, crater.age);
    sum += pl_profile_height_m(&profile, ob_sqrt(d2));
  }
  return sum;
}

static int inside(int64_t cells, int64_t i) { return i >= 0 && i < cells; }

double pl_population_height_m(const pl_population *p, const pl_profile_table *table, int octave,
                              const double unit_mcmf[3], const pl_face_place *places, int place_count) {
  const pl_octave *o = &p->octave[octave];
  double sum = 0.0;
  for (int f = 0; f < place_count; f++) {
    const double u = to_cells(o, places[f].place[0]), v = to_cells(o, places[f].place[1]);
    const int64_t i0 = ob_to_i64(ob_floor(u - 0.5)), j0 = ob_to_i64(ob_floor(v - 0.5));
    for (int64_t i = i0; i < i0 + 2; i++) {
      for (int64_t j = j0; j < j0 + 2; j++) {
        if (!inside(o->cells, i) || !inside(o->cells, j)) continue;
        sum += cell_height(o, table, places[f].face, i, j, u - (double)i, v - (double)j, unit_mcmf);
      }
    }
  }
  return sum;
}

static void visit_cell(const pl_octave *o, int64_t face, int64_t i, int64_t j, pl_crater_visit *visit,
                       void *context) {
  const uint64_t key = cell_key(o, face, i, j);
  const int count = cell_count(o, key);
  for (int n = 0; n < count; n++) {
    const candidate c = cell_candidate(key, n);
    const double a = to_place(o, (double)i + c.in_cell[0]), b = to_place(o, (double)j + c.in_cell[1]);
    double d[3];
    const double scale = face_direction(face, a, b, d);
    pl_crater crater = {.diameter_m = candidate_diameter(o, &c)};
    if (!candidate_crater(o, &c, a, b, scale, &crater)) continue;
    ob_v3_scale(crater.unit_mcmf, d, scale);
    visit(context, &crater);
  }
}

typedef struct {
  int64_t low[2], high[2]; /* cells, inclusive; empty when high < low */
} cell_box;

/* The cells of a face that the box covers, or an empty box. */
static cell_box box_on_face(const pl_octave *o, int64_t face, const double (*units)[3], int32_t count,
                            double margin_m) {
  const int *axes = FACE_AXES[face >> 1];
  double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
  for (int32_t n = 0; n < count; n++) {
    const double w = face & 1 ? -units[n][axes[0]] : units[n][axes[0]];
    if (w < 0.2) continue; /* more than 78 deg from the face's middle: cannot reach the face */
    for (int axis = 0; axis < 2; axis++) {
      const double place = unwarp(ob_clamp(units[n][axes[1 + axis]] / w, -4.0, 4.0));
      low[axis] = ob_min(low[axis], place);
      high[axis] = ob_max(high[axis], place);
    }
  }
  cell_box box;
  const double margin = margin_m / (OB_MOON_RADIUS_M * CELL_WIDTH_MIN);
  for (int axis = 0; axis < 2; axis++) {
    const double slack = margin + 0.02 * ob_max(0.0, high[axis] - low[axis]);
    box.low[axis] = ob_to_i64(ob_floor(to_cells(o, ob_max(-1.0, low[axis] - slack))));
    box.high[axis] = ob_to_i64(ob_floor(to_cells(o, ob_min(1.0, high[axis] + slack))));
    if (box.high[axis] >= o->cells) box.high[axis] = o->cells - 1;
  }
  return box;
}

void pl_population_visit(const pl_population *p, int octave, const double (*box_units)[3], int32_t units,
                         double margin_m, pl_crater_visit *visit, void *context) {
  const pl_octave *o = &p->octave[octave];
  for (int64_t face = 0; face < 6; face++) {
    const cell_box box = box_on_face(o, face, box_units, units, margin_m);
    for (int64_t i = box.low[0]; i <= box.high[0]; i++) {
      for (int64_t j = box.low[1]; j <= box.high[1]; j++) visit_cell(o, face, i, j, visit, context);
    }
  }
}

typedef struct {
  pl_crater *out;
  int64_t capacity, count;
} crater_list;

static void append(void *context, const pl_crater *crater) {
  crater_list *list = context;
  if (list->count < list->capacity) list->out[list->count] = *crater;
  list->count++;
}

int64_t pl_population_box(const pl_population *p, int octave, const double (*box_units)[3], int32_t units,
                          double margin_m, pl_crater *out, int64_t capacity) {
  crater_list list = {out, capacity, 0};
  pl_population_visit(p, octave, box_units, units, margin_m, append, &list);
  return list.count;
}

void pl_crater_shapes(const pl_profile_table *table, const pl_crater *craters, int64_t n,
                      pl_crater_shape *out) {
  for (int64_t i = 0; i < n; i++) {
    pl_profile profile;
    pl_profile_init(&profile, table, craters[i].diameter_m, craters[i].depth_m, craters[i].age);
    out[i] = pl_profile_shape(&profile);
  }
}
