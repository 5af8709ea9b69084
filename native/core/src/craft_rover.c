/* The rover as a craft. */
#include <stddef.h>
#include <string.h>

#include "onboard/craft.h"

_Static_assert(sizeof(ob_rover_settings) % 8 == 0, "fields of 8 octets");

static void rover_parts(ob_craft *c) {
  ob_rover *r = &c->as.rover;
  ob_rover_times *t = &r->times;
  ob_part *p = c->part;
  for (int64_t k = 0; k < OB_ROVER_INTAKES; k++) {
    p[k] = (ob_part){&r->intake[k], sizeof r->intake[k], &r->intake[k].row.head.time_ns};
  }
  p[OB_PART_IMU_CHOICE] = (ob_part){&r->imu_choice, sizeof r->imu_choice, NULL};
  p[OB_ROVER_ODOMETRY_PART] = (ob_part){&r->odometry, sizeof r->odometry, &t->odometry_ns};
  p[OB_ROVER_PATH] = (ob_part){&r->drive, sizeof r->drive, NULL};
  p[OB_ROVER_PATH_COMMAND] = (ob_part){&r->command, sizeof r->command, &t->drive_ns};
  p[OB_ROVER_WHEELS_PART] = (ob_part){&r->wheels, sizeof r->wheels, &t->wheels_ns};
  p[OB_PART_SLOW_HASH] = (ob_part){&r->slow_hash, sizeof r->slow_hash, NULL};
  p[OB_PART_TIMES] = (ob_part){t, sizeof *t, NULL};
}

static ob_craft_error rover_begin(ob_craft *c, const uint8_t *settings, const ob_maps *maps) {
  ob_rover_settings s;
  (void)maps;
  memcpy(&s, settings, sizeof s);
  ob_rover_init(&c->as.rover, &s);
  rover_parts(c);
  return OB_CRAFT_READY;
}

static void rover_protect(ob_craft *c, ob_protection *p) { c->as.rover.faults = p; }

static void rover_tick(ob_craft *c, int64_t now_ns, int64_t members, const ob_sample *rows,
                 int64_t count) {
  ob_rover_tick(&c->as.rover, now_ns, members, rows, count);
}

static int64_t rover_order(ob_craft *c, int64_t now_ns, const ob_order *order) {
  (void)now_ns;
  return ob_rover_order(&c->as.rover, order);
}

static uint64_t rover_hash(const ob_craft *c, int64_t members, uint64_t hash) {
  const ob_rover *r = &c->as.rover;
  hash = ob_rover_hash(r, members, hash);
  return members & OB_ROVER_WHEELS ? ob_rover_output_hash(r, hash) : hash;
}

static int64_t rover_outputs(const ob_craft *c, int64_t members, ob_output_row rows[OB_OUTPUTS]) {
  const ob_rover *r = &c->as.rover;
  rows[OB_ROVER_WHEEL_ROW].wheels = r->wheels.row;
  return members & OB_ROVER_WHEELS ? r->sent << OB_ROVER_WHEEL_ROW : 0;
}

#define CONSTANT(field, setting)                                               \
  {offsetof(ob_rover, field), offsetof(ob_rover_settings, setting),            \
   sizeof((ob_rover_settings *)NULL)->setting}

static const ob_constant CONSTANTS[] = {CONSTANT(odometry.params, odometry),
                                        CONSTANT(drive.params, drive),
                                        CONSTANT(wheels.wheel[0].params, wheel),
                                        CONSTANT(wheels.wheel[1].params, wheel),
                                        CONSTANT(wheels.wheel[2].params, wheel),
                                        CONSTANT(wheels.wheel[3].params, wheel),
                                        CONSTANT(wheels.slip.params, slip),
                                        CONSTANT(supply_v, supply_v)};

const ob_vehicle ob_vehicle_rover = {
    .number = OB_VEHICLE_ROVER,
    .settings_size = sizeof(ob_rover_settings),
    .members = 5,
    .intakes = OB_ROVER_INTAKES,
    .outputs = 1,
    .constants = sizeof CONSTANTS / sizeof CONSTANTS[0],
    .constant = CONSTANTS,
    .intake = {"ddddddi", "id", "id", "id", "id", "ddd"},
    .output = {"dddd"},
    .begin = rover_begin,
    .protect = rover_protect,
    .tick = rover_tick,
    .order = rover_order,
    .hash = rover_hash,
    .outputs_of = rover_outputs};
