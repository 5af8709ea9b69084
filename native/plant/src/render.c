#include "plant/render.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "plant/random.h"

#define ALBEDO 0.10
#define ALBEDO_VARIATION 0.12    /* per unit of gradient noise, which stays within about +-0.7 */
#define ALBEDO_OCTAVE 9          /* 512 m */
#define SHADOW_LIGHT 0.03
#define PROBES 17                /* rays across the image that lay out the grids */
#define COARSEST_M 400.0         /* the base elevation needs no finer grid */
#define FINEST 1.15              /* spacing of the finest grid over the nearest ground's pixel */
#define PHASES 64                /* entries of the table over the cosine of the phase */

/* ---- light --------------------------------------------------------------------------------- */

double pl_phase_function(double cos_phase) {
  const double phase = ob_acos(ob_clamp(cos_phase, -1.0, 0.99999999));
  const double degrees = phase * (180.0 / OB_PI);
  const double magnitude = 0.026 * degrees + 4e-9 * degrees * degrees * degrees * degrees;
  const double disc = 1.0 - ob_sin(0.5 * phase) * ob_tan(0.5 * phase) * ob_log(1.0 / ob_tan(0.25 * phase));
  /* Near full phase angle the disc is a vanishing crescent: the ratio is held there. */
  return ob_exp(-0.921034 * magnitude) / ob_max(disc, 0.05);
}

/* McEwen 1996, cubic in degrees of phase; held at 0 beyond 136 deg, where it ends. */
static double lambert_share(double cos_phase) {
  const double a = ob_min(136.0, ob_acos(ob_clamp(cos_phase, -1.0, 1.0)) * (180.0 / OB_PI));
  return ob_max(0.0, 1.0 + a * (-0.019 + a * (2.42e-4 - 1.46e-6 * a)));
}

double pl_reflectance(double mu0, double mu, double cos_phase) {
  const double l = lambert_share(cos_phase);
  if (mu0 <= 0.0 || mu <= 0.0) return 0.0;
  return pl_phase_function(cos_phase) * (2.0 * l * mu0 / (mu0 + mu) + (1.0 - l) * mu0);
}

/* The two functions of phase, at equal steps of its cosine. */
typedef struct {
  double seeliger[PHASES + 1]; /* 2 L f */
  double lambert[PHASES + 1];  /* (1 - L) f */
} phase_table;

static void phase_table_init(phase_table *t) {
  for (int n = 0; n <= PHASES; n++) {
    const double c = -1.0 + 2.0 * n / PHASES;
    const double l = lambert_share(c), f = pl_phase_function(c);
    t->seeliger[n] = 2.0 * l * f;
    t->lambert[n] = (1.0 - l) * f;
  }
}

static double table_reflectance(const phase_table *t, double mu0, double mu, double cos_phase) {
  const double place = ob_clamp((cos_phase + 1.0) * (0.5 * PHASES), 0.0, PHASES - 1e-9);
  const int n = (int)place;
  const double w = place - n;
  const double s = t->seeliger[n] + w * (t->seeliger[n + 1] - t->seeliger[n]);
  const double l = t->lambert[n] + w * (t->lambert[n + 1] - t->lambert[n]);
  return mu0 * (s / (mu0 + mu) + l);
}

typedef struct {
  const pl_relief *relief;
  pl_relief_level *level;
  const phase_table *phases;
  const double *eye;
  double shadow_light; /* over the albedo */
  pl_noise_cell cell;
} lighting;

static double albedo(lighting *g, int64_t row, int64_t column) {
  const pl_relief_level *l = g->level;
  const pl_roughness *roughness = &g->relief->terrain->roughness;
  const double from_centre[3] = {l->spacing_m * (double)(l->i0 + column), l->spacing_m * (double)(l->j0 + row),
                                 (double)l->height_m[row * l->ni + column] + g->relief->origin_radius_m};
  double plane[3], unit[3];
  ob_v3_unit(plane, from_centre);
  ob_m3t_v3(unit, g->relief->C_plane_from_mcmf, plane);
  const double noise = pl_roughness_height_m(roughness, ALBEDO_OCTAVE, unit, &g->cell);
  return ALBEDO * (1.0 + ALBEDO_VARIATION / roughness->amplitude_m[ALBEDO_OCTAVE] * noise);
}

/* I/F over the albedo, of one sample whose neighbours are filled in. */
static double sample_light(const lighting *g, int64_t row, int64_t column) {
  const pl_relief_level *l = g->level;
  const float *z = l->height_m + row * l->ni + column;
  const double s = l->spacing_m;
  const double p[3] = {s * (double)(l->i0 + column), s * (double)(l->j0 + row), (double)z[0]};
  const double gx = (double)(z[1] - z[-1]) / (2.0 * s), gy = (double)(z[l->ni] - z[-l->ni]) / (2.0 * s);
  const double *sun = g->relief->sun_plane;
  const double length = 1.0 / ob_sqrt(1.0 + gx * gx + gy * gy);
  const double mu0 = length * (sun[2] - gx * sun[0] - gy * sun[1]);
  /* The Sun's disc and the grid's step soften the edge of a shadow. */
  const double above = (double)(z[0] - l->shade[row * l->ni + column]);
  const double lit = ob_clamp(0.5 + above / (0.3 * s), 0.0, 1.0);
  if (mu0 <= 0.0 || lit <= 0.0) return g->shadow_light;
  double to_eye[3];
  ob_v3_sub(to_eye, g->eye, p);
  ob_v3_unit(to_eye, to_eye);
  const double mu = ob_max(0.05, length * (to_eye[2] - gx * to_eye[0] - gy * to_eye[1]));
  return lit * table_reflectance(g->phases, mu0, mu, ob_v3_dot(to_eye, sun)) + g->shadow_light;
}

#define ALBEDO_STEP 8 /* samples between which albedo is interpolated */

/* Replaces the shadows of one row with I/F. */
static void light_row(void *context, int64_t row, int64_t from, int64_t to) {
  lighting *g = context;
  float *shade = g->level->shade + row * g->level->ni;
  double here = albedo(g, row, from);
  for (int64_t start = from; start < to; start += ALBEDO_STEP) {
    const int64_t end = start + ALBEDO_STEP < to ? start + ALBEDO_STEP : to - 1;
    const double next = albedo(g, row, end);
    for (int64_t n = 0; n < ALBEDO_STEP && start + n < to; n++) {
      const double a = here + (next - here) * (double)n / ALBEDO_STEP;
      shade[start + n] = (float)(a * sample_light(g, row, start + n));
    }
    here = next;
  }
}

/* The light of level ground below the camera, for what finds its way into shadows. */
static double level_light(const pl_relief *r, const phase_table *phases) {
  const double mu0 = ob_max(r->sun_plane[2], 0.0);
  return mu0 > 0.0 ? table_reflectance(phases, mu0, 1.0, r->sun_plane[2]) : 0.0;
}

static void light_relief(pl_relief *r, const double eye[3]) {
  phase_table phases;
  phase_table_init(&phases);
  lighting g = {.relief = r, .phases = &phases, .eye = eye};
  g.shadow_light = SHADOW_LIGHT * level_light(r, &phases);
  pl_noise_cell_init(&g.cell);
  for (int64_t l = 0; l < r->levels; l++) {
    g.level = &r->level[l];
    pl_relief_each_row(g.level, &g, light_row);
  }
}

/* ---- geometry ------------------------------------------------------------------------------ */

typedef struct {
  const pl_relief *relief;
  const ob_camera *camera;
  double eye[3];             /* plane axes */
  double C_plane_from_camera[9];
  double top_m;              /* nothing is higher */
  double finest_depth;       /* from which the second level is fine enough */
} scene;

/* Ray through a pixel in plane axes, of length 1 along the boresight. */
static void pixel_ray(const scene *s, double column, double row, double ray[3]) {
  const double c[3] = {(column - s->camera->center_column_px) / s->camera->focal_px,
                       (row - s->camera->center_row_px) / s->camera->focal_px, 1.0};
  ob_m3_v3(ray, s->C_plane_from_camera, c);
}

/* Depth along a ray to the sphere through the plane's origin; for a ray just over the horizon, to the
 * horizon; negative for one into the sky. */
static double probe_depth(const scene *s, const double ray[3]) {
  const double radius = s->relief->origin_radius_m;
  const double p[3] = {s->eye[0], s->eye[1], s->eye[2] + radius};
  const double a = ob_v3_dot(ray, ray), b = ob_v3_dot(p, ray), c = ob_v3_dot(p, p) - radius * radius;
  const double root = b * b - a * c;
  if (root >= 0.0 && b < 0.0) return (-b - ob_sqrt(root)) / a;
  const double rising = b / (ob_v3_norm(p) * ob_sqrt(a));
  return rising < 0.1 ? 1.1 * ob_sqrt(c / a) : -1.0;
}

typedef struct {
  double point[PROBES * PROBES][2]; /* plane x, y */
  double spacing_m[PROBES * PROBES];
  int count;
} probes;

static void probe(const scene *s, probes *out) {
  out->count = 0;
  for (int n = 0; n < PROBES * PROBES; n++) {
    double ray[3];
    const double column = (double)(n % PROBES) / (PROBES - 1) * (double)s->camera->width - 0.5;
    const double row = (double)(n / PROBES) / (PROBES - 1) * (double)s->camera->height - 0.5;
    pixel_ray(s, column, row, ray);
    const double depth = probe_depth(s, ray);
    if (depth < 0.0) continue;
    out->point[out->count][0] = s->eye[0] + depth * ray[0];
    out->point[out->count][1] = s->eye[1] + depth * ray[1];
    out->spacing_m[out->count] = depth / s->camera->focal_px;
    out->count++;
  }
}

/* What each level must cover: the probes that want its spacing or a finer one, and some more. */
static void level_octagon(const probes *p, double finest_m, int64_t l, double limits[8]) {
  for (int n = 0; n < 4; n++) {
    limits[2 * n] = 1e12;
    limits[2 * n + 1] = -1e12;
  }
  for (int n = 0; n < p->count; n++) {
    if (p->spacing_m[n] >= finest_m * (double)(2 << l)) continue;
    const double x = p->point[n][0], y = p->point[n][1];
    const double along[4] = {x, y, x + y, x - y};
    for (int k = 0; k < 4; k++) {
      limits[2 * k] = ob_min(limits[2 * k], along[k]);
      limits[2 * k + 1] = ob_max(limits[2 * k + 1], along[k]);
    }
  }
  for (int n = 0; n < 4; n++) {
    const double more = 0.04 * (limits[2 * n + 1] - limits[2 * n]);
    limits[2 * n] -= more;
    limits[2 * n + 1] += more;
  }
}

/* Grids for the probes: the finest has about the finest pixel's spacing, or what the memory allows. */
static int lay_out(pl_relief *r, const probes *p, int64_t capacity) {
  double finest = 1e12, farthest = 0.0;
  for (int n = 0; n < p->count; n++) {
    finest = ob_min(finest, FINEST * p->spacing_m[n]);
    farthest = ob_max(farthest, p->spacing_m[n]);
  }
  for (int attempt = 0; attempt < 30 && p->count > 0; attempt++, finest *= 1.2) {
    double limits[PL_RELIEF_LEVELS][8];
    int64_t levels = 0;
    while (levels < PL_RELIEF_LEVELS) {
      const double spacing = finest * (double)(1 << levels);
      level_octagon(p, finest, levels, limits[levels]);
      levels++;
      if (spacing >= COARSEST_M && 2.0 * spacing > farthest) break;
    }
    const int64_t floats = pl_relief_layout(r, finest, levels, (const double(*)[8])limits);
    if (floats > 0 && floats <= capacity) return 1;
  }
  return 0;
}

/* The level to look at, from depth: its spacing is at most that of the pixel. */
static int64_t level_at(const scene *s, double depth) {
  int64_t l = 0;
  for (double limit = s->finest_depth; l < s->relief->levels - 1 && depth >= limit; l++) limit += limit;
  return l;
}

/* The first level at or above l that holds (x, y), and the place in it; null when none does. */
static const pl_relief_level *find(const scene *s, int64_t l, double x, double y, pl_relief_place *place) {
  for (; l < s->relief->levels; l++) {
    if (pl_relief_find(&s->relief->level[l], x, y, place)) return &s->relief->level[l];
  }
  return 0;
}

/* Where a shallow ray comes under the highest ground; negative when it never does. */
static double entry_depth(const scene *s, const double ray[3]) {
  const double above = s->eye[2] - s->top_m;
  if (above <= 0.0) return 0.0;
  return ray[2] < 0.0 ? above / -ray[2] : -1.0;
}

/* Depth at which a ray meets the ground; 0 when it does not. A ray steeper than any slope starts from
 * the depth of its neighbour and goes by height over rate of descent; a shallow one in steps that slopes
 * up to 35 deg cannot pass. */
static double meet(const scene *s, const double ray[3], double guess) {
  const double across = ob_sqrt(ray[0] * ray[0] + ray[1] * ray[1]);
  const int steep = -ray[2] > across;
  double depth = steep && guess > 0.0 ? guess : entry_depth(s, ray);
  if (depth < 0.0) return 0.0;
  for (int i = 0; i < 400; i++) {
    const double x = s->eye[0] + depth * ray[0], y = s->eye[1] + depth * ray[1];
    pl_relief_place place;
    const pl_relief_level *level = find(s, level_at(s, depth), x, y, &place);
    if (level == 0) return 0.0;
    const double gap = s->eye[2] + depth * ray[2] - pl_relief_sample(level, level->height_m, &place);
    if ((steep ? ob_fabs(gap) : gap) < 0.03 * level->spacing_m) return depth;
    if (steep) {
      depth += gap / -ray[2];
    } else {
      depth += ob_max(gap / ob_max(0.7 * across - ray[2], 1e-3), 0.25 * level->spacing_m / across);
    }
  }
  return depth;
}

/* I/F at a place: between the two levels whose spacings bracket the pixel's. */
static double light_at(const scene *s, double x, double y, double depth) {
  pl_relief_place place;
  const pl_relief_level *level = find(s, level_at(s, depth), x, y, &place);
  if (level == 0) return 0.0;
  const double fine = pl_relief_sample(level, level->shade, &place);
  const double w = ob_clamp(depth / (s->camera->focal_px * level->spacing_m) - 1.0, 0.0, 1.0);
  const pl_relief_level *parent = level + 1;
  if (parent == s->relief->level + s->relief->levels || !pl_relief_find(parent, x, y, &place)) return fine;
  return fine + w * (pl_relief_sample(parent, parent->shade, &place) - fine);
}

static void project(const scene *s, float *light) {
  const int64_t width = s->camera->width;
  double row_guess = 0.0;
  for (int64_t row = 0; row < s->camera->height; row++) {
    double guess = row_guess;
    for (int64_t column = 0; column < width; column++) {
      double ray[3];
      pixel_ray(s, (double)column, (double)row, ray);
      guess = meet(s, ray, guess);
      const double x = s->eye[0] + guess * ray[0], y = s->eye[1] + guess * ray[1];
      light[row * width + column] = guess > 0.0 ? (float)light_at(s, x, y, guess) : 0.0f;
      if (column == 0) row_guess = guess;
    }
  }
}

/* ---- sensor -------------------------------------------------------------------------------- */

static void blur_line(float *line, int64_t count, int64_t stride, float share) {
  float before = line[0];
  for (int64_t i = 0; i < count; i++) {
    const float here = line[i * stride], next = line[(i + 1 < count ? i + 1 : i) * stride];
    line[i * stride] = here + share * (before - 2.0f * here + next);
    before = here;
  }
}

/* A deviate of unit variance: the sum of four uniform ones of 16 bits. */
static double deviate(uint64_t hash) {
  const uint64_t sum = (hash & 0xffff) + (hash >> 16 & 0xffff) + (hash >> 32 & 0xffff) + (hash >> 48);
  return ((double)sum * 0x1p-16 - 2.0) * 1.7320508075688772;
}

static void expose(const pl_sensor *sensor, uint64_t seed, const float *light, int64_t pixels,
                   uint8_t *image) {
  const double gain = sensor->exposure_s * sensor->electrons_per_s;
  const double read_variance = sensor->read_noise_e * sensor->read_noise_e;
  const double counts = 255.0 / sensor->full_well_e;
  for (int64_t n = 0; n < pixels; n++) {
    const double electrons = gain * (double)light[n];
    const double noise = ob_sqrt(electrons + read_variance) * deviate(pl_mix64(seed + (uint64_t)n));
    image[n] = (uint8_t)(ob_clamp(counts * (electrons + noise), 0.0, 255.0) + 0.5);
  }
}

static void develop(const ob_camera *camera, const pl_sensor *sensor, uint64_t seed, float *light,
                    uint8_t *image) {
  const int64_t width = camera->width, height = camera->height;
  const float share = (float)sensor->blur;
  for (int64_t row = 0; row < height; row++) blur_line(light + row * width, width, 1, share);
  for (int64_t column = 0; column < width; column++) blur_line(light + column, height, width, share);
  expose(sensor, pl_mix64(seed), light, width * height, image);
}

/* ---- picture ------------------------------------------------------------------------------- */

int64_t pl_render_memory(const ob_camera *camera) { return 40 * camera->width * camera->height + 400000; }

static void scene_init(scene *s, pl_relief *relief, const pl_terrain *terrain, const ob_camera *camera,
                       const pl_view *view) {
  double unit[3], C_mcmf_from_camera[9];
  ob_v3_unit(unit, view->position_mcmf_m);
  pl_relief_init(relief, terrain, unit, view->sun_mcmf);
  s->relief = relief;
  s->camera = camera;
  pl_relief_from_mcmf(relief, view->position_mcmf_m, s->eye);
  ob_q_to_matrix(C_mcmf_from_camera, view->q_mcmf_from_camera);
  ob_m3_mul(s->C_plane_from_camera, relief->C_plane_from_mcmf, C_mcmf_from_camera);
}

int pl_render(pl_relief *relief, const pl_terrain *terrain, const ob_camera *camera, const pl_view *view,
              const pl_sensor *sensor, uint64_t seed, float *memory, int64_t capacity, uint8_t *image) {
  const int64_t pixels = camera->width * camera->height;
  for (int64_t n = 0; n < pixels; n++) image[n] = 0;
  scene s;
  probes p;
  scene_init(&s, relief, terrain, camera, view);
  if (s.eye[2] <= 0.0) return 0;
  probe(&s, &p);
  if (!lay_out(relief, &p, capacity - pixels)) return 0;
  float *light = memory;
  pl_relief_build(relief, memory + pixels);
  s.top_m = pl_relief_highest_m(relief);
  s.finest_depth = 2.0 * camera->focal_px * relief->level[0].spacing_m;
  light_relief(relief, s.eye);
  project(&s, light);
  develop(camera, sensor, seed, light, image);
  return 1;
}
