/* One tick of navigation: the filter (onboard/filter.h) fed with what came in, 100 Hz.
 *
 * The IMU comes first, then what was measured, in the order star tracker, rangefinders, velocimeter,
 * craters: attitude before the beams that it points. A tick without an IMU sample leaves the state
 * where it was and says that it is not valid. Gates are watched every OB_WATCH_NS.
 */
#ifndef ONBOARD_NAVIGATION_H
#define ONBOARD_NAVIGATION_H

#include <stdint.h>

#include "onboard/filter.h"
#include "onboard/row.h"

#define OB_WATCH_NS 100000000

/* What came, as bits; those of measurements are 1 << OB_STREAM_... */
#define OB_ARRIVED_IMU (1 << OB_STREAMS)

typedef struct {
  ob_imu_row imu;
  ob_range_row range[OB_FILTER_BEAMS];
  ob_velocity_row velocity;
  ob_attitude_row attitude;
  int64_t matches_time_ns; /* of the exposure */
  int64_t matches_count;
  const ob_crater_matched *matches;
} ob_arrivals;

typedef struct {
  ob_filter filter;
  ob_nav_state state;      /* what is published */
  ob_arrivals arrivals;    /* filled in by the caller */
  const ob_camera *camera; /* whose frames were matched; NULL: matches are not used */
  int64_t watch_ns;        /* when the gates are watched next */
} ob_navigation;

/* After ob_filter_init of `filter`. */
void ob_navigation_init(ob_navigation *navigation, const ob_camera *camera, int64_t time_ns);

/* One tick; `arrived` says which of the arrivals are new. Returns 1 when the gates were watched. */
int64_t ob_navigation_step(ob_navigation *navigation, int64_t now_ns, int64_t arrived);

uint64_t ob_navigation_hash(const ob_navigation *navigation, uint64_t hash);

#endif
