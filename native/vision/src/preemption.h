/* When to stop the scoring of a hypothesis: robust.h. */
#ifndef VISION_PREEMPTION_H
#define VISION_PREEMPTION_H

#include <stdint.h>

#include "onboard/elementary.h"

#define HOPELESS 1e300 /* the cost of a hypothesis that was dropped */

/* After `seen` matches (of a random order) with that cost: at or beyond the best, or three standard
 * deviations of a sample of that size behind it. Padding costs 1 a match, as an outlier does. */
static inline int32_t hopeless(double cost, int64_t seen, int64_t count, double best) {
  const double spread = 1.5 * ob_sqrt((double)seen);
  const double padding = seen > count ? (double)(seen - count) : 0.0;
  return cost - padding >= ob_min(best, best * (double)seen / (double)count + spread);
}

#endif
