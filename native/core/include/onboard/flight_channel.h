/* Channels of fault protection, read out of the flight core.
 *
 * On the desk a channel is a topic of the bus and a field of its value. Here it is a place in a part of
 * the flight core: which part, and how many octets behind its beginning the number lies (every field is 8
 * octets). What other computers produce is told: a value and its time, kept until the next word.
 */
#ifndef ONBOARD_FLIGHT_CHANNEL_H
#define ONBOARD_FLIGHT_CHANNEL_H

#include <stdint.h>

#include "onboard/flight.h"

/* Parts that channels are read from; those of intakes follow: OB_CHANNEL_INTAKE + OB_FLIGHT_IMU_A ... */
typedef enum {
  OB_CHANNEL_TOLD = 0, /* `offset` is the number of what was told */
  OB_CHANNEL_NAVIGATION = 1,
  OB_CHANNEL_GUIDANCE = 2,
  OB_CHANNEL_ACTUATORS = 3,
  OB_CHANNEL_THRUST = 4,
  OB_CHANNEL_TOUCHDOWN = 5,
  OB_CHANNEL_GATES = 6,
  OB_CHANNEL_IMU = 7, /* the sample that flies */
  OB_CHANNEL_INTAKE = 8
} ob_channel_part;

typedef struct {
  uint8_t part;     /* ob_channel_part */
  uint8_t integer;  /* 1: int64_t, 0: double */
  uint16_t offset;  /* octets */
} ob_flight_channel;

#define OB_CHANNELS_TOLD 16

/* A value that somebody else produced. */
typedef struct {
  double value;
  int64_t time_ns; /* OB_NEVER_NS before the first word */
} ob_told;

struct ob_flight_channels {
  int64_t count;
  ob_flight_channel channel[OB_FAULT_CHANNELS];
  ob_told told[OB_CHANNELS_TOLD];
};

/* Nothing was told yet. Returns 0 when a row does not lie within its part, else 1. */
int64_t ob_flight_channels_init(ob_flight_channels *channels, const ob_flight_channel *rows,
                                int64_t count);

/* The value of each channel and its age; NaN and older than anything while it was never produced. */
void ob_flight_channels_read(const ob_flight_channels *channels, const ob_flight *flight,
                             int64_t now_ns, double *values, int64_t *ages_ns);

#endif
