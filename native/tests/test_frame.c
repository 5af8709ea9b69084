/* Frames: directions known by heart, and there-and-back over the whole domain. */
#include "arguments.h"
#include "onboard/frame.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#include <assert.h>

#define DEG (OB_PI / 180.0)
/* Positions of 2e6 m through two rotations: 2e6 x 2^-53 x a dozen roundings. */
#define POSITION_TOLERANCE_M 5e-9

static int close(const double a[3], double x, double y, double z, double tolerance) {
  const double b[3] = {x, y, z};
  double d[3];
  ob_v3_sub(d, a, b);
  return ob_v3_norm(d) <= tolerance;
}

static void check_site_axes(void) {
  ob_site site;
  double out[3];
  ob_site_init(&site, 0.0, 90.0 * DEG, -2000.0);
  assert(close(site.origin_mcmf_m, 0.0, 1735400.0, 0.0, 1e-9));
  const double east[3] = {-1.0, 1735400.0, 0.0}; /* east at 90 E is -x */
  ob_site_from_mcmf(&site, east, out);
  assert(close(out, 1.0, 0.0, 0.0, 1e-9));
  assert(close(site.rate_site_rad_s, 0.0, OB_MOON_RATE_RAD_S, 0.0, 1e-21));
  ob_site_init(&site, 90.0 * DEG, 0.0, 0.0);
  assert(close(site.rate_site_rad_s, 0.0, 0.0, OB_MOON_RATE_RAD_S, 1e-21));
}

static void check_moon_turns_east(void) {
  double q[4], star_mci[3] = {1.0, 0.0, 0.0}, out[3];
  ob_q_mcmf_from_mci(q, 0);
  assert(q[0] == 1.0);
  ob_q_mcmf_from_mci(q, INT64_C(1000000000000)); /* 1000 s */
  ob_q_rotate(out, q, star_mci);                 /* a fixed star moves west */
  assert(close(out, 1.0, -2.6616995e-3, 0.0, 4e-6));
}

static void check_corridor_axes(void) {
  ob_corridor corridor;
  double out[3];
  ob_corridor_init(&corridor, 0.0, 0.0, 90.0 * DEG); /* flying east along the equator */
  const double east[3] = {0.0, OB_MOON_RADIUS_M, 0.0};
  const double north[3] = {0.0, 0.0, OB_MOON_RADIUS_M + 10.0};
  ob_corridor_from_mcmf(&corridor, east, out);
  assert(close(out, OB_MOON_RADIUS_M * OB_PI / 2.0, 0.0, 0.0, POSITION_TOLERANCE_M));
  ob_corridor_from_mcmf(&corridor, north, out);
  assert(ob_fabs(out[1] - OB_MOON_RADIUS_M * OB_PI / 2.0) < POSITION_TOLERANCE_M);
  assert(ob_fabs(out[2] - 10.0) < POSITION_TOLERANCE_M);
}

static void check_there_and_back(uint64_t *stream) {
  ob_site site;
  ob_corridor corridor;
  double latitude = argument_between(stream, -0.5 * OB_PI, 0.5 * OB_PI);
  double longitude = argument_between(stream, -OB_PI, OB_PI);
  double r[3], local[3], map[3], back[3];
  argument_vector(stream, r, 2e6);
  ob_site_init(&site, latitude, longitude, argument_between(stream, -9000.0, 9000.0));
  ob_site_from_mcmf(&site, r, local);
  ob_mcmf_from_site(&site, local, back);
  assert(close(back, r[0], r[1], r[2], POSITION_TOLERANCE_M));
  ob_corridor_init(&corridor, latitude, longitude, argument_between(stream, -OB_PI, OB_PI));
  ob_corridor_from_mcmf(&corridor, r, map);
  ob_mcmf_from_corridor(&corridor, map, map); /* in place */
  assert(close(map, r[0], r[1], r[2], POSITION_TOLERANCE_M));
}

static void check_inertial_to_site(uint64_t *stream) {
  ob_site site;
  double q[4], mcmf_from_mci[4], v[3], through[3], direct[3];
  int64_t time_ns = (int64_t)(argument_bits(stream) >> 12);
  ob_site_init(&site, argument_between(stream, -1.5, 1.5), argument_between(stream, -3.0, 3.0), 0.0);
  argument_vector(stream, v, 1.0);
  ob_q_site_from_mci(&site, time_ns, q);
  ob_q_rotate(direct, q, v);
  ob_q_mcmf_from_mci(mcmf_from_mci, time_ns);
  ob_q_rotate(through, mcmf_from_mci, v);
  ob_m3_v3(through, site.C_site_from_mcmf, through);
  assert(close(direct, through[0], through[1], through[2], 4e-15));
}

int main(void) {
  uint64_t stream = 5;
  check_site_axes();
  check_moon_turns_east();
  check_corridor_axes();
  for (int i = 0; i < 20000; i++) {
    check_there_and_back(&stream);
    check_inertial_to_site(&stream);
  }
  return 0;
}
