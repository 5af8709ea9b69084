#include "onboard/frame.h"

#include "onboard/quaternion.h"
#include "onboard/vector.h"

#include <assert.h>

/* Rows east, north, up (Montenbruck and Gill 2000, eq. 5.89). */
static void local_level(double C[9], double latitude_rad, double longitude_rad) {
  assert(ob_fabs(latitude_rad) <= 0.5 * OB_PI && ob_fabs(longitude_rad) <= OB_PI);
  double sin_lat, cos_lat, sin_lon, cos_lon;
  ob_sincos(latitude_rad, &sin_lat, &cos_lat);
  ob_sincos(longitude_rad, &sin_lon, &cos_lon);
  ob_v3_set(C, -sin_lon, cos_lon, 0.0);
  ob_v3_set(C + 3, -sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat);
  ob_v3_set(C + 6, cos_lat * cos_lon, cos_lat * sin_lon, sin_lat);
}

void ob_site_init(ob_site *site, double latitude_rad, double longitude_rad, double elevation_m) {
  static const double RATE_MCMF_RAD_S[3] = {0.0, 0.0, OB_MOON_RATE_RAD_S};
  site->radius_m = OB_MOON_RADIUS_M + elevation_m;
  site->latitude_rad = latitude_rad;
  site->longitude_rad = longitude_rad;
  local_level(site->C_site_from_mcmf, latitude_rad, longitude_rad);
  ob_v3_scale(site->origin_mcmf_m, site->C_site_from_mcmf + 6, site->radius_m);
  ob_m3_v3(site->rate_site_rad_s, site->C_site_from_mcmf, RATE_MCMF_RAD_S);
}

void ob_site_from_mcmf(const ob_site *site, const double r_mcmf_m[3], double out_site_m[3]) {
  double from_origin_m[3];
  ob_v3_sub(from_origin_m, r_mcmf_m, site->origin_mcmf_m);
  ob_m3_v3(out_site_m, site->C_site_from_mcmf, from_origin_m);
}

void ob_mcmf_from_site(const ob_site *site, const double r_site_m[3], double out_mcmf_m[3]) {
  double from_origin_m[3];
  ob_m3t_v3(from_origin_m, site->C_site_from_mcmf, r_site_m);
  ob_v3_add(out_mcmf_m, site->origin_mcmf_m, from_origin_m);
}

void ob_q_mcmf_from_mci(double out[4], int64_t time_ns) {
  double angle_rad = OB_MOON_RATE_RAD_S * (1.0e-9 * (double)time_ns);
  double sine;
  ob_sincos(0.5 * angle_rad, &sine, &out[0]);
  ob_v3_set(out + 1, 0.0, 0.0, -sine);
}

void ob_q_site_from_mci(const ob_site *site, int64_t time_ns, double out[4]) {
  double q_site_from_mcmf[4];
  double q_mcmf_from_mci[4];
  ob_q_from_matrix(q_site_from_mcmf, site->C_site_from_mcmf);
  ob_q_mcmf_from_mci(q_mcmf_from_mci, time_ns);
  ob_q_mul(out, q_site_from_mcmf, q_mcmf_from_mci);
}

void ob_corridor_init(ob_corridor *corridor, double latitude_rad, double longitude_rad,
                      double azimuth_rad) {
  assert(ob_fabs(azimuth_rad) <= 2.0 * OB_PI);
  double C_level_from_mcmf[9];
  double sine, cosine;
  local_level(C_level_from_mcmf, latitude_rad, longitude_rad);
  ob_sincos(azimuth_rad, &sine, &cosine);
  const double C_corridor_from_level[9] = {sine, cosine, 0.0, -cosine, sine, 0.0, 0.0, 0.0, 1.0};
  ob_m3_mul(corridor->C_corridor_from_mcmf, C_corridor_from_level, C_level_from_mcmf);
}

void ob_corridor_from_mcmf(const ob_corridor *corridor, const double r_mcmf_m[3], double out[3]) {
  double r[3];
  ob_m3_v3(r, corridor->C_corridor_from_mcmf, r_mcmf_m);
  double in_plane_m = ob_sqrt(r[0] * r[0] + r[2] * r[2]);
  double height_m = ob_v3_norm(r) - OB_MOON_RADIUS_M;
  ob_v3_set(out, OB_MOON_RADIUS_M * ob_atan2(r[0], r[2]),
            OB_MOON_RADIUS_M * ob_atan2(r[1], in_plane_m), height_m);
}

void ob_mcmf_from_corridor(const ob_corridor *corridor, const double in[3], double out_mcmf_m[3]) {
  double sin_along, cos_along, sin_cross, cos_cross;
  ob_sincos(in[0] / OB_MOON_RADIUS_M, &sin_along, &cos_along);
  ob_sincos(in[1] / OB_MOON_RADIUS_M, &sin_cross, &cos_cross);
  double radius_m = OB_MOON_RADIUS_M + in[2];
  const double r[3] = {radius_m * cos_cross * sin_along, radius_m * sin_cross,
                       radius_m * cos_cross * cos_along};
  ob_m3t_v3(out_mcmf_m, corridor->C_corridor_from_mcmf, r);
}
