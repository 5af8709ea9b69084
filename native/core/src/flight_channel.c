#include "onboard/flight_channel.h"

#include <stddef.h>
#include <string.h>

#define WORD 8u /* octets of a field */
#define PARTS (OB_CHANNEL_INTAKE + OB_FLIGHT_INTAKES)

#define NOT_A_NUMBER (0.0 / 0.0)

static uint32_t size_of(int64_t part) {
  switch (part) {
    case OB_CHANNEL_TOLD:
      return OB_CHANNELS_TOLD;
    case OB_CHANNEL_NAVIGATION:
      return sizeof(ob_nav_state);
    case OB_CHANNEL_GUIDANCE:
      return sizeof(ob_guidance_command);
    case OB_CHANNEL_ACTUATORS:
      return sizeof(ob_actuator_command);
    case OB_CHANNEL_THRUST:
      return sizeof(ob_thrust_monitor);
    case OB_CHANNEL_TOUCHDOWN:
      return sizeof(ob_touchdown);
    case OB_CHANNEL_GATES:
      return OB_STREAMS * sizeof(ob_gate);
    case OB_CHANNEL_IMU:
      return sizeof(ob_imu_row);
    default:
      return part < PARTS ? sizeof(ob_row) : 0;
  }
}

static int64_t is_sound(const ob_flight_channel *row) {
  const uint32_t size = size_of(row->part);
  if (row->part == OB_CHANNEL_TOLD) {
    return row->offset < size;
  }
  return row->offset % WORD == 0 && row->offset + WORD <= size && row->integer <= 1;
}

int64_t ob_flight_channels_init(ob_flight_channels *c, const ob_flight_channel *rows,
                                int64_t count) {
  int64_t sound = 0 <= count && count <= OB_FAULT_CHANNELS;
  c->count = sound ? count : 0;
  for (int64_t k = 0; k < c->count; k++) {
    c->channel[k] = rows[k];
    sound = sound && is_sound(&rows[k]);
  }
  for (int64_t k = 0; k < OB_CHANNELS_TOLD; k++) {
    c->told[k] = (ob_told){NOT_A_NUMBER, OB_NEVER_NS};
  }
  return sound;
}

/* Where a part begins; `time_ns` is when it was produced. NULL: not fitted. */
static const void *part_of(const ob_flight *f, int64_t part, int64_t *time_ns) {
  const ob_intake *intake;
  switch (part) {
    case OB_CHANNEL_NAVIGATION:
      *time_ns = f->times.navigation_ns;
      return &f->navigation->state;
    case OB_CHANNEL_GUIDANCE:
      *time_ns = f->times.guidance_ns;
      return f->guidance_command;
    case OB_CHANNEL_ACTUATORS:
      *time_ns = f->times.actuators_ns;
      return &f->effectors->command;
    case OB_CHANNEL_THRUST:
      *time_ns = f->times.thrust_ns;
      return &f->control->thrust;
    case OB_CHANNEL_TOUCHDOWN:
      *time_ns = f->times.touchdown_ns;
      return f->touchdown;
    case OB_CHANNEL_GATES:
      *time_ns = f->times.gates_ns;
      return f->navigation->filter.gate;
    case OB_CHANNEL_IMU:
      *time_ns = f->times.imu_ns;
      return &f->navigation->arrivals.imu;
    default:
      intake = f->intake[part - OB_CHANNEL_INTAKE];
      *time_ns = intake == NULL ? OB_NEVER_NS : intake->row.head.time_ns;
      return intake == NULL ? NULL : &intake->row;
  }
}

static double number_at(const void *part, const ob_flight_channel *row) {
  const uint8_t *octets = (const uint8_t *)part + row->offset;
  int64_t integer;
  double real;
  memcpy(&integer, octets, sizeof integer);
  memcpy(&real, octets, sizeof real);
  return row->integer ? (double)integer : real;
}

static double read_one(const ob_flight_channels *c, const ob_flight *f,
                       const ob_flight_channel *row, int64_t *time_ns) {
  if (row->part == OB_CHANNEL_TOLD) {
    *time_ns = c->told[row->offset].time_ns;
    return c->told[row->offset].value;
  }
  const void *part = part_of(f, row->part, time_ns);
  return *time_ns == OB_NEVER_NS ? NOT_A_NUMBER : number_at(part, row);
}

void ob_flight_channels_read(const ob_flight_channels *c, const ob_flight *f, int64_t now_ns,
                             double *values, int64_t *ages_ns) {
  for (int64_t k = 0; k < c->count; k++) {
    int64_t time_ns;
    values[k] = read_one(c, f, &c->channel[k], &time_ns);
    ages_ns[k] = now_ns - time_ns;
  }
}
