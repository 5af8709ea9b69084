/* The approach: quadratic acceleration from the gate to a point above the target, time to go re-solved.
 *
 * The thrust acceleration of the Apollo lunar descent (Klumpp, Apollo lunar-descent guidance, MIT
 * R-695, 1971, and Automatica 10, 1974, eq. 9): the total acceleration is the quadratic in time that
 * meets position, velocity and acceleration at the end,
 *   a = 12 (r_f - r) / T^2 - 6 (v + v_f) / T + a_f,
 * so that the vehicle arrives upright. T is the shortest time whose largest thrust acceleration along
 * the way stays below a limit: less gravity loss than any longer one. When there is none, T is that of
 * the smallest such peak. Times from which the vehicle would pass the end and come back (T above about
 * four times distance over speed) are left out. What to do when even the smallest peak is more than the
 * engines give is the caller's choice.
 *
 * Site axes: positions from the target on the ground (m), velocities relative to the ground (m/s).
 */
#ifndef ONBOARD_APPROACH_H
#define ONBOARD_APPROACH_H

#include <stdint.h>

#define OB_APPROACH_SCAN 196

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

/* Shortest T with a peak of at most limit_m_s2, or T of the smallest peak; peak_m_s2 is its peak. Scans
 * OB_APPROACH_SCAN times between 0.5 and 3.5 times distance over speed. */
double ob_approach_time(const ob_approach_end *end, const double position_m[3],
                        const double velocity_m_s[3], const double fall_m_s2[3], double limit_m_s2,
                        double *peak_m_s2);

/* T itself if its peak is within the limit; otherwise longer, by up to 17 %, as long as that lowers it and
 * T stays below 2.5 times distance over speed. */
double ob_approach_lengthen(const ob_approach_end *end, const double position_m[3],
                            const double velocity_m_s[3], const double fall_m_s2[3],
                            double limit_m_s2, double time_to_go_s);

#endif
