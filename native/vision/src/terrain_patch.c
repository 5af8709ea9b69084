#include "terrain_patch.h"

#include <assert.h>
#include <string.h>

#include "onboard/elementary.h"
#include "onboard/quaternion.h"

#define CELL 5 /* pixels between the nodes of the lattice */
#define NODES (OB_TERRAIN_SIDE / CELL + 1)
static_assert((NODES - 1) * CELL + 1 == OB_TERRAIN_SIDE, "the lattice ends at the last pixel");
static_assert((NODES - 1) % 2 == 0, "a node in the middle");

static void ray(const ob_terrain_scene *scene, double column, double row, double direction[3]) {
  const ob_terrain_prior *const prior = scene->prior;
  const double camera[3] = {(column - prior->center_px[0]) / prior->focal_px,
                            (row - prior->center_px[1]) / prior->focal_px, 1.0};
  ob_q_rotate_back(direction, scene->q, camera);
}

static double middle_height(const ob_relief *ground) {
  const int64_t at = ground->rows / 2 * ground->columns + ground->columns / 2;
  return (double)ground->height_m[at];
}

int64_t ob_terrain_scene_begin(ob_terrain_scene *scene, const ob_relief *ground,
                               const ob_terrain_prior *prior) {
  scene->ground = ground;
  scene->prior = prior;
  memcpy(scene->q, prior->q_camera_from_world, sizeof scene->q);
  memcpy(scene->position_m, prior->position_m, sizeof scene->position_m);
  double direction[3], point[3];
  ray(scene, prior->center_px[0], prior->center_px[1], direction);
  scene->height_m = middle_height(ground);
  if (ob_relief_meet(ground, scene->position_m, direction, scene->height_m, point)) {
    scene->height_m = point[2];
  }
  scene->range_m = (scene->height_m - scene->position_m[2]) / direction[2];
  return scene->range_m > 1e-3 && scene->range_m < 1e9;
}

/* Samples of the ground (column, row) and heights at the nodes; `aside`: by how many samples a ray in the
 * middle moves for each metre up. */
static int64_t meet_lattice(const ob_terrain_scene *scene, int64_t level, double column, double row,
                            double nodes[NODES][NODES][3], double aside[2], double point_m[3]) {
  const ob_relief *const ground = scene->ground;
  const double scale = (double)(INT64_C(1) << level);
  double z_m = scene->height_m;
  for (int32_t i = 0; i < NODES; i++) {
    for (int32_t j = 0; j < NODES; j++) {
      const double x = (column + (double)(CELL * j - OB_TERRAIN_SIDE / 2)) * scale;
      const double y = (row + (double)(CELL * i - OB_TERRAIN_SIDE / 2)) * scale;
      double direction[3], point[3];
      ray(scene, x, y, direction);
      if (!ob_relief_meet(ground, scene->position_m, direction, z_m, point)) {
        return 0;
      }
      z_m = point[2];
      nodes[i][j][0] = (point[0] - ground->x0_m) / ground->spacing_m;
      nodes[i][j][1] = (point[1] - ground->y0_m) / ground->spacing_m;
      nodes[i][j][2] = z_m;
      if (i == NODES / 2 && j == NODES / 2) {
        memcpy(point_m, point, sizeof point);
        aside[0] = direction[0] / direction[2] / ground->spacing_m;
        aside[1] = direction[1] / direction[2] / ground->spacing_m;
      }
    }
  }
  return 1;
}

/* The level of the ground's brightness whose samples are nearest to the pixels in size: by area, from the
 * lattice's diagonals. */
static int64_t ground_level(const ob_terrain_scene *scene, double nodes[NODES][NODES][3]) {
  const double *const a = nodes[0][0], *const b = nodes[NODES - 1][NODES - 1];
  const double *const c = nodes[0][NODES - 1], *const d = nodes[NODES - 1][0];
  const double twice = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0]);
  const double pixel = 0.5 * ob_fabs(twice) / (double)((OB_TERRAIN_SIDE - 1) * (OB_TERRAIN_SIDE - 1));
  int64_t level = 0;
  for (double area = 2.0; pixel > area && level < scene->ground_levels.levels - 1; area *= 4.0) {
    level++;
  }
  return level;
}

/* Bilinear, at the nearest place within; beyond the last row and column a level has its margin. */
static double grey_at(const ob_image *image, double column, double row) {
  column = ob_clamp(column, 0.0, (double)(image->width - 1));
  row = ob_clamp(row, 0.0, (double)(image->height - 1));
  const int64_t x = (int64_t)column, y = (int64_t)row;
  const double a = column - (double)x, b = row - (double)y;
  const uint8_t *const p = image->pixels + y * image->stride + x, *const q = p + image->stride;
  const double top = (double)p[0] + a * ((double)p[1] - (double)p[0]);
  const double bottom = (double)q[0] + a * ((double)q[1] - (double)q[0]);
  return top + b * (bottom - top);
}

static double between(double nodes[NODES][NODES][3], int32_t i, int32_t j, int32_t axis, double a, double b) {
  const double top = nodes[i][j][axis] + a * (nodes[i][j + 1][axis] - nodes[i][j][axis]);
  const double bottom = nodes[i + 1][j][axis] + a * (nodes[i + 1][j + 1][axis] - nodes[i + 1][j][axis]);
  return top + b * (bottom - top);
}

/* The sample under a pixel: what is between the nodes, then moved along the ray by what the ground there is
 * higher. */
static void place_of(const ob_terrain_scene *scene, double nodes[NODES][NODES][3], const double aside[2],
                     int32_t y, int32_t x, double place[2]) {
  const int32_t i = y / CELL < NODES - 1 ? y / CELL : NODES - 2;
  const int32_t j = x / CELL < NODES - 1 ? x / CELL : NODES - 2;
  const double a = (double)(x - CELL * j) / CELL, b = (double)(y - CELL * i) / CELL;
  const ob_relief *const ground = scene->ground;
  double height_m;
  place[0] = between(nodes, i, j, 0, a, b);
  place[1] = between(nodes, i, j, 1, a, b);
  if (ob_relief_height(ground, ground->x0_m + place[0] * ground->spacing_m,
                       ground->y0_m + place[1] * ground->spacing_m, &height_m)) {
    const double higher_m = height_m - between(nodes, i, j, 2, a, b);
    place[0] += higher_m * aside[0];
    place[1] += higher_m * aside[1];
  }
}

int64_t ob_terrain_render(const ob_terrain_scene *scene, int64_t level, double column, double row,
                          uint8_t pixels[OB_TERRAIN_SIDE * OB_TERRAIN_SIDE], double point_m[3]) {
  double nodes[NODES][NODES][3], aside[2] = {0.0, 0.0}, place[2];
  if (!meet_lattice(scene, level, column, row, nodes, aside, point_m)) {
    return 0;
  }
  const int64_t coarse = ground_level(scene, nodes);
  const ob_image *const grey = &scene->ground_levels.level[coarse];
  const double per = 1.0 / (double)(INT64_C(1) << coarse);
  for (int32_t y = 0; y < OB_TERRAIN_SIDE; y++) {
    for (int32_t x = 0; x < OB_TERRAIN_SIDE; x++) {
      place_of(scene, nodes, aside, y, x, place);
      pixels[y * OB_TERRAIN_SIDE + x] = (uint8_t)(grey_at(grey, place[0] * per, place[1] * per) + 0.5);
    }
  }
  return 1;
}
