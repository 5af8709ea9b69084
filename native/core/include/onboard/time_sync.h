/* The clock at the other end of a line, from four stamps (Mills, RFC 5905, section 8).
 *
 *   asked (here) -> received (there), answered (there) -> arrived (here)
 *   round trip = (arrived - asked) - (answered - received)
 *   offset     = there - here, at most half the round trip wrong
 *
 * A line delays, never hurries, so that the exchange with the shortest round trip knows most. Of the
 * last OB_TIME_SYNC_WINDOW that one is used whose bound is the smallest: half its round trip, and its
 * age / 8192 (122 parts in a million) for what two clocks may drift apart.
 */
#ifndef ONBOARD_TIME_SYNC_H
#define ONBOARD_TIME_SYNC_H

#include <stdint.h>

#define OB_TIME_SYNC_WINDOW 16

typedef struct {
  int64_t asked_ns, received_ns, answered_ns, arrived_ns;
} ob_time_exchange;

typedef struct {
  int64_t offset_ns, round_trip_ns, arrived_ns;
} ob_time_offset;

typedef struct {
  int64_t taken, refused;
  ob_time_offset best; /* meaningful once one was taken */
  int64_t error_ns;    /* bound of its error when the last one arrived */
  ob_time_offset last[OB_TIME_SYNC_WINDOW];
} ob_time_sync;

void ob_time_sync_init(ob_time_sync *sync);

/* Returns 1 if the exchange is taken, 0 if its stamps cannot be: one that is negative or beyond 2^60, a
 * clock that went backwards, or a round trip below zero or above 10 s. */
int64_t ob_time_sync_take(ob_time_sync *sync, const ob_time_exchange *exchange);

/* The time there at a time here, and back. */
int64_t ob_time_there_ns(const ob_time_sync *sync, int64_t here_ns);
int64_t ob_time_here_ns(const ob_time_sync *sync, int64_t there_ns);

#endif
