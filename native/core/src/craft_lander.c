/* The lander as a craft. */
#include <stddef.h>
#include <string.h>

#include "onboard/craft.h"
#include "onboard/crc32.h"

_Static_assert(sizeof(ob_lander_settings) % 8 == 0, "fields of 8 octets");
_Static_assert(OB_THRUSTERS == 12, "a letter for each thruster");

static const int8_t KIND[OB_FLIGHT_INTAKES] = {
    [OB_FLIGHT_IMU_A] = OB_ROW_IMU,           [OB_FLIGHT_IMU_B] = OB_ROW_IMU,
    [OB_FLIGHT_RANGEFINDER_A] = OB_ROW_RANGE, [OB_FLIGHT_RANGEFINDER_B] = OB_ROW_RANGE,
    [OB_FLIGHT_VELOCIMETER] = OB_ROW_VELOCITY, [OB_FLIGHT_STAR_TRACKER] = OB_ROW_ATTITUDE,
    [OB_FLIGHT_LEGS] = OB_ROW_LEGS,           [OB_FLIGHT_ENGINE_A] = OB_ROW_ENGINE,
    [OB_FLIGHT_ENGINE_B] = OB_ROW_ENGINE,     [OB_FLIGHT_TANK] = OB_ROW_TANK};

/* ---- what can be wrong ---- */

static int64_t can_fly(const ob_lander_settings *s) {
  return (s->fitted & 1 << OB_FLIGHT_IMU_A) && s->fitted >> OB_FLIGHT_INTAKES == 0 &&
         1 <= s->grids && s->grids <= OB_MAP_GRIDS && s->filter.tick_ns == OB_FLIGHT_TICK_NS &&
         s->filter.covariance_ticks >= 1 && OB_GUIDANCE_HOLD <= s->request &&
         s->request <= OB_GUIDANCE_STOP && OB_GUIDANCE_IDLE <= s->resuming &&
         s->resuming <= OB_GUIDANCE_VERTICAL;
}

static int64_t grid_is_there(const ob_flight_grid *g, const ob_maps *maps) {
  const int64_t most = maps->size / sizeof(float);
  if (g->n_along < 2 || g->n_cross < 2 || g->n_along > most || g->n_cross > most ||
      g->n_along > most / g->n_cross || g->offset % (int64_t)sizeof(float) != 0 ||
      g->offset < 0 || g->offset / (int64_t)sizeof(float) > most - g->n_along * g->n_cross) {
    return 0;
  }
  const uint32_t size = (uint32_t)(g->n_along * g->n_cross) * (uint32_t)sizeof(float);
  return g->spacing_m > 0.0 && g->sigma_m > 0.0 &&
         ob_crc32(0, maps->octets + g->offset, size) == g->crc;
}

/* ---- the beginning ---- */

static int64_t begin_map(ob_terrain_map *map, const ob_lander_settings *s, const ob_maps *maps) {
  map->count = s->grids;
  ob_corridor_init(&map->corridor, s->latitude_rad, s->longitude_rad, s->azimuth_rad);
  for (int64_t k = 0; k < s->grids; k++) {
    const ob_flight_grid *g = &s->grid[k];
    if (!grid_is_there(g, maps)) {
      return 0;
    }
    map->grid[k] =
        (ob_map_grid){g->along0_m, g->cross0_m, g->spacing_m, g->sigma_m, g->n_along, g->n_cross,
                      (const float *)(const void *)(maps->octets + g->offset)};
  }
  return 1;
}

static void begin_sensors(ob_lander *l, int64_t fitted) {
  for (int64_t k = 0; k < OB_FLIGHT_INTAKES; k++) {
    l->flight.intake[k] = fitted >> k & 1 ? &l->intake[k] : NULL;
    ob_intake_init(&l->intake[k], KIND[k]);
  }
  l->flight.imu_choice = &l->imu_choice;
  l->flight.slow_hash = &l->slow_hash;
  l->flight.frame_words = l->frame_words;
  l->frame_words[2] = 1; /* enabled */
}

static void begin_navigation(ob_lander *l, const ob_lander_settings *s, const ob_site *site) {
  l->camera = s->camera;
  l->flight.navigation = &l->navigation;
  ob_filter_init(&l->navigation.filter, &s->filter, site, &l->map, s->time_ns, s->position_site_m,
                 s->velocity_site_m_s, s->q_site_from_body, &s->prior);
  ob_navigation_init(&l->navigation, &l->camera, s->time_ns);
  l->navigation.arrivals.matches = l->matches;
}

static int64_t begin_control(ob_lander *l, const ob_lander_settings *s, const ob_site *site) {
  ob_flight *f = &l->flight;
  f->guidance = &l->guidance;
  f->guidance_command = &l->guidance_command;
  f->touchdown = &l->touchdown;
  f->control = &l->control;
  f->effectors = &l->effectors;
  ob_guidance_init(&l->guidance, &s->guidance, site);
  ob_orbit_burn_init(&l->guidance.orbit, &s->orbit_burn);
  ob_touchdown_init(&l->touchdown, &s->touchdown);
  ob_effectors_init(&l->effectors);
  if (!ob_attitude_control_init(&l->control, &s->attitude)) {
    return 0;
  }
  f->request = s->request;
  f->resuming = s->resuming;
  l->guidance.mass_kg = s->guidance_mass_kg;
  l->control.mass_kg = s->control_mass_kg;
  return 1;
}

static void lander_parts(ob_craft *c) {
  ob_lander *l = &c->as.lander;
  ob_flight_times *t = &l->flight.times;
  ob_part *p = c->part;
  for (int64_t k = 0; k < OB_FLIGHT_INTAKES; k++) {
    p[k] = (ob_part){l->flight.intake[k], sizeof l->intake[k], &l->intake[k].row.head.time_ns};
  }
  p[OB_PART_IMU_CHOICE] = (ob_part){&l->imu_choice, sizeof l->imu_choice, NULL};
  p[OB_LANDER_NAVIGATION] = (ob_part){&l->navigation, sizeof l->navigation, &t->navigation_ns};
  p[OB_LANDER_GUIDANCE] = (ob_part){&l->guidance, sizeof l->guidance, NULL};
  p[OB_LANDER_TOUCHDOWN] = (ob_part){&l->touchdown, sizeof l->touchdown, &t->touchdown_ns};
  p[OB_LANDER_CONTROL] = (ob_part){&l->control, sizeof l->control, NULL};
  p[OB_LANDER_EFFECTORS] = (ob_part){&l->effectors, sizeof l->effectors, &t->actuators_ns};
  p[OB_PART_SLOW_HASH] = (ob_part){&l->slow_hash, sizeof l->slow_hash, NULL};
  p[OB_LANDER_FRAME_WORDS] = (ob_part){l->frame_words, sizeof l->frame_words, NULL};
  p[OB_PART_TIMES] = (ob_part){t, sizeof *t, NULL};
  p[OB_LANDER_GATES] =
      (ob_part){l->navigation.filter.gate, sizeof l->navigation.filter.gate, &t->gates_ns};
  p[OB_LANDER_GUIDANCE_COMMAND] =
      (ob_part){&l->guidance_command, sizeof l->guidance_command, &t->guidance_ns};
  p[OB_LANDER_IMU] =
      (ob_part){&l->navigation.arrivals.imu, sizeof l->navigation.arrivals.imu, &t->imu_ns};
  p[OB_LANDER_THRUST] = (ob_part){&l->control.thrust, sizeof l->control.thrust, &t->thrust_ns};
  p[OB_LANDER_MATCHES] = (ob_part){l->matches, sizeof l->matches, NULL};
}

static ob_craft_error lander_begin(ob_craft *c, const uint8_t *settings, const ob_maps *maps) {
  ob_lander *l = &c->as.lander;
  ob_lander_settings s;
  ob_site site;
  memcpy(&s, settings, sizeof s);
  if (!can_fly(&s)) {
    return OB_CRAFT_SETTINGS;
  }
  ob_flight_init(&l->flight);
  if (!begin_map(&l->map, &s, maps)) {
    return OB_CRAFT_MAP;
  }
  ob_site_init(&site, s.latitude_rad, s.longitude_rad, s.elevation_m);
  begin_sensors(l, s.fitted);
  begin_navigation(l, &s, &site);
  lander_parts(c);
  return begin_control(l, &s, &site) ? OB_CRAFT_READY : OB_CRAFT_SETTINGS;
}

/* ---- a tick ---- */

static void lander_protect(ob_craft *c, ob_protection *p) { c->as.lander.flight.faults = p; }

static void lander_tick(ob_craft *c, int64_t now_ns, int64_t members, const ob_sample *rows,
                 int64_t count) {
  ob_flight_tick(&c->as.lander.flight, now_ns, members, rows, count);
}

static int64_t lander_order(ob_craft *c, int64_t now_ns, const ob_order *order) {
  return ob_flight_order(&c->as.lander.flight, now_ns, order);
}

static uint64_t lander_hash(const ob_craft *c, int64_t members, uint64_t hash) {
  const ob_flight *f = &c->as.lander.flight;
  hash = ob_flight_hash(f, members, hash);
  return members & OB_FLIGHT_CONTROL ? ob_flight_output_hash(f, hash) : hash;
}

static int64_t lander_outputs(const ob_craft *c, int64_t members, ob_output_row rows[OB_OUTPUTS]) {
  const ob_lander *l = &c->as.lander;
  const int64_t sent = members & OB_FLIGHT_CONTROL ? l->flight.sent : 0;
  rows[OB_LANDER_THRUSTER_ROW].thruster = l->effectors.thruster;
  for (int32_t k = 0; k < OB_ENGINES; k++) {
    rows[OB_LANDER_ENGINE_ROW + k].engine = l->effectors.engine[k];
  }
  return (sent & OB_SEND_THRUSTERS ? 1 << OB_LANDER_THRUSTER_ROW : 0) |
         (sent & OB_SEND_ENGINES ? OB_ALL_ENGINES << OB_LANDER_ENGINE_ROW : 0);
}

#define CONSTANT(field, setting)                                               \
  {offsetof(ob_lander, field), offsetof(ob_lander_settings, setting),          \
   sizeof((ob_lander_settings *)NULL)->setting}

static const ob_constant CONSTANTS[] = {CONSTANT(navigation.filter.params, filter),
                                        CONSTANT(camera, camera),
                                        CONSTANT(guidance.params, guidance),
                                        CONSTANT(guidance.orbit.params, orbit_burn),
                                        CONSTANT(touchdown.params, touchdown),
                                        CONSTANT(control.params, attitude)};

const ob_vehicle ob_vehicle_lander = {
    .number = OB_VEHICLE_LANDER,
    .settings_size = sizeof(ob_lander_settings),
    .members = 6,
    .intakes = OB_FLIGHT_INTAKES,
    .outputs = OB_LANDER_ENGINE_ROW + OB_ENGINES,
    .constants = sizeof CONSTANTS / sizeof CONSTANTS[0],
    .constant = CONSTANTS,
    .intake = {[OB_FLIGHT_IMU_A] = "ddddddi",
               [OB_FLIGHT_IMU_B] = "ddddddi",
               [OB_FLIGHT_RANGEFINDER_A] = "di",
               [OB_FLIGHT_RANGEFINDER_B] = "di",
               [OB_FLIGHT_VELOCIMETER] = "dddi",
               [OB_FLIGHT_STAR_TRACKER] = "ddddi",
               [OB_FLIGHT_LEGS] = "i",
               [OB_FLIGHT_ENGINE_A] = "di",
               [OB_FLIGHT_ENGINE_B] = "di",
               [OB_FLIGHT_TANK] = "dd"},
    .output = {"iiiiiiiiiiii", "id", "id"},
    .begin = lander_begin,
    .protect = lander_protect,
    .tick = lander_tick,
    .order = lander_order,
    .hash = lander_hash,
    .outputs_of = lander_outputs};
