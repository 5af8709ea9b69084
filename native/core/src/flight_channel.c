#include "onboard/flight_channel.h"

#include <stddef.h>
#include <string.h>

#include "onboard/intake.h"

#define WORD 8u /* octets of a field */

#define NOT_A_NUMBER (0.0 / 0.0)

static int64_t is_sound(const ob_part *parts, const ob_flight_channel *row) {
  if (row->part == OB_CHANNEL_TOLD) {
    return row->offset < OB_CHANNELS_TOLD;
  }
  return row->part < OB_PARTS && parts[row->part].time_ns != NULL && row->offset % WORD == 0 &&
         row->offset + WORD <= parts[row->part].size && row->integer <= 1;
}

int64_t ob_flight_channels_init(ob_flight_channels *c, const ob_part parts[OB_PARTS],
                                const ob_flight_channel *rows, int64_t count) {
  int64_t sound = 0 <= count && count <= OB_FAULT_CHANNELS;
  c->count = sound ? count : 0;
  c->part = parts;
  for (int64_t k = 0; k < c->count; k++) {
    c->channel[k] = rows[k];
    sound = sound && is_sound(parts, &rows[k]);
  }
  for (int64_t k = 0; k < OB_CHANNELS_TOLD; k++) {
    c->told[k] = (ob_told){NOT_A_NUMBER, OB_NEVER_NS};
  }
  return sound;
}

static double number_at(const ob_part *part, const ob_flight_channel *row) {
  const uint8_t *octets = (const uint8_t *)part->at + row->offset;
  int64_t integer;
  double real;
  memcpy(&integer, octets, sizeof integer);
  memcpy(&real, octets, sizeof real);
  return row->integer ? (double)integer : real;
}

static double read_one(const ob_flight_channels *c, const ob_flight_channel *row,
                       int64_t *time_ns) {
  if (row->part == OB_CHANNEL_TOLD) {
    *time_ns = c->told[row->offset].time_ns;
    return c->told[row->offset].value;
  }
  const ob_part *part = &c->part[row->part];
  *time_ns = part->at == NULL ? OB_NEVER_NS : *part->time_ns;
  return *time_ns == OB_NEVER_NS ? NOT_A_NUMBER : number_at(part, row);
}

void ob_flight_channels_read(const ob_flight_channels *c, int64_t now_ns, double *values,
                             int64_t *ages_ns) {
  for (int64_t k = 0; k < c->count; k++) {
    int64_t time_ns;
    values[k] = read_one(c, &c->channel[k], &time_ns);
    ages_ns[k] = now_ns - time_ns;
  }
}
