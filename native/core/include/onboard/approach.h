/* The approach: quadratic acceleration from the gate to a point above the target, time to go re-solved.
 *
 * The thrust acceleration of the Apollo lunar descent (Klumpp, Apollo lunar-descent guidance, MIT
 * R-695, 1971, and Automatica 10, 1974, eq. 9): the total acceleration is the quadratic in time that
 * meets position, velocity and acceleration at the end,
 *   a = 12 (r_f - r) / T^2 - 6 (v + v_f) / T + a_f,
 * so that the vehicle arrives upright. T is the shortest time whose largest thrust acceleration along
 * the way stays below a limit: less gravity loss than any longer one, and always within the engines.
 * When no T will do, the end point moves on along the flight ("land long"): the box is relaxed, not the
 * vehicle's limits.
 *
 * Site axes: positions from the target on the ground (m), velocities relative to the ground (m/s).
 */
#ifndef ONBOARD_APPROACH_H
#define ONBOARD_APPROACH_H

#include <stdint.h>

typedef struct {
  double position_m[3];     /* r_f */
  double velocity_m_s[3];   /* v_f */
  double acceleration_m_s2[3]; /* a_f, total (thrust and gravity) */
} ob_approach_end;

/* Total acceleration asked for now. time_to_go_s > 0. */
void ob_approach_acceleration(const ob_approach_end *end, const double position_m[3],
                              const double velocity_m_s[3], double time_to_go_s, double out[3]);

/* Largest thrust acceleration along the quadratic, sampled at its ends and quarters; fall_m_s2 is the
 * acceleration of free fall, taken as constant. */
double ob_approach_peak(const ob_approach_end *end, const double position_m[3],
                        const double velocity_m_s[3], const double fall_m_s2[3],
                        double time_to_go_s);

/* Shortest T with a peak of at most limit_m_s2, by steps of 2 % from 10 s on; 0 when none below ten
 * minutes. */
double ob_approach_shortest(const ob_approach_end *end, const double position_m[3],
                            const double velocity_m_s[3], const double fall_m_s2[3],
                            double limit_m_s2);

/* T itself if its peak is within the limit, otherwise lengthened by up to 17 % towards one. */
double ob_approach_lengthen(const ob_approach_end *end, const double position_m[3],
                            const double velocity_m_s[3], const double fall_m_s2[3],
                            double limit_m_s2, double time_to_go_s);

#endif
