#include "onboard/terrain_map.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/vector.h"

#define MARCH_STEPS 120
#define REFINE_STEPS 40
#define TOLERANCE_M 5.0e-3
#define SHORTEST_STEP_M 0.25
#define STEEPEST_SLOPE 0.7 /* tan 35 deg */

typedef struct {
  double u, v; /* in samples from the first, along and across */
} place;

/* NaN compares false, so it is outside. */
static int holds(const ob_map_grid *grid, double along_m, double cross_m, place *at) {
  at->u = (along_m - grid->along0_m) / grid->spacing_m;
  at->v = (cross_m - grid->cross0_m) / grid->spacing_m;
  return at->u >= 0.0 && at->v >= 0.0 && at->u <= (double)(grid->n_along - 1) &&
         at->v <= (double)(grid->n_cross - 1);
}

static double bilinear(const ob_map_grid *grid, const place *at) {
  double i = ob_min(ob_floor(at->u), (double)(grid->n_along - 2));
  double k = ob_min(ob_floor(at->v), (double)(grid->n_cross - 2));
  const float *h = grid->height_m + (int64_t)i * grid->n_cross + (int64_t)k;
  double near = (double)h[0] + (at->v - k) * ((double)h[1] - (double)h[0]);
  h += grid->n_cross;
  double far = (double)h[0] + (at->v - k) * ((double)h[1] - (double)h[0]);
  return near + (at->u - i) * (far - near);
}

/* The finest grid there, or -1. */
static int32_t find(const ob_terrain_map *map, double along_m, double cross_m, place *at) {
  assert(map->count >= 0 && map->count <= OB_MAP_GRIDS);
  for (int32_t g = (int32_t)map->count - 1; g >= 0; g--) {
    if (holds(&map->grid[g], along_m, cross_m, at)) {
      return g;
    }
  }
  return -1;
}

int32_t ob_map_grid_at(const ob_terrain_map *map, double along_m, double cross_m) {
  place at;
  return find(map, along_m, cross_m, &at);
}

double ob_map_height_m(const ob_terrain_map *map, double along_m, double cross_m, double *sigma_m) {
  place at;
  int32_t g = find(map, along_m, cross_m, &at);
  if (g < 0) {
    *sigma_m = OB_MAP_UNKNOWN_SIGMA_M;
    return 0.0;
  }
  *sigma_m = map->grid[g].sigma_m;
  return bilinear(&map->grid[g], &at);
}

static void surface_point(const ob_terrain_map *map, double along_m, double cross_m, double out[3]) {
  double sigma_m;
  double corridor[3] = {along_m, cross_m, ob_map_height_m(map, along_m, cross_m, &sigma_m)};
  ob_mcmf_from_corridor(&map->corridor, corridor, out);
}

void ob_map_normal(const ob_terrain_map *map, double along_m, double cross_m, double baseline_m,
                   double normal_mcmf[3]) {
  assert(baseline_m > 0.0);
  double ahead[3], behind[3], left[3], right[3], forward[3], leftward[3], normal[3];
  surface_point(map, along_m + baseline_m, cross_m, ahead);
  surface_point(map, along_m - baseline_m, cross_m, behind);
  surface_point(map, along_m, cross_m + baseline_m, left);
  surface_point(map, along_m, cross_m - baseline_m, right);
  ob_v3_sub(forward, ahead, behind);
  ob_v3_sub(leftward, left, right);
  ob_v3_cross(normal, forward, leftward);
  ob_v3_unit(normal_mcmf, normal);
}

void ob_map_relief(const ob_terrain_map *map, double along_m, double cross_m, double radius_m,
                   double *lowest_m, double *highest_m) {
  double sigma_m;
  *lowest_m = *highest_m = ob_map_height_m(map, along_m, cross_m, &sigma_m);
  for (int32_t i = -4; i <= 4; i++) {
    for (int32_t k = -4; k <= 4; k++) {
      double h = ob_map_height_m(map, along_m + 0.25 * radius_m * (double)i,
                                 cross_m + 0.25 * radius_m * (double)k, &sigma_m);
      *lowest_m = ob_min(*lowest_m, h);
      *highest_m = ob_max(*highest_m, h);
    }
  }
}

/* sqrt(-2 ln(1 - q)) of q = 1/6, 1/2, 5/6, times the factor that makes the mean square 2 */
static const double RING[3] = {0.6404195, 1.2487004, 2.0076378};

#define C8 0.7071067811865476
#define C16 0.9238795325112867
#define S16 0.3826834323650898

/* The eight directions of even rings, and of the odd ring between them. */
static const double SPOKE[2][8][2] = {
    {{1.0, 0.0}, {C8, C8}, {0.0, 1.0}, {-C8, C8}, {-1.0, 0.0}, {-C8, -C8}, {0.0, -1.0}, {C8, -C8}},
    {{C16, S16}, {S16, C16}, {-S16, C16}, {-C16, S16}, {-C16, -S16}, {-S16, -C16}, {S16, -C16},
     {C16, -S16}},
};

void ob_map_scatter(const ob_terrain_map *map, double along_m, double cross_m, double sigma_m,
                    double *offset_m, double *scatter_m) {
  double survey_m, sum = 0.0, squares = 0.0;
  double here_m = ob_map_height_m(map, along_m, cross_m, &survey_m);
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t k = 0; k < 8; k++) {
      double along = along_m + sigma_m * RING[i] * SPOKE[i & 1][k][0];
      double cross = cross_m + sigma_m * RING[i] * SPOKE[i & 1][k][1];
      double height_m = ob_map_height_m(map, along, cross, &survey_m);
      double rise = survey_m < OB_MAP_UNKNOWN_SIGMA_M ? height_m - here_m : 0.0;
      sum += rise;
      squares += rise * rise;
    }
  }
  *offset_m = sum / 24.0;
  *scatter_m = ob_sqrt(ob_max(squares / 24.0 - *offset_m * *offset_m, 0.0));
}

typedef struct {
  double range_m, clearance_m, sigma_m;
  double descent; /* -cosine of the angle between the ray and the vertical */
  int32_t grid;
} ray_point;

static ray_point look(const ob_terrain_map *map, const double origin[3], const double direction[3],
                      double range_m) {
  ray_point at = {.range_m = range_m};
  double r[3], corridor[3];
  ob_v3_copy(r, origin);
  ob_v3_axpy(r, range_m, direction);
  ob_corridor_from_mcmf(&map->corridor, r, corridor);
  at.grid = ob_map_grid_at(map, corridor[0], corridor[1]);
  at.clearance_m = corridor[2] - ob_map_height_m(map, corridor[0], corridor[1], &at.sigma_m);
  at.descent = -ob_v3_dot(r, direction) / ob_v3_norm(r);
  return at;
}

/* The longest step that cannot pass through ground of the steepest slope. */
static double safe_step(const ray_point *at) {
  double level = ob_sqrt(ob_max(1.0 - at->descent * at->descent, 0.0));
  double closing = ob_max(at->descent + STEEPEST_SLOPE * level, 0.02);
  return ob_max(at->clearance_m / closing, SHORTEST_STEP_M);
}

/* Regula falsi between a point above and a point below the ground; the retained end is halved. */
static ray_point refine(const ob_terrain_map *map, const double origin[3], const double direction[3],
                        ray_point above, ray_point below) {
  ray_point at = below;
  int side = 0;
  double above_m = above.clearance_m, below_m = below.clearance_m;
  for (int32_t i = 0; i < REFINE_STEPS && ob_fabs(at.clearance_m) > TOLERANCE_M; i++) {
    double fraction = above_m / (above_m - below_m);
    at = look(map, origin, direction, above.range_m + fraction * (below.range_m - above.range_m));
    if (at.clearance_m > 0.0) {
      above = at;
      above_m = at.clearance_m;
      below_m = side > 0 ? 0.5 * below_m : below_m;
      side = 1;
    } else {
      below = at;
      below_m = at.clearance_m;
      above_m = side < 0 ? 0.5 * above_m : above_m;
      side = -1;
    }
  }
  return at;
}

int ob_map_raycast(const ob_terrain_map *map, const double origin_mcmf[3],
                   const double direction_mcmf[3], double max_range_m, double *range_m,
                   double *sigma_m) {
  ray_point at = look(map, origin_mcmf, direction_mcmf, 0.0);
  if (!(at.clearance_m > 0.0)) {
    return 0;
  }
  int hit = 0;
  for (int32_t i = 0; i < MARCH_STEPS && !hit; i++) {
    ray_point next = look(map, origin_mcmf, direction_mcmf, at.range_m + safe_step(&at));
    hit = next.clearance_m <= TOLERANCE_M;
    at = next.clearance_m < -TOLERANCE_M ? refine(map, origin_mcmf, direction_mcmf, at, next) : next;
    if (!(at.range_m <= max_range_m)) {
      return 0;
    }
  }
  if (!hit || at.grid < 0) {
    return 0;
  }
  *range_m = at.range_m;
  *sigma_m = at.sigma_m;
  return 1;
}
