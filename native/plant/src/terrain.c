#include "plant/terrain.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/vector.h"

#define BASE_RESOLVES_FROM_M 15e3 /* a crater of this diameter spans about 1.5 samples of the base */
#define STEEP 0.75                /* rate of descent of rays within 41 deg of the vertical */
#define TOP_M 12e3                /* no ground is higher: the Moon's highest is 10.8 km */

/* ---- base ---------------------------------------------------------------------------------- */

static double base_sample(const pl_terrain *t, int64_t row, int64_t column) {
  /* Over a pole the grid goes on at the opposite longitude. */
  if (row < 0 || row >= t->base_rows) {
    row = row < 0 ? -1 - row : 2 * t->base_rows - 1 - row;
    column += t->base_columns / 2;
  }
  if (column >= t->base_columns) column -= t->base_columns;
  if (column >= t->base_columns) column -= t->base_columns;
  if (column < 0) column += t->base_columns;
  return t->base_unit_m * t->base[row * t->base_columns + column];
}

/* Catmull-Rom weights: interpolating, continuous slope (Keys 1981). */
static void cubic_weights(double t, double w[4]) {
  w[0] = 0.5 * t * (t * (2.0 - t) - 1.0);
  w[1] = 0.5 * (t * t * (3.0 * t - 5.0) + 2.0);
  w[2] = 0.5 * t * (t * (4.0 - 3.0 * t) + 1.0);
  w[3] = 0.5 * t * t * (t - 1.0);
}

static double base_bicubic(const pl_terrain *t, double row, double column) {
  const double r0 = ob_floor(row), c0 = ob_floor(column);
  double wr[4], wc[4];
  cubic_weights(row - r0, wr);
  cubic_weights(column - c0, wc);
  double sum = 0.0;
  for (int i = 0; i < 4; i++) {
    double line = 0.0;
    for (int j = 0; j < 4; j++) {
      line += wc[j] * base_sample(t, ob_to_i64(r0) + i - 1, ob_to_i64(c0) + j - 1);
    }
    sum += wr[i] * line;
  }
  return sum;
}

double pl_terrain_base_m(const pl_terrain *t, const double u[3]) {
  const double latitude = ob_atan2(u[2], ob_sqrt(u[0] * u[0] + u[1] * u[1]));
  const double longitude = ob_atan2(u[1], u[0]);
  const double row = (0.5 - latitude / OB_PI) * (double)t->base_rows - 0.5;
  const double column = (0.5 + 0.5 * longitude / OB_PI) * (double)t->base_columns - 0.5;
  const double h = base_bicubic(t, row, column);
  /* All meridians meet at a pole: within one row of it the height goes over to one value. */
  const double rows_away = ob_min(row, (double)t->base_rows - 1.0 - row) + 0.5;
  if (rows_away >= 1.0) return h;
  const double w = rows_away * rows_away * (3.0 - 2.0 * rows_away);
  const double pole = t->pole_height_m[u[2] < 0.0];
  return pole + w * (h - pole);
}

static double row_mean(const pl_terrain *t, int64_t row) {
  double sum = 0.0;
  for (int64_t c = 0; c < t->base_columns; c++) sum += base_sample(t, row, c);
  return sum / (double)t->base_columns;
}

/* ---- catalogue ----------------------------------------------------------------------------- */

static int64_t catalogue_cell(double place) {
  const int64_t cell = ob_to_i64(ob_floor((place + 1.0) * (0.5 * PL_CATALOGUE_CELLS)));
  return cell < 0 ? 0 : cell >= PL_CATALOGUE_CELLS ? PL_CATALOGUE_CELLS - 1 : cell;
}

/* Visit the cells that a crater reaches: count them, or list the crater in them. */
static void catalogue_visit(const pl_crater *crater, int32_t which, int32_t *next, int32_t *index,
                            int64_t capacity) {
  /* A reach of one diameter in cell coordinates, which are at least R W0 / sqrt(2) = 0.555 R long. */
  const double reach = crater->diameter_m / (0.55 * OB_MOON_RADIUS_M);
  for (int face = 0; face < 6; face++) {
    pl_face_place place;
    if (!pl_face_project(face, crater->unit_mcmf, 0.15, &place)) continue;
    const double a = place.place[0], b = place.place[1];
    if (ob_fabs(a) - reach > 1.02 || ob_fabs(b) - reach > 1.02) continue;
    for (int64_t i = catalogue_cell(a - reach); i <= catalogue_cell(a + reach); i++) {
      for (int64_t j = catalogue_cell(b - reach); j <= catalogue_cell(b + reach); j++) {
        int32_t *slot = &next[(face * PL_CATALOGUE_CELLS + i) * PL_CATALOGUE_CELLS + j];
        if (index != 0 && *slot < capacity) index[*slot] = which;
        (*slot)++;
      }
    }
  }
}

int64_t pl_catalogue_index(const pl_crater *catalogue, int64_t count, int32_t *start, int32_t *index,
                           int64_t capacity) {
  for (int32_t c = 0; c < PL_CATALOGUE_STARTS; c++) start[c] = 0;
  for (int64_t n = 0; n < count; n++) {
    assert(catalogue[n].diameter_m > 0.0 && catalogue[n].diameter_m <= PL_CATALOGUE_DIAMETER_MAX_M);
    catalogue_visit(&catalogue[n], (int32_t)n, start, 0, 0);
  }
  int32_t total = 0;
  for (int32_t c = 0; c < PL_CATALOGUE_STARTS; c++) {
    const int32_t here = start[c];
    start[c] = total;
    total += here;
  }
  for (int64_t n = 0; n < count; n++) catalogue_visit(&catalogue[n], (int32_t)n, start, index, capacity);
  /* Filling moved each start to the next cell's: move them back. */
  for (int32_t c = PL_CATALOGUE_STARTS - 1; c > 0; c--) start[c] = start[c - 1];
  start[0] = 0;
  return total;
}

double pl_catalogue_depth_m(const pl_crater *crater) {
  const double t = (crater->diameter_m - BASE_RESOLVES_FROM_M) /
                   (PL_CATALOGUE_DIAMETER_MAX_M - BASE_RESOLVES_FROM_M);
  return crater->depth_m * (1.0 - ob_clamp(t, 0.0, 1.0));
}

double pl_catalogue_weight(double diameter_m, double resolution_m) {
  return ob_clamp(diameter_m / resolution_m - 1.0, 0.0, 1.0);
}

double pl_terrain_catalogue_m(const pl_terrain *t, const double u[3], double resolution_m) {
  pl_face_place places[3];
  if (pl_face_places(u, places) == 0) return 0.0;
  const int64_t cell = (places[0].face * PL_CATALOGUE_CELLS + catalogue_cell(places[0].place[0])) *
                           PL_CATALOGUE_CELLS + catalogue_cell(places[0].place[1]);
  double sum = 0.0;
  for (int32_t n = t->catalogue_start[cell]; n < t->catalogue_start[cell + 1]; n++) {
    const pl_crater *c = &t->catalogue[t->catalogue_index[n]];
    double d[3];
    ob_v3_sub(d, u, c->unit_mcmf);
    const double distance = OB_MOON_RADIUS_M * ob_v3_norm(d);
    if (distance >= c->diameter_m) continue;
    pl_profile p;
    pl_profile_init(&p, &t->profiles, c->diameter_m, pl_catalogue_depth_m(c), c->age);
    sum += pl_catalogue_weight(c->diameter_m, resolution_m) * pl_profile_height_m(&p, distance);
  }
  return sum;
}

/* ---- sum ----------------------------------------------------------------------------------- */

void pl_terrain_init(pl_terrain *t, uint64_t seed, const int16_t *base, int64_t base_rows,
                     int64_t base_columns, double base_unit_m, const pl_crater *catalogue,
                     int64_t catalogue_count, const int32_t *catalogue_start, const int32_t *catalogue_index) {
  assert(base_rows >= 4 && base_columns >= 4 && base_columns % 2 == 0);
  t->seed = seed;
  t->base = base;
  t->base_rows = base_rows;
  t->base_columns = base_columns;
  t->base_unit_m = base_unit_m;
  t->pole_height_m[0] = row_mean(t, 0);
  t->pole_height_m[1] = row_mean(t, base_rows - 1);
  t->catalogue = catalogue;
  t->catalogue_count = catalogue_count;
  t->catalogue_start = catalogue_start;
  t->catalogue_index = catalogue_index;
  pl_profile_table_init(&t->profiles);
  pl_population_init(&t->population, seed);
  pl_roughness_init(&t->roughness, seed);
}

double pl_octave_weight(int octave, double resolution_m) {
  const double diameter_m = PL_OCTAVE_MIN_M * (double)(1 << octave);
  return ob_clamp(2.0 * diameter_m / ob_max(resolution_m, PL_OCTAVE_MIN_M) - 1.0, 0.0, 1.0);
}

/* The lattice cells of the last point asked for: its neighbours need not make them again. */
typedef struct {
  pl_noise_cell octave[PL_ROUGHNESS_OCTAVES];
} noise_cells;

static void noise_cells_init(noise_cells *cells) {
  for (int k = 0; k < PL_ROUGHNESS_OCTAVES; k++) pl_noise_cell_init(&cells->octave[k]);
}

static double height(const pl_terrain *t, const double u[3], double resolution_m, noise_cells *cells) {
  const double resolution = ob_max(resolution_m, PL_OCTAVE_MIN_M);
  double sum = pl_terrain_base_m(t, u) + pl_terrain_catalogue_m(t, u, resolution);
  pl_face_place places[3];
  const int count = pl_face_places(u, places);
  for (int k = PL_OCTAVES - 1; k >= 0; k--) {
    const double w = pl_octave_weight(k, resolution);
    if (w <= 0.0) break;
    sum += w * (pl_population_height_m(&t->population, &t->profiles, k, u, places, count) +
                pl_roughness_height_m(&t->roughness, k, u, &cells->octave[k]));
  }
  return sum;
}

double pl_terrain_height_m(const pl_terrain *t, const double u[3], double resolution_m) {
  noise_cells cells;
  noise_cells_init(&cells);
  return height(t, u, resolution_m, &cells);
}

void pl_terrain_heights_m(const pl_terrain *t, const double (*unit_mcmf)[3], int64_t n,
                          double resolution_m, double *height_m) {
  noise_cells cells;
  noise_cells_init(&cells);
  for (int64_t i = 0; i < n; i++) height_m[i] = height(t, unit_mcmf[i], resolution_m, &cells);
}

/* Two unit vectors that span the plane across `n`. */
static void tangents(const double n[3], double e1[3], double e2[3]) {
  const double axis[3] = {0.0, ob_fabs(n[2]) < 0.7 ? 0.0 : 1.0, ob_fabs(n[2]) < 0.7 ? 1.0 : 0.0};
  ob_v3_cross(e1, axis, n);
  ob_v3_unit(e1, e1);
  ob_v3_cross(e2, n, e1);
}

static double height_beside(const pl_terrain *t, const double u[3], const double e[3], double offset_m,
                            double resolution_m) {
  double p[3];
  ob_v3_copy(p, u);
  ob_v3_axpy(p, offset_m / OB_MOON_RADIUS_M, e);
  ob_v3_unit(p, p);
  return pl_terrain_height_m(t, p, resolution_m);
}

void pl_terrain_normal(const pl_terrain *t, const double u[3], double resolution_m, double normal[3]) {
  const double step = ob_max(resolution_m, 0.25);
  double e1[3], e2[3], n[3];
  tangents(u, e1, e2);
  const double *axes[2] = {e1, e2};
  ob_v3_copy(n, u);
  for (int a = 0; a < 2; a++) {
    const double rise = height_beside(t, u, axes[a], step, resolution_m) -
                        height_beside(t, u, axes[a], -step, resolution_m);
    ob_v3_axpy(n, -rise / (2.0 * step), axes[a]);
  }
  ob_v3_unit(normal, n);
}

/* ---- ray ----------------------------------------------------------------------------------- */

typedef struct {
  double gap_m;   /* height above the ground; negative below */
  double down;    /* rate of descent along the ray */
  double level;   /* horizontal rate */
} ray_state;

static ray_state ray_at(const pl_terrain *t, const double origin[3], const double direction[3], double range,
                        double resolution_m) {
  double p[3], u[3];
  ob_v3_copy(p, origin);
  ob_v3_axpy(p, range, direction);
  const double radius = ob_v3_unit(u, p);
  ray_state s;
  s.down = -ob_v3_dot(direction, u);
  s.level = ob_sqrt(ob_max(0.0, 1.0 - s.down * s.down));
  s.gap_m = radius - OB_MOON_RADIUS_M - pl_terrain_height_m(t, u, resolution_m);
  return s;
}

/* Where the ray meets the ground between a point above and a point below it: regula falsi with
 * Illinois' halving of an end that stays (Dowell and Jarratt 1971). */
static double ray_refine(const pl_terrain *t, const double origin[3], const double direction[3],
                         double above, double gap_above, double below, double gap_below,
                         double resolution_m, double tolerance) {
  double x = below;
  int side = 0;
  for (int i = 0; i < 60 && below - above > tolerance; i++) {
    x = above + (below - above) * gap_above / (gap_above - gap_below);
    const double gap = ray_at(t, origin, direction, x, resolution_m).gap_m;
    if (ob_fabs(gap) < 0.1 * tolerance) break;
    if (gap > 0.0) {
      above = x;
      gap_above = gap;
      if (side == 1) gap_below *= 0.5;
      side = 1;
    } else {
      below = x;
      gap_below = gap;
      if (side == -1) gap_above *= 0.5;
      side = -1;
    }
  }
  return x;
}

/* Range at which the ray comes under the highest ground, or a negative number. */
static double ray_entry(const double origin[3], const double direction[3]) {
  const double top = OB_MOON_RADIUS_M + TOP_M;
  const double b = ob_v3_dot(origin, direction), c = ob_v3_dot(origin, origin) - top * top;
  if (c <= 0.0) return 0.0;
  const double root = b * b - c;
  return root < 0.0 || b > 0.0 ? -1.0 : -b - ob_sqrt(root);
}

/* Down a ray steeper than any slope the height above the ground falls all along, so that its only root
 * is found by steps of height over rate of descent, back where they went too far. */
static int ray_steep(const pl_terrain *t, const double origin[3], const double direction[3], double range,
                     double finest, double tolerance, double *range_m) {
  double resolution = PL_CATALOGUE_DIAMETER_MAX_M;
  for (int i = 0; i < 100; i++) {
    const ray_state s = ray_at(t, origin, direction, range, resolution);
    const double gap = ob_fabs(s.gap_m);
    if (resolution <= finest && gap < tolerance) {
      *range_m = range;
      return range > 0.0;
    }
    range += s.gap_m / ob_max(s.down, 0.5);
    resolution = ob_clamp(0.05 * gap, finest, resolution);
  }
  return 0;
}

/* Along a shallow ray: steps that slopes up to 35 deg cannot pass, in finer detail as the ground nears. */
static int ray_shallow(const pl_terrain *t, const double origin[3], const double direction[3], double range,
                       double max_range_m, double finest, double tolerance, double *range_m) {
  double last_range = range, last_gap = 0.0;
  double resolution = PL_CATALOGUE_DIAMETER_MAX_M;
  for (int i = 0; i < 2048 && range <= max_range_m; i++) {
    const ray_state s = ray_at(t, origin, direction, range, resolution);
    if (resolution > finest && s.gap_m < 2.0 * resolution) {
      resolution = ob_clamp(0.25 * s.gap_m, finest, 0.25 * resolution);
      continue;
    }
    if (s.gap_m <= 0.0) {
      if (last_gap <= 0.0) return 0; /* began below */
      *range_m = ray_refine(t, origin, direction, last_range, last_gap, range, s.gap_m, finest, tolerance);
      return 1;
    }
    last_range = range;
    last_gap = s.gap_m;
    /* What is left out stands out by less than 0.15 of its size. */
    const double margin = resolution > finest ? 0.15 * resolution : 0.0;
    range += ob_max((s.gap_m - margin) / ob_max(s.down + 0.7 * s.level, 1e-3), tolerance);
    resolution = ob_clamp(0.25 * s.gap_m, finest, resolution);
  }
  return 0;
}

int pl_terrain_raycast(const pl_terrain *t, const double origin[3], const double direction[3],
                       double max_range_m, double resolution_m, double *range_m) {
  assert(ob_fabs(ob_v3_dot(direction, direction) - 1.0) < 1e-6);
  const double finest = ob_max(resolution_m, PL_OCTAVE_MIN_M);
  const double tolerance = ob_max(1e-3, 0.01 * resolution_m);
  const double entry = ray_entry(origin, direction);
  if (entry < 0.0) return 0;
  const double down = -ob_v3_dot(origin, direction) / ob_v3_norm(origin);
  double range;
  const int hit = down > STEEP ? ray_steep(t, origin, direction, entry, finest, tolerance, &range)
                               : ray_shallow(t, origin, direction, entry, max_range_m, finest, tolerance,
                                             &range);
  if (!hit || range > max_range_m) return 0;
  *range_m = range;
  return 1;
}
