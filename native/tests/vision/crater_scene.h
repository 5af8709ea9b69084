/* A cap of the Moon with craters at random, its index, and what a camera over it detects. */
#ifndef TESTS_CRATER_SCENE_H
#define TESTS_CRATER_SCENE_H

#include <string.h>

#include "exercise.h"
#include "onboard/crc32.h"
#include "onboard/vector.h"
#include "vision/crater_identify.h"

/* One class and eight tiles. */
enum {
  CRATERS = 400,
  TILES = 8,
  NEIGHBOURS = 24,
  OCTETS = 64 + 16 + 28 * TILES + CRATERS * (20 + 4 * NEIGHBOURS),
  DETECTIONS = 90
};

typedef struct {
  double normal[CRATERS][3];
  uint16_t radius_10m[CRATERS];
  union {
    uint8_t octets[OCTETS];
    uint32_t aligned;
  } index;
} scene;

static double fraction(uint64_t *state) { return (double)(vision_next(state) >> 11) / 9007199254740992.0; }

static void scatter(scene *s, uint64_t *state) {
  for (int k = 0; k < CRATERS; k++) {
    const double point[3] = {0.5 * fraction(state) - 0.25, 0.5 * fraction(state) - 0.25, 1.0};
    ob_v3_unit(s->normal[k], point);
    const double u = fraction(state);
    s->radius_10m[k] = (uint16_t)(250.0 / ob_sqrt(0.01 + 0.99 * u));
  }
}

/* The next nearest after `than`, by distance and number. */
static int next_near(const scene *s, int k, double than, int after) {
  double least = 1e9;
  int best = k;
  for (int j = 0; j < CRATERS; j++) {
    double d[3];
    ob_v3_sub(d, s->normal[j], s->normal[k]);
    const double square = ob_v3_dot(d, d);
    if (j != k && (square > than || (square == than && j > after)) && square < least) {
      least = square;
      best = j;
    }
  }
  return best;
}

static uint8_t *put(uint8_t *at, const void *from, size_t octets) {
  memcpy(at, from, octets);
  return at + octets;
}

static uint8_t *put_tables(uint8_t *at) {
  const ob_crater_class all = {0, TILES, 2000.0F, 30000.0F};
  at = put(at, &all, sizeof all);
  for (uint32_t t = 0; t < TILES; t++) {
    const ob_crater_tile tile = {{0.0F, 0.0F, 1.0F}, 0.6F, 0.8F, t * (CRATERS / TILES), CRATERS / TILES};
    at = put(at, &tile, sizeof tile);
  }
  return at;
}

static void build(scene *s) {
  uint8_t *at = put_tables(s->index.octets + 64);
  for (int axis = 0; axis < 3; axis++) {
    for (int k = 0; k < CRATERS; k++) {
      const int32_t x = (int32_t)(s->normal[k][axis] * 1073741824.0);
      at = put(at, &x, sizeof x);
    }
  }
  for (uint32_t k = 0; k < CRATERS; k++) at = put(at, &k, sizeof k);
  for (int k = 0; k < CRATERS; k++) {
    double than = -1.0;
    int near = -1;
    for (int n = 0; n < NEIGHBOURS; n++) {
      double d[3];
      near = next_near(s, k, than, near);
      ob_v3_sub(d, s->normal[near], s->normal[k]);
      than = ob_v3_dot(d, d);
      const uint32_t index = (uint32_t)near;
      at = put(at, &index, sizeof index);
    }
  }
  at = put(at, s->radius_10m, sizeof s->radius_10m);
  memset(at, 0, 2 * CRATERS);
  ob_crater_index_header h = {.version = OB_CRATER_INDEX_VERSION, .octets = OCTETS, .count = CRATERS,
                              .neighbour_count = NEIGHBOURS, .class_count = 1, .tile_count = TILES,
                              .radius_unit_m = 10.0F};
  memcpy(h.magic, "OBCRATER", 8);
  memcpy(s->index.octets, &h, sizeof h);
  h.crc = ob_crc32(0, s->index.octets + 12, OCTETS - 12);
  memcpy(s->index.octets, &h, sizeof h);
}

/* From `height` over the pole, looking straight down with x to the right and y down. */
static int64_t look_down(const scene *s, double height, uint64_t *state, ob_crater_ellipse *out) {
  int64_t count = 0;
  for (int k = 0; k < CRATERS && count < DETECTIONS - 10; k++) {
    const double z = OB_MOON_SPHERE_M * (1.0 - s->normal[k][2]) + height;
    const double column = 512.0 + 887.0 * OB_MOON_SPHERE_M * s->normal[k][0] / z;
    const double row = 512.0 - 887.0 * OB_MOON_SPHERE_M * s->normal[k][1] / z;
    const double radius = 887.0 * 10.0 * s->radius_10m[k] / z;
    if (!(column > 0.0 && column < 1023.0 && row > 0.0 && row < 1023.0 && radius > 5.0)) continue;
    if (vision_next(state) % 4 == 0) continue;
    out[count++] = (ob_crater_ellipse){
        {column + fraction(state) - 0.5, row + fraction(state) - 0.5}, radius, 0.5, 0.5};
  }
  for (int k = 0; k < 10; k++) {
    out[count++] = (ob_crater_ellipse){
        {1023.0 * fraction(state), 1023.0 * fraction(state)}, 6.0 + 10.0 * fraction(state), 0.5, 0.5};
  }
  return count;
}

#endif
