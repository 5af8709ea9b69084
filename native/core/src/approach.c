#include "onboard/approach.h"

#include <assert.h>

#include "onboard/vector.h"

static const double SCAN_STEP = 1.01; /* 1.01^195 = 7: from 0.5 to 3.5 */
static const double LENGTHEN_STEP = 1.02;
static const double LENGTHEN_MAX = 2.5; /* times distance over speed */
static const double PEAK_NONE = 1e9;
enum { LENGTHEN = 8 };

void ob_approach_acceleration(const ob_approach_end *end, const double position_m[3],
                              const double velocity_m_s[3], double time_to_go_s, double out[3]) {
  assert(time_to_go_s > 0.0);
  for (int i = 0; i < 3; i++) {
    double distance = end->position_m[i] - position_m[i];
    double speeds = velocity_m_s[i] + end->velocity_m_s[i];
    out[i] = 12.0 * distance / (time_to_go_s * time_to_go_s) - 6.0 * speeds / time_to_go_s +
             end->acceleration_m_s2[i];
  }
}

double ob_approach_peak(const ob_approach_end *end, const double position_m[3],
                        const double velocity_m_s[3], const double fall_m_s2[3],
                        double time_to_go_s) {
  double a0[3], bend[3], rise[3], peak2 = 0.0;
  ob_approach_acceleration(end, position_m, velocity_m_s, time_to_go_s, a0);
  for (int i = 0; i < 3; i++) {
    /* a(s) = a0 + rise s + bend s^2 over s = 0..1; its mean takes v to v_f. */
    double mean = (end->velocity_m_s[i] - velocity_m_s[i]) / time_to_go_s;
    double all = end->acceleration_m_s2[i] - a0[i];
    bend[i] = 3.0 * all - 6.0 * (mean - a0[i]);
    rise[i] = all - bend[i];
  }
  for (int k = 0; k <= 4; k++) {
    double s = 0.25 * k, thrust[3];
    for (int i = 0; i < 3; i++) {
      thrust[i] = a0[i] + s * (rise[i] + s * bend[i]) - fall_m_s2[i];
    }
    peak2 = ob_max(peak2, ob_v3_dot(thrust, thrust));
  }
  return ob_sqrt(peak2);
}

static double distance_over_speed(const ob_approach_end *end, const double position_m[3],
                                  const double velocity_m_s[3]) {
  double away[3];
  ob_v3_sub(away, end->position_m, position_m);
  return ob_max(ob_v3_norm(away), 1.0) / ob_max(ob_v3_norm(velocity_m_s), 1.0);
}

double ob_approach_time(const ob_approach_end *end, const double position_m[3],
                        const double velocity_m_s[3], const double fall_m_s2[3], double limit_m_s2,
                        double *peak_m_s2) {
  double time = 0.5 * distance_over_speed(end, position_m, velocity_m_s), best = time;
  *peak_m_s2 = PEAK_NONE;
  for (int i = 0; i < OB_APPROACH_SCAN && *peak_m_s2 > limit_m_s2; i++, time *= SCAN_STEP) {
    double peak = ob_approach_peak(end, position_m, velocity_m_s, fall_m_s2, time);
    if (peak < *peak_m_s2) {
      *peak_m_s2 = peak;
      best = time;
    }
  }
  return best;
}

double ob_approach_lengthen(const ob_approach_end *end, const double position_m[3],
                            const double velocity_m_s[3], const double fall_m_s2[3],
                            double limit_m_s2, double time_to_go_s) {
  double longest = LENGTHEN_MAX * distance_over_speed(end, position_m, velocity_m_s);
  double peak = ob_approach_peak(end, position_m, velocity_m_s, fall_m_s2, time_to_go_s);
  for (int i = 0; i < LENGTHEN && peak > limit_m_s2; i++) {
    double longer = LENGTHEN_STEP * time_to_go_s;
    double lower = ob_approach_peak(end, position_m, velocity_m_s, fall_m_s2, longer);
    if (lower >= peak || longer > longest) {
      break;
    }
    peak = lower;
    time_to_go_s = longer;
  }
  return time_to_go_s;
}
