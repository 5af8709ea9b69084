/* Dead reckoning of a skid-steered rover: way from the encoders, attitude from gyroscopes and gravity.
 *
 * Attitude: the quaternion is turned by the measured increments less the gyroscopes' bias; the accelerometers,
 * which feel little but gravity at 0.1 m/s, level it: a turn by k (up x felt) about horizontal axes only, so that
 * heading is the gyroscopes' alone (Mahony, Hamel and Pflimlin 2008, passive complementary filter). The bias is the
 * mean of what they measure while no wheel turns; it takes in the Moon's rate, 0.55 deg/h.
 * Way: the mean of the four wheels' turns times the rolling radius, along body x. A wheel slips, so the rolling
 * radius is smaller than the wheel's: what level ground costs is in it, what slopes add is not seen. On a slope of
 * s rad the rover drifts downhill by about drift x s of its way (docs/rover.md).
 *
 * Heading and place at the start are told.
 */
#ifndef ONBOARD_ODOMETRY_H
#define ONBOARD_ODOMETRY_H

#include <stdint.h>

#include "onboard/messages.h"
#include "onboard/row.h"

typedef struct {
  double counts_per_rad;
  double rolling_radius_m;
  double level_1_s;      /* k: share of the tilt error taken away a second */
  double still_s;        /* without a count, before the wheels are still */
  double bias_memory_s;  /* of standing: the mean forgets what is older */
} ob_odometry_params;

typedef struct {
  ob_odometry_params params;
  double heading_rad;             /* told */
  int64_t started;                /* 1 once levelled by the first sample */
  int64_t imu_ns;                 /* of the last sample used */
  int64_t wheel_ns[OB_WHEELS];
  int64_t counts[OB_WHEELS];
  int64_t still_ticks;
  double bias_rad_s[3];
  double bias_ticks;              /* of standing that are in it */
  ob_odometry_state state;
} ob_odometry;

void ob_odometry_init(ob_odometry *odometry, const ob_odometry_params *params, double east_m,
                      double north_m, double heading_rad);

/* One tick. Rows are the newest samples; their times tell whether they are new. */
void ob_odometry_step(ob_odometry *odometry, const ob_imu_row *imu,
                      const ob_wheel_row wheels[OB_WHEELS], int64_t now_ns);

uint64_t ob_odometry_hash(const ob_odometry *odometry, uint64_t hash);

#endif
