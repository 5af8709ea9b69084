#include "vision/relief.h"

#include "onboard/elementary.h"

#define NOTHING (-1.0e30f) /* height of no shadow */

int64_t ob_relief_is_sound(const ob_relief *ground) {
  return ground->columns >= 3 && ground->columns <= OB_RELIEF_SIDE_MAX && ground->rows >= 3 &&
         ground->rows <= OB_RELIEF_SIDE_MAX && ground->spacing_m > 1e-6 && ground->spacing_m < 1e6 &&
         ob_fabs(ground->x0_m) < 1e9 && ob_fabs(ground->y0_m) < 1e9;
}

static double sample(const ob_relief *ground, int64_t row, int64_t column) {
  return (double)ground->height_m[row * ground->columns + column];
}

int64_t ob_relief_height(const ob_relief *ground, double x_m, double y_m, double *height_m) {
  const double u = (x_m - ground->x0_m) / ground->spacing_m, v = (y_m - ground->y0_m) / ground->spacing_m;
  if (!(u >= 0.0 && u <= (double)(ground->columns - 1) && v >= 0.0 && v <= (double)(ground->rows - 1))) {
    return 0;
  }
  const int64_t i = (int64_t)ob_min(v, (double)(ground->rows - 2));
  const int64_t j = (int64_t)ob_min(u, (double)(ground->columns - 2));
  const double a = u - (double)j, b = v - (double)i;
  const double first = sample(ground, i, j) + a * (sample(ground, i, j + 1) - sample(ground, i, j));
  const double second =
      sample(ground, i + 1, j) + a * (sample(ground, i + 1, j + 1) - sample(ground, i + 1, j));
  *height_m = first + b * (second - first);
  return 1;
}

int64_t ob_relief_meet(const ob_relief *ground, const double origin_m[3], const double direction[3],
                       double z_m, double point_m[3]) {
  for (int32_t step = 0; step < OB_RELIEF_STEPS; step++) {
    const double along = (z_m - origin_m[2]) / direction[2];
    double ground_m;
    if (!(along > 0.0)) {
      return 0;
    }
    point_m[0] = origin_m[0] + along * direction[0];
    point_m[1] = origin_m[1] + along * direction[1];
    point_m[2] = z_m;
    if (!ob_relief_height(ground, point_m[0], point_m[1], &ground_m)) {
      return 0;
    }
    if (ob_fabs(ground_m - z_m) <= 0.01 * ground->spacing_m) {
      return 1;
    }
    z_m = ground_m;
  }
  return 0;
}

/* --- shadows --- */

/* The sweep: lines across it, samples along a line. */
typedef struct {
  int64_t lines, along;               /* how many */
  int64_t line_step, along_step;      /* samples from one to the next, in the order away from the Sun */
  int64_t first;                      /* sample of the first line */
  double aside;                       /* samples along the line before, towards the Sun */
  double fall;                        /* of the ray on the way, m */
} sweep;

static sweep sweep_of(const ob_relief *ground, const double to_sun[3]) {
  const double x = to_sun[0], y = to_sun[1], flat = ob_sqrt(x * x + y * y);
  const int64_t by_columns = ob_fabs(x) >= ob_fabs(y);
  const double main = by_columns ? x : y, other = by_columns ? y : x;
  sweep s = {.lines = by_columns ? ground->columns : ground->rows,
             .along = by_columns ? ground->rows : ground->columns,
             .line_step = by_columns ? 1 : ground->columns,
             .along_step = by_columns ? ground->columns : 1};
  if (main > 0.0) {
    s.first = (s.lines - 1) * s.line_step;
    s.line_step = -s.line_step;
  }
  s.aside = other / ob_fabs(main);
  s.fall = ground->spacing_m * (flat / ob_fabs(main)) * (to_sun[2] / flat);
  return s;
}

/* What stands at a place of a line, ground or shadow; nothing beyond its ends. */
static double stands(const sweep *s, const float *tops, int64_t line, double place) {
  const double low = ob_floor(place);
  if (!(low >= 0.0 && low + 1.0 <= (double)(s->along - 1))) {
    return (double)NOTHING;
  }
  const int64_t at = s->first + line * s->line_step + (int64_t)low * s->along_step;
  const double a = (double)tops[at], b = (double)tops[at + s->along_step];
  return a + (place - low) * (b - a);
}

/* `lit`: 0 to 1 for each sample. `tops`: of ground and shadow. */
static void cast_shadows(const ob_relief *ground, const double to_sun[3], float *lit, float *tops) {
  const sweep s = sweep_of(ground, to_sun);
  for (int64_t line = 0; line < s.lines; line++) {
    for (int64_t i = 0; i < s.along; i++) {
      const int64_t at = s.first + line * s.line_step + i * s.along_step;
      const double height = (double)ground->height_m[at];
      const double before = line == 0 ? (double)NOTHING : stands(&s, tops, line - 1, (double)i + s.aside);
      const double shadow = before - s.fall;
      lit[at] = (float)ob_clamp(1.0 + (height - shadow) / s.fall, 0.0, 1.0);
      tops[at] = (float)ob_max(height, shadow); /* of no height: the shadow */
    }
  }
}

/* --- light --- */

static double brightness(const double n[3], const ob_relief_light *light) {
  const double length = ob_sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
  const double *const s = light->to_sun, *const v = light->to_viewer;
  const double incidence = ob_max((n[0] * s[0] + n[1] * s[1] + n[2] * s[2]) / length, 0.0);
  const double emission = ob_max((n[0] * v[0] + n[1] * v[1] + n[2] * v[2]) / length, 0.0);
  if (!(incidence > 0.0 && emission > 0.0)) {
    return 0.0;
  }
  return light->lommel_seeliger * 2.0 * incidence / (incidence + emission) +
         (1.0 - light->lommel_seeliger) * incidence;
}

static void normal_at(const ob_relief *ground, int64_t row, int64_t column, double n[3]) {
  const int64_t left = column > 0 ? column - 1 : 0, up = row > 0 ? row - 1 : 0;
  const int64_t right = column < ground->columns - 1 ? column + 1 : column;
  const int64_t down = row < ground->rows - 1 ? row + 1 : row;
  const double across = ground->spacing_m * (double)(right - left);
  const double along = ground->spacing_m * (double)(down - up);
  n[0] = (sample(ground, row, left) - sample(ground, row, right)) / across;
  n[1] = (sample(ground, up, column) - sample(ground, down, column)) / along;
  n[2] = 1.0;
}

/* Brightness in place of `lit`. Returns the mean. */
static double light_up(const ob_relief *ground, const float *albedo, const ob_relief_light *light,
                       float *lit) {
  double sum = 0.0;
  for (int64_t row = 0; row < ground->rows; row++) {
    for (int64_t column = 0; column < ground->columns; column++) {
      const int64_t at = row * ground->columns + column;
      double n[3];
      normal_at(ground, row, column, n);
      const double bright =
          brightness(n, light) * (double)lit[at] * (albedo == 0 ? 1.0 : (double)albedo[at]);
      lit[at] = bright > 0.0 && bright < 1e6 ? (float)bright : 0.0f;
      sum += (double)lit[at];
    }
  }
  return sum / (double)(ground->rows * ground->columns);
}

static int64_t is_unit(const double v[3]) {
  return ob_fabs(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] - 1.0) < 1e-6;
}

static int64_t light_is_sound(const ob_relief_light *light) {
  return is_unit(light->to_sun) && is_unit(light->to_viewer) && light->lommel_seeliger >= 0.0 &&
         light->lommel_seeliger <= 1.0 && light->mean_level >= 1.0 && light->mean_level <= 255.0;
}

int64_t ob_relief_workspace(const ob_relief *ground) {
  return ob_relief_is_sound(ground) ? 2 * ground->rows * ground->columns : 0;
}

int64_t ob_relief_shade(const ob_relief *ground, const float *albedo, const ob_relief_light *light,
                        uint8_t *grey, float *workspace) {
  if (!ob_relief_is_sound(ground)) {
    return OB_RELIEF_BAD_GRID;
  }
  if (!light_is_sound(light)) {
    return OB_RELIEF_BAD_LIGHT;
  }
  const int64_t count = ground->rows * ground->columns;
  float *const lit = workspace, *const tops = workspace + count;
  const double flat = light->to_sun[0] * light->to_sun[0] + light->to_sun[1] * light->to_sun[1];
  for (int64_t i = 0; i < count; i++) {
    lit[i] = 1.0f;
  }
  if (flat > 1e-12 && light->to_sun[2] > 1e-9) { /* not overhead; below the horizon slopes are dark */
    cast_shadows(ground, light->to_sun, lit, tops);
  }
  const double mean = light->to_sun[2] > 1e-9 ? light_up(ground, albedo, light, lit) : 0.0;
  const double scale = mean > 0.0 ? light->mean_level / mean : 0.0;
  for (int64_t i = 0; i < count; i++) {
    grey[i] = (uint8_t)ob_min((double)lit[i] * scale + 0.5, 255.0);
  }
  return OB_RELIEF_OK;
}
