/* Ground: faces of the cube, craters and their profile, the sum of parts, rays. */
#undef NDEBUG
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "onboard/frame.h"
#include "onboard/vector.h"
#include "plant/random.h"
#include "plant/terrain.h"

static pl_terrain terrain;
static int16_t flat[8 * 16];
static int32_t start[PL_CATALOGUE_STARTS];
static int32_t list[64];

static void unit_of(uint64_t n, double out[3]) {
  pl_random r;
  pl_random_init(&r, n, 1);
  do {
    for (int axis = 0; axis < 3; axis++) out[axis] = 2.0 * pl_random_uniform(&r) - 1.0;
  } while (ob_v3_norm(out) < 0.1);
  ob_v3_unit(out, out);
}

static void faces_invert(void) {
  for (uint64_t n = 0; n < 10000; n++) {
    double u[3], back[3], d[3];
    unit_of(n, u);
    pl_face_place places[3];
    const int count = pl_face_places(u, places);
    assert(count >= 1 && count <= 3);
    for (int f = 0; f < count; f++) {
      pl_face_unit(&places[f], back);
      ob_v3_sub(d, u, back);
      assert(ob_v3_norm(d) < 1e-14);
    }
  }
  const double corner[3] = {sqrt(1.0 / 3.0), sqrt(1.0 / 3.0), -sqrt(1.0 / 3.0)};
  pl_face_place places[3];
  assert(pl_face_places(corner, places) == 3);
}

/* Depth over diameter at the published points of Pike 1977; both laws meet near 11 km. */
static void fresh_depths(void) {
  assert(fabs(pl_crater_fresh_depth_m(1000.0) - 196.0) < 0.01);
  assert(fabs(pl_crater_fresh_depth_m(40e3) - 1044.0 * pow(40.0, 0.301)) < 0.01);
  assert(fabs(pl_crater_fresh_depth_m(10.0) - 1.1) < 1e-9);
  for (double d = 0.5; d < 6e4; d *= 1.01) {
    assert(pl_crater_fresh_depth_m(1.01 * d) > pl_crater_fresh_depth_m(d));
  }
}

static void profile_ages(void) {
  double last = 1e9;
  for (int a = 0; a <= 100; a++) {
    pl_profile p;
    pl_profile_init(&p, &terrain.profiles, 100.0, 15.0, a * 0.01);
    const pl_crater_shape s = pl_profile_shape(&p);
    assert(s.depth_m > 0.0 && s.depth_m < last);
    assert(s.crest_diameter_m >= 90.0 && s.crest_diameter_m <= 180.0);
    last = s.depth_m;
    assert(pl_profile_height_m(&p, 100.0) == 0.0 && pl_profile_height_m(&p, 1e9) == 0.0);
    assert(fabs(pl_profile_height_m(&p, 99.9)) < 1e-4);
  }
  assert(last < 0.15 * 15.0);
}

/* A crater of the catalogue stands alone on a flat Moon: its floor is at its centre, seen from any side,
 * also at the edge of a face. */
static void catalogue_crater(void) {
  const double places[4][3] = {{0, 0, 1}, {1, 1, 0.2}, {1, 1.02, 1}, {-1, 0.01, -0.999}};
  for (int n = 0; n < 4; n++) {
    pl_crater c = {.diameter_m = 12e3, .depth_m = 2e3, .age = 0.0};
    ob_v3_unit(c.unit_mcmf, places[n]);
    const int64_t needed = pl_catalogue_index(&c, 1, start, list, 64);
    assert(needed >= 1 && needed <= 64 && start[PL_CATALOGUE_STARTS - 1] == needed);
    pl_terrain_init(&terrain, 1, flat, 8, 16, 0.5, &c, 1, start, list);
    const double floor = pl_terrain_catalogue_m(&terrain, c.unit_mcmf, 1.0);
    assert(floor < -1500.0 && floor > -1700.0);
    for (int a = 0; a < 360; a += 10) {
      double e1[3], e2[3], p[3];
      const double axis[3] = {0.3, -0.5, 0.1};
      ob_v3_cross(e1, c.unit_mcmf, axis);
      ob_v3_unit(e1, e1);
      ob_v3_cross(e2, c.unit_mcmf, e1);
      ob_v3_copy(p, c.unit_mcmf);
      ob_v3_axpy(p, 5000.0 / OB_MOON_RADIUS_M * cos(a * 0.0174533), e1);
      ob_v3_axpy(p, 5000.0 / OB_MOON_RADIUS_M * sin(a * 0.0174533), e2);
      ob_v3_unit(p, p);
      pl_profile profile;
      pl_profile_init(&profile, &terrain.profiles, 12e3, 2e3, 0.0);
      /* chord against arc at 5 km: 1e-6 of it, on a slope below 1 */
      assert(fabs(pl_terrain_catalogue_m(&terrain, p, 1.0) - pl_profile_height_m(&profile, 5000.0)) < 0.02);
    }
  }
}

static void rays(void) {
  for (uint64_t n = 0; n < 200; n++) {
    double u[3], side[3], o[3], d[3], range = -1.0;
    unit_of(n, u);
    unit_of(n + 1000, side);
    const double ground = OB_MOON_RADIUS_M + pl_terrain_height_m(&terrain, u, 0.0);
    ob_v3_scale(o, u, ground + 3000.0);
    ob_v3_scale(d, u, -1.0);
    ob_v3_axpy(d, 0.1 * (double)(n % 20), side);
    ob_v3_unit(d, d);
    if (pl_terrain_raycast(&terrain, o, d, 1e5, 0.0, &range)) {
      double p[3];
      ob_v3_copy(p, o);
      ob_v3_axpy(p, range, d);
      const double radius = ob_v3_unit(p, p);
      assert(fabs(radius - OB_MOON_RADIUS_M - pl_terrain_height_m(&terrain, p, 0.0)) < 0.006);
    }
  }
  /* Over the horizon, upwards, and from below: none, and the range stays as it was. */
  const double o[3] = {OB_MOON_RADIUS_M + 15e3, 0, 0}, along[3] = {0, 1, 0}, up[3] = {1, 0, 0};
  const double below[3] = {OB_MOON_RADIUS_M - 15e3, 0, 0}, down[3] = {-1, 0, 0};
  double range = -1.0;
  assert(!pl_terrain_raycast(&terrain, o, along, 1e6, 1.0, &range));
  assert(!pl_terrain_raycast(&terrain, o, up, 1e6, 1.0, &range));
  assert(!pl_terrain_raycast(&terrain, below, down, 1e6, 1.0, &range));
  assert(range == -1.0);
}

int main(void) {
  pl_catalogue_index(0, 0, start, list, 0);
  pl_terrain_init(&terrain, 5, flat, 8, 16, 0.5, 0, 0, start, list);
  faces_invert();
  fresh_depths();
  profile_ages();
  rays();
  catalogue_crater();
  return 0;
}
