#include "plant/relief.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/vector.h"

#define MARGIN 10        /* samples around what a level must cover */
#define APRON 4          /* samples whose height is filled in beyond the octagon */
#define LIGHT_APRON 2    /* samples whose shadow and light are: places look one sample ahead */
#define CARRIED 8.0      /* spacings across a crater that a finer level takes over from its parent */
#define ROUGH 4.0        /* spacings along the shortest wavelength of roughness; octave k has 2 D_k */
#define SHOWN 2.0        /* spacings across the smallest crater of a level */
#define NO_SHADOW -1e9f

void pl_relief_init(pl_relief *r, const pl_terrain *terrain, const double unit[3], const double sun[3]) {
  double *x = r->C_plane_from_mcmf, *y = x + 3, *z = x + 6;
  r->terrain = terrain;
  r->levels = 0;
  ob_v3_unit(z, unit);
  r->origin_radius_m = OB_MOON_RADIUS_M + pl_terrain_height_m(terrain, z, 1e3);
  ob_v3_cross(y, sun, z);
  const double level = ob_v3_unit(y, y);
  assert(level > 0.0);
  ob_v3_cross(x, y, z);
  ob_m3_v3(r->sun_plane, r->C_plane_from_mcmf, sun);
  r->sun_slope = r->sun_plane[2] / -r->sun_plane[0];
}

void pl_relief_from_mcmf(const pl_relief *r, const double r_mcmf_m[3], double out[3]) {
  ob_m3_v3(out, r->C_plane_from_mcmf, r_mcmf_m);
  out[2] -= r->origin_radius_m;
}

/* Direction (plane axes, and mcmf) from the Moon's centre of a point over the plane; its radius. */
static double direction_at(const pl_relief *r, double x, double y, double z, double unit_mcmf[3]) {
  const double p[3] = {x, y, r->origin_radius_m + z};
  double unit[3];
  const double radius = ob_v3_unit(unit, p);
  ob_m3t_v3(unit_mcmf, r->C_plane_from_mcmf, unit);
  return radius;
}

/* ---- layout -------------------------------------------------------------------------------- */

static_assert(APRON + 3 < PL_RELIEF_EDGE, "rows of four are interpolated from the edge");

static int64_t floor_to(double x) { return ob_to_i64(ob_floor(x)); }

typedef struct {
  int64_t low[4], high[4]; /* of i, j, i + j, i - j */
} octagon;

/* The octagon in samples of the spacing, joined with the finer level's, and a margin around both. */
static octagon cover(const double limits_m[8], double spacing_m, const octagon *finer) {
  octagon o;
  for (int n = 0; n < 4; n++) {
    const int64_t margin = n < 2 ? MARGIN : 2 * MARGIN;
    o.low[n] = floor_to(limits_m[2 * n] / spacing_m);
    o.high[n] = floor_to(limits_m[2 * n + 1] / spacing_m) + 1;
    if (finer != 0) {
      const int64_t low = floor_to(0.5 * (double)finer->low[n]);
      const int64_t high = floor_to(0.5 * (double)finer->high[n]) + 1;
      if (low < o.low[n]) o.low[n] = low;
      if (high > o.high[n]) o.high[n] = high;
    }
    o.low[n] -= margin;
    o.high[n] += margin;
  }
  return o;
}

int64_t pl_relief_layout(pl_relief *r, double spacing_m, int64_t levels, const double (*octagon_m)[8]) {
  if (levels < 1 || levels > PL_RELIEF_LEVELS) return 0;
  r->levels = levels;
  octagon finer;
  int64_t floats = 0;
  for (int64_t l = 0; l < levels; l++) {
    pl_relief_level *level = &r->level[l];
    level->spacing_m = spacing_m * (double)(1 << l);
    level->per_m = 1.0 / level->spacing_m;
    const octagon o = cover(octagon_m[l], level->spacing_m, l > 0 ? &finer : 0);
    finer = o;
    level->sum_low = o.low[2];
    level->sum_high = o.high[2];
    level->difference_low = o.low[3];
    level->difference_high = o.high[3];
    /* The rectangle begins on a sample of the parent's and holds the apron. */
    level->i0 = 2 * floor_to(0.5 * (double)(o.low[0] - PL_RELIEF_EDGE));
    level->j0 = 2 * floor_to(0.5 * (double)(o.low[1] - PL_RELIEF_EDGE));
    level->ni = o.high[0] + PL_RELIEF_EDGE - level->i0 + 1;
    level->nj = o.high[1] + PL_RELIEF_EDGE - level->j0 + 1;
    floats += 2 * level->ni * level->nj;
  }
  return floats;
}

typedef struct {
  int64_t from, to; /* columns of the array, `to` excluded */
} span;

/* Columns of a row of the array that lie in the octagon or at most `apron` samples outside. */
static span row_span(const pl_relief_level *l, int64_t row, int64_t apron) {
  const int64_t j = l->j0 + row;
  if (row < PL_RELIEF_EDGE - apron || row >= l->nj - PL_RELIEF_EDGE + apron) return (span){0, 0};
  int64_t low = l->sum_low - j, high = l->sum_high - j;
  if (l->difference_low + j > low) low = l->difference_low + j;
  if (l->difference_high + j < high) high = l->difference_high + j;
  span s = {low - apron - l->i0, high + apron + 1 - l->i0};
  if (s.from < PL_RELIEF_EDGE - apron) s.from = PL_RELIEF_EDGE - apron;
  if (s.to > l->ni - PL_RELIEF_EDGE + apron) s.to = l->ni - PL_RELIEF_EDGE + apron;
  if (s.to < s.from) s.to = s.from;
  return s;
}

/* ---- heights ------------------------------------------------------------------------------- */

static void outline(const pl_relief *r, const pl_relief_level *level, double units[25][3]) {
  for (int n = 0; n < 25; n++) {
    const double x = level->spacing_m * ((double)level->i0 + 0.25 * (n % 5) * (double)(level->ni - 1));
    const double y = level->spacing_m * ((double)level->j0 + 0.25 * (double)(n / 5) * (double)(level->nj - 1));
    const double h = r->origin_radius_m * r->origin_radius_m - x * x - y * y;
    direction_at(r, x, y, ob_sqrt(ob_max(h, 0.0)) - r->origin_radius_m, units[n]);
  }
}

typedef struct {
  const pl_relief *relief;
  pl_relief_level *level;
} stamp_context;

static int64_t clamp_index(double x, int64_t count) {
  return floor_to(ob_clamp(x, 0.0, (double)(count - 1)));
}

/* Height of the level's grid at the nearest sample, or at the nearest one of its row that is filled. */
static double nearest(const pl_relief_level *l, double x, double y) {
  const int64_t j = clamp_index(y / l->spacing_m - (double)l->j0 + 0.5, l->nj);
  int64_t i = clamp_index(x / l->spacing_m - (double)l->i0 + 0.5, l->ni);
  const span s = row_span(l, j, APRON);
  if (s.to == s.from) return 0.0;
  i = i < s.from ? s.from : i >= s.to ? s.to - 1 : i;
  return l->height_m[j * l->ni + i];
}

/* Where the ray from the Moon's centre along `unit` (plane axes) meets the ground that the grid holds. */
static double ground_point(const pl_relief *r, const pl_relief_level *l, const double unit[3], double p[3]) {
  double radius = r->origin_radius_m;
  for (int n = 0; n < 2; n++) {
    const double z = nearest(l, unit[0] * radius, unit[1] * radius);
    radius = (r->origin_radius_m + z) / unit[2];
  }
  ob_v3_scale(p, unit, radius);
  return radius;
}

static void stamp(const pl_relief *r, pl_relief_level *l, const pl_crater *crater, double depth_m) {
  double unit[3], c[3];
  ob_m3_v3(unit, r->C_plane_from_mcmf, crater->unit_mcmf);
  if (unit[2] < 0.5) return;
  const double radius = ground_point(r, l, unit, c);
  const double scale = OB_MOON_RADIUS_M / radius; /* heights are functions of distance on the sphere */
  const double reach = crater->diameter_m / scale / unit[2] / l->spacing_m;
  const double u = c[0] / l->spacing_m - (double)l->i0, v = c[1] / l->spacing_m - (double)l->j0;
  if (u + reach < 0.0 || v + reach < 0.0 || u - reach > (double)(l->ni - 1) || v - reach > (double)(l->nj - 1)) {
    return;
  }
  pl_profile profile;
  pl_profile_init(&profile, &r->terrain->profiles, crater->diameter_m, depth_m, crater->age);
  const int64_t i_low = clamp_index(u - reach + 1.0, l->ni), i_high = clamp_index(u + reach, l->ni);
  const int64_t j_high = clamp_index(v + reach, l->nj);
  const double tilt_x = unit[0] / unit[2], tilt_y = unit[1] / unit[2];
  const double step = l->spacing_m * scale, limit = crater->diameter_m * crater->diameter_m;
  for (int64_t j = clamp_index(v - reach + 1.0, l->nj); j <= j_high; j++) {
    float *row = l->height_m + j * l->ni;
    const double dy = step * ((double)j - v);
    const span filled = row_span(l, j, APRON);
    const int64_t from = i_low > filled.from ? i_low : filled.from;
    for (int64_t i = from; i <= i_high && i < filled.to; i++) {
      const double dx = step * ((double)i - u);
      const double dz = dx * tilt_x + dy * tilt_y; /* the sphere falls away under the plane */
      const double d2 = dx * dx + dy * dy + dz * dz;
      if (d2 < limit) row[i] += (float)(unit[2] * pl_profile_height_m(&profile, ob_sqrt(d2)));
    }
  }
}

static void stamp_procedural(void *context, const pl_crater *crater) {
  const stamp_context *c = context;
  stamp(c->relief, c->level, crater, crater->depth_m);
}

static void stamp_catalogue(const pl_relief *r, pl_relief_level *l, double from_m, double below_m) {
  const pl_terrain *t = r->terrain;
  for (int64_t n = 0; n < t->catalogue_count; n++) {
    const pl_crater *c = &t->catalogue[n];
    if (c->diameter_m >= from_m && c->diameter_m < below_m) stamp(r, l, c, pl_catalogue_depth_m(c));
  }
}

static void add_octave(const pl_relief *r, pl_relief_level *l, int octave) {
  double units[25][3];
  outline(r, l, units);
  stamp_context context = {r, l};
  const pl_population *population = &r->terrain->population;
  const double margin = 3.0 * population->octave[octave].diameter_min_m;
  pl_population_visit(population, octave, (const double(*)[3])units, 25, margin, stamp_procedural, &context);
}

static void add_roughness(const pl_relief *r, pl_relief_level *l, int octave) {
  pl_noise_cell cell;
  pl_noise_cell_init(&cell);
  for (int64_t j = 0; j < l->nj; j++) {
    float *row = l->height_m + j * l->ni;
    const double y = l->spacing_m * (double)(l->j0 + j);
    const span s = row_span(l, j, APRON);
    for (int64_t i = s.from; i < s.to; i++) {
      double unit[3];
      direction_at(r, l->spacing_m * (double)(l->i0 + i), y, (double)row[i], unit);
      row[i] += (float)pl_roughness_height_m(&r->terrain->roughness, octave, unit, &cell);
    }
  }
}

/* The finest octave whose craters all span at least `spacings` spacings. */
static int finest_octave(const pl_relief_level *l, double spacings) {
  int octave = 0;
  while (octave < PL_OCTAVES && PL_OCTAVE_MIN_M * (double)(1 << octave) < spacings * l->spacing_m) octave++;
  return octave;
}

/* The coarsest level has no parent: base elevation, sampled. */
static void sample_base(const pl_relief *r, pl_relief_level *l) {
  for (int64_t j = 0; j < l->nj; j++) {
    const span s = row_span(l, j, PL_RELIEF_EDGE);
    for (int64_t i = s.from; i < s.to; i++) {
      const double x = l->spacing_m * (double)(l->i0 + i), y = l->spacing_m * (double)(l->j0 + j);
      double z = 0.0, unit[3];
      for (int n = 0; n < 2; n++) {
        direction_at(r, x, y, z, unit);
        const double radius = OB_MOON_RADIUS_M + pl_terrain_base_m(r->terrain, unit);
        z = ob_sqrt(ob_max(0.0, radius * radius - x * x - y * y)) - r->origin_radius_m;
      }
      l->height_m[j * l->ni + i] = (float)z;
    }
  }
}

/* Midpoint of the middle two of four samples: Catmull-Rom, as for the base. */
static float midpoint(float a, float b, float c, float d) { return 0.5625f * (b + c) - 0.0625f * (a + d); }

/* Row of the child from the row of the parent that lies on it, whose first samples coincide. */
static void refine_row(const float *from, float *to, span s) {
  for (int64_t i = s.from + (s.from & 1); i < s.to; i += 2) to[i] = from[i / 2];
  for (int64_t i = s.from | 1; i < s.to; i += 2) {
    const float *p = from + i / 2;
    to[i] = midpoint(p[-1], p[0], p[1], p[2]);
  }
}

static void refine(const pl_relief_level *parent, pl_relief_level *child) {
  const int64_t di = child->i0 / 2 - parent->i0, dj = child->j0 / 2 - parent->j0;
  float *z = child->height_m;
  const int64_t ni = child->ni, nj = child->nj;
  for (int64_t j = 0; j < nj; j += 2) {
    refine_row(parent->height_m + (dj + j / 2) * parent->ni + di, z + j * ni, row_span(child, j, PL_RELIEF_EDGE));
  }
  for (int64_t j = 1; j < nj; j += 2) {
    /* At the border, inside the margin, the nearest rows stand in for those beyond. */
    const float *b = z + (j - 1) * ni, *c = j + 1 < nj ? b + 2 * ni : b;
    const float *a = j >= 3 ? b - 2 * ni : b, *d = j + 3 < nj ? c + 2 * ni : c;
    const span s = row_span(child, j, APRON);
    for (int64_t i = s.from; i < s.to; i++) z[j * ni + i] = midpoint(a[i], b[i], c[i], d[i]);
  }
}

static void carry(pl_relief *r, int64_t l) {
  pl_relief_level *level = &r->level[l];
  const int coarsest = l == r->levels - 1;
  if (coarsest) {
    sample_base(r, level);
  } else {
    refine(&r->level[l + 1], level);
  }
  const double from = CARRIED * level->spacing_m;
  stamp_catalogue(r, level, from, coarsest ? 1e9 : 2.0 * from);
  const int first = finest_octave(level, CARRIED);
  const int last = coarsest ? PL_OCTAVES : finest_octave(&r->level[l + 1], CARRIED);
  for (int octave = first; octave < last; octave++) add_octave(r, level, octave);
  if (l == 0 && !coarsest) return; /* the finest level, by far the largest, has its parent's roughness */
  const int rough_first = finest_octave(level, 0.5 * ROUGH);
  const int rough_last = coarsest ? PL_ROUGHNESS_OCTAVES : finest_octave(&r->level[l + 1], 0.5 * ROUGH);
  for (int octave = rough_first; octave < rough_last; octave++) add_roughness(r, level, octave);
}

/* What a level shows beyond what it hands on. */
static void finish(pl_relief *r, int64_t l) {
  pl_relief_level *level = &r->level[l];
  stamp_catalogue(r, level, SHOWN * level->spacing_m, CARRIED * level->spacing_m);
  const int carried = finest_octave(level, CARRIED);
  for (int octave = finest_octave(level, SHOWN); octave < carried; octave++) add_octave(r, level, octave);
}

/* ---- shadows ------------------------------------------------------------------------------- */

/* Shadow that the parent has where a row begins. */
static float shadow_before(const pl_relief *r, int64_t l, int64_t i, int64_t j) {
  if (l + 1 >= r->levels) return NO_SHADOW;
  const pl_relief_level *level = &r->level[l], *parent = level + 1;
  pl_relief_place place;
  const double x = level->spacing_m * (double)(level->i0 + i), y = level->spacing_m * (double)(level->j0 + j);
  if (!pl_relief_find(parent, x, y, &place)) return NO_SHADOW;
  return (float)pl_relief_sample(parent, parent->shade, &place);
}

/* Down-Sun along each row, the shadow's height falls at the Sun's slope from the highest ground passed. */
static void cast_shadows(const pl_relief *r, int64_t l) {
  const pl_relief_level *level = &r->level[l];
  const float fall = (float)(level->spacing_m * r->sun_slope);
  for (int64_t j = 0; j < level->nj; j++) {
    const float *z = level->height_m + j * level->ni;
    float *shade = level->shade + j * level->ni;
    const span s = row_span(level, j, LIGHT_APRON);
    float shadow = s.to > s.from ? shadow_before(r, l, s.from, j) : NO_SHADOW;
    for (int64_t i = s.from; i < s.to; i++) {
      shade[i] = shadow;
      shadow = (shadow > z[i] ? shadow : z[i]) - fall;
    }
  }
}

double pl_relief_highest_m(const pl_relief *r) {
  float most = -1e9f;
  for (int64_t l = 0; l < r->levels; l++) {
    const pl_relief_level *level = &r->level[l];
    for (int64_t j = 0; j < level->nj; j++) {
      const float *z = level->height_m + j * level->ni;
      const span s = row_span(level, j, 0);
      for (int64_t i = s.from; i < s.to; i++) most = z[i] > most ? z[i] : most;
    }
  }
  return (double)most;
}

void pl_relief_each_row(const pl_relief_level *level, void *context,
                        void (*visit)(void *context, int64_t row, int64_t from, int64_t to)) {
  for (int64_t j = 0; j < level->nj; j++) {
    const span s = row_span(level, j, LIGHT_APRON);
    if (s.to > s.from) visit(context, j, s.from, s.to);
  }
}

void pl_relief_build(pl_relief *r, float *memory) {
  for (int64_t l = 0; l < r->levels; l++) {
    const int64_t size = r->level[l].ni * r->level[l].nj;
    r->level[l].height_m = memory;
    r->level[l].shade = memory + size;
    memory += 2 * size;
  }
  for (int64_t l = r->levels - 1; l >= 0; l--) carry(r, l);
  for (int64_t l = r->levels - 1; l >= 0; l--) finish(r, l);
  for (int64_t l = r->levels - 1; l >= 0; l--) cast_shadows(r, l);
}
