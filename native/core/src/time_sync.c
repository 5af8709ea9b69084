#include "onboard/time_sync.h"

#define LATEST_NS (INT64_C(1) << 60)
#define ROUND_TRIP_NS INT64_C(10000000000)
#define DRIFT 8192

void ob_time_sync_init(ob_time_sync *sync) { *sync = (ob_time_sync){0}; }

static int is_time(int64_t time_ns) { return 0 <= time_ns && time_ns <= LATEST_NS; }

static int can_be(const ob_time_exchange *e) {
  if (!is_time(e->asked_ns) || !is_time(e->received_ns) || !is_time(e->answered_ns) ||
      !is_time(e->arrived_ns)) {
    return 0;
  }
  const int64_t here = e->arrived_ns - e->asked_ns, there = e->answered_ns - e->received_ns;
  return 0 <= there && there <= here && here - there <= ROUND_TRIP_NS;
}

static int64_t bound_ns(const ob_time_offset *offset, int64_t now_ns) {
  const int64_t age = now_ns - offset->arrived_ns;
  return offset->round_trip_ns / 2 + (age < 0 ? -age : age) / DRIFT;
}

int64_t ob_time_sync_take(ob_time_sync *sync, const ob_time_exchange *e) {
  if (!can_be(e)) {
    sync->refused++;
    return 0;
  }
  const int64_t round_trip = (e->arrived_ns - e->asked_ns) - (e->answered_ns - e->received_ns);
  const int64_t offset = (e->received_ns - e->asked_ns) - round_trip / 2;
  sync->last[sync->taken++ % OB_TIME_SYNC_WINDOW] =
      (ob_time_offset){offset, round_trip, e->arrived_ns};
  const int64_t held = sync->taken < OB_TIME_SYNC_WINDOW ? sync->taken : OB_TIME_SYNC_WINDOW;
  sync->best = sync->last[0];
  for (int64_t i = 1; i < held; i++) {
    if (bound_ns(&sync->last[i], e->arrived_ns) < bound_ns(&sync->best, e->arrived_ns)) {
      sync->best = sync->last[i];
    }
  }
  sync->error_ns = bound_ns(&sync->best, e->arrived_ns);
  return 1;
}

int64_t ob_time_there_ns(const ob_time_sync *sync, int64_t here_ns) {
  return (int64_t)((uint64_t)here_ns + (uint64_t)sync->best.offset_ns);
}

int64_t ob_time_here_ns(const ob_time_sync *sync, int64_t there_ns) {
  return (int64_t)((uint64_t)there_ns - (uint64_t)sync->best.offset_ns);
}
