#include "onboard/navigation.h"

#include <stddef.h>

#define ARRIVED(stream) (1 << (stream))

void ob_navigation_init(ob_navigation *n, const ob_camera *camera, int64_t time_ns) {
  n->camera = camera;
  n->watch_ns = time_ns;
  n->arrivals = (ob_arrivals){.matches = NULL};
  ob_filter_output(&n->filter, &n->state);
}

static void use_measurements(ob_navigation *n, int64_t arrived) {
  const ob_arrivals *a = &n->arrivals;
  if (arrived & ARRIVED(OB_STREAM_STAR)) {
    ob_filter_star(&n->filter, a->attitude.time_ns, a->attitude.q_mci_from_body);
  }
  for (int32_t k = 0; k < OB_FILTER_BEAMS; k++) {
    if (arrived & ARRIVED(OB_STREAM_RANGE_A + k)) {
      ob_filter_range(&n->filter, a->range[k].time_ns, k, a->range[k].range_m);
    }
  }
  if (arrived & ARRIVED(OB_STREAM_VELOCITY)) {
    ob_filter_velocity(&n->filter, a->velocity.time_ns, a->velocity.velocity_body_m_s);
  }
  if ((arrived & ARRIVED(OB_STREAM_CRATERS)) && n->camera != NULL && a->matches_count > 0) {
    ob_filter_craters(&n->filter, a->matches_time_ns, n->camera, a->matches, a->matches_count);
  }
  const int64_t valid = n->state.valid;
  ob_filter_output(&n->filter, &n->state);
  n->state.valid = valid;
}

int64_t ob_navigation_step(ob_navigation *n, int64_t now_ns, int64_t arrived) {
  const ob_imu_row *imu = &n->arrivals.imu;
  if (arrived & OB_ARRIVED_IMU) {
    ob_filter_imu(&n->filter, imu->time_ns, imu->delta_angle_rad, imu->delta_velocity_m_s,
                  imu->saturated, &n->state);
  } else {
    n->state.valid = 0;
  }
  if (arrived & ~(int64_t)OB_ARRIVED_IMU) {
    use_measurements(n, arrived);
  }
  if (now_ns < n->watch_ns) {
    return 0;
  }
  ob_filter_watch(&n->filter, now_ns);
  n->watch_ns = now_ns + OB_WATCH_NS;
  return 1;
}

uint64_t ob_navigation_hash(const ob_navigation *n, uint64_t hash) {
  return ob_filter_hash(&n->filter, hash);
}
