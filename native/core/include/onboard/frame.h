/* The frames of a landing: Moon-fixed, inertial, local level at the site, and the map's corridor.
 *
 * mcmf: Moon-centred, Moon-fixed, mean-Earth axes (x to 0 N 0 E, z north). mci: Moon-centred
 * inertial, equal to mcmf at time 0; the Moon turns about the common z. Latitude and longitude are
 * planetocentric, rad, east positive. Angles up to pi in magnitude for longitude and azimuth, pi/2
 * for latitude (asserted).
 */
#ifndef ONBOARD_FRAME_H
#define ONBOARD_FRAME_H

#include <stdint.h>

#define OB_MOON_RADIUS_M 1737400.0 /* reference sphere; Archinal et al. 2018 (IAU WGCCRE 2015), table 5 */
/* Mean sidereal rotation, 13.17635815 deg a day; Archinal et al. 2018, table 2 (W of the Moon). */
#define OB_MOON_RATE_RAD_S 2.6616995e-6
#define OB_MOON_MU_M3_S2 4.902801056e12 /* LP165P; Konopliv et al. 2001, Icarus 150 */

/* Local level at the target: x east, y north, z up; origin on the ground; fixed to the Moon. */
typedef struct {
  double radius_m; /* of the origin, from the Moon's centre */
  double latitude_rad;
  double longitude_rad;
  double C_site_from_mcmf[9];
  double origin_mcmf_m[3];
  double rate_site_rad_s[3]; /* the Moon's rotation, in site axes */
} ob_site;

/* elevation_m: of the origin, above the sphere of OB_MOON_RADIUS_M. */
void ob_site_init(ob_site *site, double latitude_rad, double longitude_rad, double elevation_m);

/* Positions (m). out may be r. */
void ob_site_from_mcmf(const ob_site *site, const double r_mcmf_m[3], double out_site_m[3]);
void ob_mcmf_from_site(const ob_site *site, const double r_site_m[3], double out_mcmf_m[3]);

/* Attitude of the Moon at a time of the emulated clock: turn by -rate t about z. */
void ob_q_mcmf_from_mci(double out[4], int64_t time_ns);
void ob_q_site_from_mci(const ob_site *site, int64_t time_ns, double out[4]);

/* Map coordinates on the sphere of OB_MOON_RADIUS_M: a latitude and longitude turned so that their
 * equator is the ground track through the target (Snyder 1987, USGS PP 1395, chapter 5, oblique
 * aspect). along_m = R x turned longitude, positive in the direction of flight; cross_m = R x turned
 * latitude, positive to the left; height_m above the sphere. Equidistant along the track; a step in
 * along at a distance cross covers the ground cos(cross / R) times as far. */
typedef struct {
  double C_corridor_from_mcmf[9]; /* rows: forward, left, up at the target */
} ob_corridor;

/* azimuth_rad: of the flight at the target, clockwise from north. */
void ob_corridor_init(ob_corridor *corridor, double latitude_rad, double longitude_rad,
                      double azimuth_rad);

/* out: along_m, cross_m, height_m. out may be r. */
void ob_corridor_from_mcmf(const ob_corridor *corridor, const double r_mcmf_m[3], double out[3]);

/* in: along_m, cross_m, height_m. out may be in. */
void ob_mcmf_from_corridor(const ob_corridor *corridor, const double in[3], double out_mcmf_m[3]);

#endif
