#include <assert.h>

#include "crater_scene.h"
#include "onboard/hash.h"
#include "vision/crater_lost.h"

/* The index of the scene's quads, built here by the words of crater_quads.h. */
enum { NEAR = 7, QUADS = CRATERS * NEAR * (NEAR - 1) * (NEAR - 2) / 6, SHIFT = 6, SIDE = 256 >> SHIFT };
enum { CELLS = OB_QUAD_KINDS * SIDE * SIDE * SIDE * SIDE, LOST_WORKSPACE = 300000 };

typedef struct {
  ob_quad_index_header header;
  uint32_t near[CRATERS][NEAR];
  uint32_t cells[CELLS + 1];
  ob_quad quads[QUADS];
} quad_file;

static double twice_area(double places[4][2], int a, int b, int c) {
  return (places[b][0] - places[a][0]) * (places[c][1] - places[a][1]) -
         (places[b][1] - places[a][1]) * (places[c][0] - places[a][0]);
}

/* Those at least as large, nearest first; the crater itself where there are too few. */
static void find_near(const scene *s, quad_file *f) {
  for (int k = 0; k < CRATERS; k++) {
    double than = -1.0;
    int near = -1, found = 0;
    for (int n = 0; n < CRATERS - 1 && found < NEAR; n++) {
      double d[3];
      near = next_near(s, k, than, near);
      ob_v3_sub(d, s->normal[near], s->normal[k]);
      than = ob_v3_dot(d, d);
      if (s->radius_10m[near] >= s->radius_10m[k]) f->near[k][found++] = (uint32_t)near;
    }
    while (found < NEAR) f->near[k][found++] = (uint32_t)k;
  }
}

/* Its cell, or -1 when it is flat or out of range. East and north for the craters about the pole are x
 * and y: an affine map does no harm to invariants. */
static int64_t describe_quad(const scene *s, const quad_file *f, uint32_t a, const uint32_t number[3], ob_quad *q) {
  static const uint8_t corner[4][3] = {{0, 1, 2}, {0, 2, 3}, {0, 3, 1}, {1, 2, 3}};
  double places[4][2], log_radius[4], area[4], least = 1e9, most = 0.0;
  q->name = a << 12 | number[0] << 8 | number[1] << 4 | number[2];
  for (int k = 0; k < 4; k++) {
    const uint32_t j = k == 0 ? a : f->near[a][number[k - 1]];
    for (int axis = 0; axis < 2; axis++) places[k][axis] = OB_MOON_SPHERE_M * s->normal[j][axis];
    log_radius[k] = ob_log(10.0 * s->radius_10m[j]);
  }
  for (int k = 0; k < 4; k++) {
    area[k] = twice_area(places, corner[k][0], corner[k][1], corner[k][2]);
    least = ob_min(least, ob_fabs(area[k]));
    most = ob_max(most, ob_fabs(area[k]));
  }
  const int within = area[0] > 0.0 && area[1] > 0.0 && area[2] > 0.0;
  const int first = log_radius[1] > log_radius[2] && log_radius[1] > log_radius[3];
  if (least <= OB_QUAD_FLATTEST * most || area[0] < 0.0 || area[1] < 0.0 || (within && !first)) return -1;
  int64_t cell = within ? 0 : area[3] > 0.0 ? 1 : 2;
  for (int k = 0; k < 4; k++) {
    const double sum = log_radius[corner[k][0]] + log_radius[corner[k][1]] + log_radius[corner[k][2]];
    const double step = (ob_log(ob_fabs(area[k])) - 2.0 / 3.0 * sum - OB_QUAD_LOWEST) * OB_QUAD_STEPS;
    if (step < 0.0 || step >= 256.0) return -1;
    q->step[k] = (uint8_t)step;
    cell = cell * SIDE + (q->step[k] >> SHIFT);
  }
  return cell;
}

/* Calls for every order of every three neighbours; `quads` is NULL when they are counted. */
static void each_quad(const scene *s, quad_file *f, uint32_t *count, ob_quad *quads) {
  for (uint32_t a = 0; a < CRATERS; a++) {
    for (uint32_t code = 0; code < NEAR * NEAR * NEAR; code++) {
      const uint32_t number[3] = {code / (NEAR * NEAR), code / NEAR % NEAR, code % NEAR};
      if (number[0] == number[1] || number[1] == number[2] || number[2] == number[0]) continue;
      ob_quad q;
      const int64_t cell = describe_quad(s, f, a, number, &q);
      if (cell < 0) continue;
      if (quads != NULL) quads[count[cell]] = q;
      count[cell]++;
    }
  }
}

static uint32_t build_quads(const scene *s, quad_file *f) {
  uint32_t at[CELLS] = {0};
  memset(f, 0, sizeof *f);
  find_near(s, f);
  each_quad(s, f, at, NULL);
  for (int64_t k = 0; k < CELLS; k++) f->cells[k + 1] = f->cells[k] + at[k];
  memcpy(at, f->cells, sizeof at);
  each_quad(s, f, at, f->quads);
  const uint32_t count = f->cells[CELLS];
  const uint32_t octets = (uint32_t)(sizeof *f - (QUADS - count) * sizeof(ob_quad));
  f->header = (ob_quad_index_header){.version = OB_QUAD_INDEX_VERSION, .octets = octets, .catalogue_crc = 7,
                                     .crater_count = CRATERS, .neighbour_count = NEAR, .cell_shift = SHIFT,
                                     .quad_count = count};
  memcpy(f->header.magic, "OBQUADS", 8);
  f->header.crc = ob_crc32(0, (const uint8_t *)f + 12, octets - 12);
  return octets;
}

uint64_t exercise_crater_lost(int64_t simd) {
  scene s;
  quad_file f;
  union {
    double aligned;
    uint8_t octets[LOST_WORKSPACE];
  } workspace;
  ob_crater_catalogue catalogue;
  ob_quad_index index;
  ob_crater_ellipse detections[DETECTIONS];
  int32_t rows[DETECTIONS];
  uint64_t state = 5, hash = OB_HASH_SEED;
  (void)simd; /* there is one path */
  assert(ob_lost_workspace() <= LOST_WORKSPACE);
  const ob_identify_settings settings = {5.0, 20.0, 0.01, -5.0, 0.3, 48};
  const ob_lost_camera camera = {887.0, 512.0, 512.0, 1024, 1024};
  scatter(&s, &state);
  build(&s);
  ob_crater_index_open(&catalogue, s.index.octets, OCTETS);
  const int64_t status = ob_quad_index_open(&index, (const uint8_t *)&f, build_quads(&s, &f), &catalogue, 7);
  assert(status == OB_CRATER_INDEX_OK);
  hash = ob_hash_bytes(hash, (const uint8_t *)f.quads, (int32_t)(f.header.quad_count * sizeof(ob_quad)));
  for (int turn = 0; turn < 4; turn++) {
    ob_identify_fix fix;
    const int64_t count = look_down(&s, 2e5 + 7e4 * turn, &state, detections);
    ob_crater_lost(&catalogue, &index, &camera, &settings, detections, count, workspace.octets, rows, &fix);
    assert(fix.status == OB_IDENTIFY_FOUND);
    hash = ob_hash_bytes(hash, (const uint8_t *)&fix, sizeof fix);
    hash = ob_hash_bytes(hash, (const uint8_t *)rows, (int32_t)(count * (int64_t)sizeof *rows));
  }
  return hash;
}
