/* What the files of the filter share. */
#ifndef ONBOARD_FILTER_PRIVATE_H
#define ONBOARD_FILTER_PRIVATE_H

#include "onboard/filter.h"

enum { POSITION = 0, VELOCITY = 3, ATTITUDE = 6, GYRO = 9, ACCEL = 12, COUPLING = 15, MAP = 18 };
#define N OB_UD_STATES

typedef struct {
  double position_site_m[3];
  double velocity_site_m_s[3];
  double q_site_from_body[4];
  double C_site_from_body[9];
  double age_s; /* from the pose to the filter's time */
} ob_pose;

/* Move the covariance up to the last IMU sample. */
void ob_filter_settle(ob_filter *f);

/* Pose at a time within the history, corrections since included. Returns 0 outside it. */
int ob_filter_pose_at(const ob_filter *f, int64_t time_ns, ob_pose *pose);

/* States that a measurement considers but does not move (Schmidt 1966). */
enum { HOLD_PLACE = 1 /* horizontal position */, HOLD_ATTITUDE = 2 };

/* Use one scalar: `error` gathers the state error of the measurements used together, all linearised
 * at the same state. `held` is a sum of HOLD_...; the covariance is that of the gain without them. */
void ob_filter_fuse(ob_filter *f, const double h[N], double residual, double variance, int32_t held,
                    double error[N]);

/* Move the state by the gathered error. */
void ob_filter_correct(ob_filter *f, const double error[N]);

/* One-sigma of a horizontal position component, the larger. */
double ob_filter_horizontal_sigma(const ob_filter *f);

/* What is expected of the ground at a place that the map knows to `survey_sigma_m`. */
void ob_filter_expect_ground(const ob_filter *f, double along_m, double cross_m,
                             double survey_sigma_m, ob_ground *out);

/* Covariance of the errors of that expectation at two places; of one place, their variance. */
double ob_filter_ground_covariance(const ob_filter *f, const ob_ground *from, const ob_ground *to);

/* Unit vector away from the Moon's centre at a site position, site axes. */
void ob_filter_up(const ob_filter *f, const double position_site_m[3], double up[3]);

#endif
