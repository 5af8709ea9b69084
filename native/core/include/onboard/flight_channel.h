/* Parts of a flight core, and channels of fault protection read out of them.
 *
 * On the desk a channel is a topic of the bus and a field of its value. Here it is a place in a part of
 * the flight core: which part, and how many octets behind its beginning the number lies (every field is 8
 * octets). What other computers produce is told: a value and its time, kept until the next word.
 */
#ifndef ONBOARD_FLIGHT_CHANNEL_H
#define ONBOARD_FLIGHT_CHANNEL_H

#include <stdint.h>

#include "onboard/fault.h"

/* A part: what the desk may look at, and what channels are read from. */
typedef struct {
  void *at;               /* NULL: no such part, or not fitted */
  uint32_t size;          /* octets */
  const int64_t *time_ns; /* when it was produced; NULL: no channel is read from it */
} ob_part;

/* Numbers of the parts that every vehicle has; the others are in craft.h. */
enum {
  OB_PART_IMU_CHOICE = 10,
  OB_PART_FAULT_STATE = 16,
  OB_PART_FAULT_MEMORY = 17,
  OB_PART_SLOW_HASH = 20,
  OB_PART_TIMES = 22,
  OB_PARTS = 31
};

#define OB_CHANNEL_TOLD OB_PARTS /* in place of a part: `offset` is the number of what was told */

typedef struct {
  uint8_t part;
  uint8_t integer;  /* 1: int64_t, 0: double */
  uint16_t offset;  /* octets */
} ob_flight_channel;

#define OB_CHANNELS_TOLD 16

/* A value that somebody else produced. */
typedef struct {
  double value;
  int64_t time_ns; /* OB_NEVER_NS before the first word */
} ob_told;

typedef struct {
  int64_t count;
  const ob_part *part; /* OB_PARTS of them */
  ob_flight_channel channel[OB_FAULT_CHANNELS];
  ob_told told[OB_CHANNELS_TOLD];
} ob_flight_channels;

/* Nothing was told yet. `parts` stay where they are. Returns 0 when a row does not lie within its part, else 1. */
int64_t ob_flight_channels_init(ob_flight_channels *channels, const ob_part parts[OB_PARTS],
                                const ob_flight_channel *rows, int64_t count);

/* The value of each channel and its age; NaN and older than anything while it was never produced. */
void ob_flight_channels_read(const ob_flight_channels *channels, int64_t now_ns, double *values,
                             int64_t *ages_ns);

#endif
