#include "plant/lander.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/gravity.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define EVERY_10_HZ 10
#define EVERY_5_HZ 20
#define EVERY_1_HZ 100
#define LOOK_EVERY_TICK_BELOW_M 20.0
#define STILL_TICKS 100
#define STILL_SPEED_M_S 5e-3
#define STILL_RATE_RAD_S 2e-3
#define RESOLUTION_OF_HEIGHT 1e-3 /* the ground is looked at to a thousandth of the height */

static const double MOON_RATE_MCMF[3] = {0.0, 0.0, OB_MOON_RATE_RAD_S};

/* Where the origin lies from the centre of mass. */
static void origin_from_centre(const pl_lander *l, double out[3]) {
  ob_v3_scale(out, l->config.centre_body_m, -1.0);
}

static void turn_moon(pl_lander *l) {
  ob_q_mcmf_from_mci(l->q_mcmf_from_mci, l->time_ns);
  ob_q_to_matrix(l->C_mcmf_from_mci, l->q_mcmf_from_mci);
}

static void origin_state(const pl_lander *l, pl_ground_state *out) {
  double point[3];
  origin_from_centre(l, point);
  pl_ground_state_of(&l->body, point, l->q_mcmf_from_mci, out);
}

/* ---- beginning ---- */

static void init_body(pl_lander *l, const pl_state *initial) {
  pl_body *b = &l->body;
  double arm[3], swing[3];
  ob_q_rotate(arm, initial->q_mci_from_body, l->config.centre_body_m);
  ob_v3_cross(swing, initial->rate_body_rad_s, l->config.centre_body_m);
  ob_q_rotate(swing, initial->q_mci_from_body, swing);
  ob_v3_add(b->position_mci_m, initial->position_mci_m, arm);
  ob_v3_add(b->velocity_mci_m_s, initial->velocity_mci_m_s, swing);
  ob_v3_copy(b->rate_body_rad_s, initial->rate_body_rad_s);
  for (int32_t i = 0; i < 4; i++) {
    b->q_mci_from_body[i] = initial->q_mci_from_body[i];
  }
  ob_q_normalize(b->q_mci_from_body);
  b->mass_kg = l->config.mass.dry_kg + l->config.propellant_kg;
}

static void init_instruments(pl_lander *l) {
  const pl_lander_config *c = &l->config;
  for (int64_t k = 0; k < c->imu_count; k++) {
    pl_imu_init(&l->imu[k], &c->imu[k], c->seed, c->stream[PL_IMU_A + k]);
  }
  for (int64_t k = 0; k < PL_RANGEFINDERS; k++) {
    pl_rangefinder_init(&l->rangefinder[k], &c->rangefinder[k], c->seed,
                        c->stream[PL_RANGEFINDER_A + k]);
  }
  pl_velocimeter_init(&l->velocimeter, &c->velocimeter, c->seed, c->stream[PL_VELOCIMETER_A]);
  pl_star_tracker_init(&l->star_tracker, &c->star_tracker, c->seed, c->stream[PL_STAR_TRACKER_A]);
  for (int64_t k = 0; k <= PL_ENGINES; k++) {
    pl_random_init(&l->telemetry_random[k], c->seed, c->stream[PL_ENGINE_A + k]);
  }
  l->gauge_bias_kg =
      c->telemetry.gauge_bias_kg * pl_random_normal(&l->telemetry_random[PL_ENGINES]);
}

static void look_down(pl_lander *l);

void pl_lander_init(pl_lander *l, const pl_lander_config *config, const pl_terrain *terrain,
                    const pl_state *initial) {
  assert(config->imu_count >= 1 && config->imu_count <= PL_IMUS);
  assert(config->mass.dry_kg > 0.0 && config->propellant_kg >= 0.0);
  *l = (pl_lander){.config = *config, .terrain = terrain, .time_ns = initial->time_ns};
  ob_site_init(&l->site, config->site_latitude_rad, config->site_longitude_rad,
               config->site_elevation_m);
  init_body(l, initial);
  for (int64_t k = 0; k < PL_ENGINES; k++) {
    pl_engine_init(&l->engine[k], &config->engine[k], config->engine_scale[k]);
  }
  pl_thruster_init(&l->thrusters, &config->thruster, config->thruster_scale,
                   config->centre_body_m);
  init_instruments(l);
  turn_moon(l);
  look_down(l);
}

void pl_lander_burn(pl_lander *l, double throttle) {
  for (int64_t k = 0; k < PL_ENGINES; k++) {
    pl_engine_burn(&l->engine[k], throttle);
    l->in.engine[k] = (pl_engine_command_row){.time_ns = l->time_ns, .on = 1, .throttle = throttle};
  }
}

/* ---- actuators ---- */

static int64_t take(pl_lander *l, int64_t input) {
  const int64_t pending = l->pending[input];
  l->pending[input] = 0;
  return pending;
}

/* Thrust cannot draw more propellant in a tick than is left: all of it is scaled down. */
static void ration(pl_lander *l, pl_wrench *w) {
  const double left_kg = ob_max(0.0, l->body.mass_kg - l->config.mass.dry_kg);
  const double drawn_kg = w->mass_flow_kg_s * PL_TICK_S;
  if (drawn_kg > left_kg) {
    const double share = left_kg / drawn_kg;
    ob_v3_scale(w->force_body_n, w->force_body_n, share);
    ob_v3_scale(w->torque_body_n_m, w->torque_body_n_m, share);
    w->mass_flow_kg_s *= share;
    l->events |= PL_EVENT_PROPELLANT_OUT;
  }
}

/* Engines and thrusters over the tick. Returns 1 when anything thrusts. */
static int64_t actuate(pl_lander *l, pl_wrench *w) {
  static const int64_t closed[PL_THRUSTERS] = {0};
  const int64_t fed = !(l->events & (PL_EVENT_PROPELLANT_OUT | PL_EVENT_CRASH));
  int64_t active = 0;
  for (int64_t k = 0; k < PL_ENGINES; k++) {
    const pl_engine_command_row *command = &l->in.engine[k];
    l->pending[PL_COMMAND_ENGINE_A + k] = 0; /* the command stands until the next one */
    l->mean_thrust_n[k] =
        pl_engine_step(&l->engine[k], command->on != 0, command->throttle, fed);
    if (l->mean_thrust_n[k] > 0.0) {
      pl_engine_wrench(&l->engine[k], l->mean_thrust_n[k], l->config.centre_body_m, w);
      active = 1;
    }
  }
  const int64_t commanded = take(l, PL_COMMAND_THRUSTERS) && fed;
  active |= pl_thruster_step(&l->thrusters, commanded ? l->in.thruster.on_time_us : closed, w);
  ration(l, w);
  return active;
}

/* ---- motion ---- */

/* Height of the origin above the ground. */
static void look_down(pl_lander *l) {
  pl_ground_state origin;
  double up[3];
  origin_state(l, &origin);
  const double radius_m = ob_v3_unit(up, origin.position_mcmf_m);
  const double resolution_m =
      ob_max(l->config.pad_resolution_m, RESOLUTION_OF_HEIGHT * l->height_m);
  l->height_m =
      radius_m - OB_MOON_RADIUS_M - pl_terrain_height_m(l->terrain, up, resolution_m);
}

static void sleep_now(pl_lander *l) {
  static const double at_centre[3] = {0.0, 0.0, 0.0};
  pl_ground_state_of(&l->body, at_centre, l->q_mcmf_from_mci, &l->rest);
  ob_v3_set(l->rest.velocity_mcmf_m_s, 0.0, 0.0, 0.0);
  l->asleep = 1;
}

/* Turns with the Moon; feels the ground's support and the Moon's rate. */
static void stand(pl_lander *l, pl_increment *felt) {
  double gravity[3], drag[3], support[3], q_mcmf_from_mci[4];
  ob_q_mcmf_from_mci(q_mcmf_from_mci, l->time_ns + PL_TICK_NS);
  pl_ground_state_set(&l->body, &l->rest, q_mcmf_from_mci);
  ob_q_rotate_back(l->body.rate_body_rad_s, l->rest.q_mcmf_from_body, MOON_RATE_MCMF);
  ob_gravity_mcmf(l->rest.position_mcmf_m, gravity);
  ob_v3_cross(drag, MOON_RATE_MCMF, l->rest.position_mcmf_m);
  ob_v3_cross(support, MOON_RATE_MCMF, drag);
  ob_v3_sub(support, support, gravity);
  ob_q_rotate_back(support, l->rest.q_mcmf_from_body, support);
  ob_v3_scale(felt->velocity_m_s, support, PL_TICK_S);
  ob_v3_scale(felt->angle_rad, l->body.rate_body_rad_s, PL_TICK_S);
}

/* What the IMU at the origin feels beyond one at the centre of mass: the integral of
 * w' x a + w x (w x a), a the arm from centre to origin, w linear over the tick. */
static void move_increment_to_origin(const pl_lander *l, const double rate_before_rad_s[3],
                                     pl_increment *felt) {
  double arm[3], change[3], mean[3], swing[3], extra[3];
  origin_from_centre(l, arm);
  ob_v3_sub(change, l->body.rate_body_rad_s, rate_before_rad_s);
  ob_v3_add(mean, l->body.rate_body_rad_s, rate_before_rad_s);
  ob_v3_scale(mean, mean, 0.5);
  ob_v3_cross(extra, change, arm);
  ob_v3_add(felt->velocity_m_s, felt->velocity_m_s, extra);
  ob_v3_cross(swing, mean, arm);
  ob_v3_cross(extra, mean, swing);
  ob_v3_axpy(felt->velocity_m_s, PL_TICK_S, extra);
}

static void move(pl_lander *l, const pl_wrench *wrench, int64_t active, pl_increment *felt) {
  double rate_before[3];
  ob_v3_copy(rate_before, l->body.rate_body_rad_s);
  if (l->asleep && (!active || (l->events & PL_EVENT_CRASH))) {
    stand(l, felt);
    return;
  }
  l->asleep = 0;
  if (l->height_m < PL_NEAR_GROUND_M) {
    pl_contact_step(&l->contact, &l->config.leg, l->terrain, l->config.pad_resolution_m,
                    l->config.centre_body_m, &l->body, &l->config.mass, wrench, l->time_ns, felt);
  } else {
    pl_body_step(&l->body, &l->config.mass, wrench, l->C_mcmf_from_mci, PL_TICK_S, felt);
  }
  move_increment_to_origin(l, rate_before, felt);
}

/* ---- the ground ---- */

static int strikes(const pl_plane *plane, const pl_ground_state *origin,
                   const double point_body_m[3]) {
  double point[3];
  ob_q_rotate(point, origin->q_mcmf_from_body, point_body_m);
  ob_v3_add(point, point, origin->position_mcmf_m);
  return pl_plane_distance_m(plane, point) < 0.0;
}

/* Events of a vehicle near the ground, from the tangent plane below its origin. */
static int64_t struck(const pl_lander *l, const pl_ground_state *origin) {
  int64_t events = 0;
  pl_plane plane;
  pl_plane_below(&plane, l->terrain, origin->position_mcmf_m, l->config.pad_resolution_m);
  for (int32_t k = 0; k < PL_ENGINES; k++) {
    if (strikes(&plane, origin, l->config.engine[k].position_body_m)) {
      events |= PL_EVENT_NOZZLE_STRUCK;
    }
  }
  for (int32_t k = 0; k < PL_HULL_POINTS; k++) {
    if (strikes(&plane, origin, l->config.hull_body_m[k])) {
      events |= PL_EVENT_HULL_STRUCK;
    }
  }
  for (int32_t k = 0; k < PL_LEGS; k++) {
    if (l->contact.leg[k].compression_m > l->config.leg.stroke_m) {
      events |= PL_EVENT_LEG_BROKEN;
    }
  }
  return events;
}

static void note_rest(pl_lander *l, const pl_ground_state *origin) {
  pl_touchdown *t = &l->contact.touchdown;
  t->at_rest = 1;
  t->rest_time_ns = l->time_ns;
  t->rest_tilt_rad = pl_ground_state_tilt_rad(origin);
  ob_v3_copy(t->rest_position_mcmf_m, origin->position_mcmf_m);
  l->events |= PL_EVENT_AT_REST;
}

/* Counts still ticks on the ground; after a second the vehicle rests. */
static void watch_rest(pl_lander *l, const pl_ground_state *origin, int64_t active) {
  double moon_body[3], relative_rate[3];
  ob_q_rotate_back(moon_body, origin->q_mcmf_from_body, MOON_RATE_MCMF);
  ob_v3_sub(relative_rate, l->body.rate_body_rad_s, moon_body);
  const int still = !active && pl_contact_pressed(&l->contact, 0.0) != 0 &&
                    ob_v3_norm(origin->velocity_mcmf_m_s) < STILL_SPEED_M_S &&
                    ob_v3_norm(relative_rate) < STILL_RATE_RAD_S;
  l->still_ticks = still ? l->still_ticks + 1 : 0;
  if (l->still_ticks >= STILL_TICKS) {
    sleep_now(l);
    note_rest(l, origin);
  }
}

/* Looks at the ground every tick when low, at 10 Hz when high, and notes what happened there. */
static void meet_ground(pl_lander *l, int64_t active) {
  if (l->asleep ||
      (l->height_m > LOOK_EVERY_TICK_BELOW_M && l->tick % EVERY_10_HZ != 0)) {
    return;
  }
  look_down(l);
  if (l->height_m > PL_NEAR_GROUND_M) {
    return;
  }
  pl_ground_state origin;
  origin_state(l, &origin);
  l->events |= l->contact.touchdown.touched ? PL_EVENT_CONTACT : 0;
  l->events |= l->height_m < 0.0 && !l->contact.touchdown.touched ? PL_EVENT_IMPACT : 0;
  l->events |= struck(l, &origin);
  if (l->contact.touchdown.touched &&
      pl_ground_state_tilt_rad(&origin) > l->config.tip_over_rad) {
    l->events |= PL_EVENT_TIPPED_OVER;
  }
  if (l->events & PL_EVENT_CRASH) {
    sleep_now(l);
    note_rest(l, &origin);
    return;
  }
  watch_rest(l, &origin, active);
}

/* ---- instruments ---- */

static void sense_imu(pl_lander *l, const pl_increment *felt) {
  for (int64_t k = 0; k < l->config.imu_count; k++) {
    pl_imu_step(&l->imu[k], felt, l->time_ns, &l->out.imu[k]);
    l->fresh[PL_IMU_A + k] = 1;
  }
}

static void sense_legs(pl_lander *l) {
  l->out.leg.time_ns = l->time_ns;
  l->out.leg.sequence = l->tick - 1;
  l->out.leg.closed = pl_contact_pressed(&l->contact, l->config.leg.switch_compression_m);
  l->fresh[PL_LEGS_A] = 1;
}

static void sense_ranges(pl_lander *l, const pl_ground_state *origin) {
  double C_mcmf_from_body[9];
  ob_q_to_matrix(C_mcmf_from_body, origin->q_mcmf_from_body);
  for (int64_t k = 0; k < PL_RANGEFINDERS; k++) {
    pl_rangefinder_step(&l->rangefinder[k], l->terrain, origin->position_mcmf_m, C_mcmf_from_body,
                        l->height_m, l->time_ns, &l->out.range[k]);
    l->fresh[PL_RANGEFINDER_A + k] = 1;
  }
}

static void sense_velocity(pl_lander *l, const pl_ground_state *origin) {
  double velocity_body[3];
  ob_q_rotate_back(velocity_body, origin->q_mcmf_from_body, origin->velocity_mcmf_m_s);
  pl_velocimeter_step(&l->velocimeter, velocity_body, l->height_m,
                      ob_cos(pl_ground_state_tilt_rad(origin)), l->time_ns, &l->out.velocity);
  l->fresh[PL_VELOCIMETER_A] = 1;
}

static void sense_engines(pl_lander *l) {
  for (int64_t k = 0; k < PL_ENGINES; k++) {
    pl_engine_row *row = &l->out.engine[k];
    const double noise = l->config.telemetry.chamber_pressure_noise_pa *
                         pl_random_normal(&l->telemetry_random[k]);
    row->time_ns = l->time_ns;
    row->sequence = l->tick / EVERY_10_HZ - 1;
    row->chamber_pressure_pa = ob_max(0.0, pl_engine_pressure_pa(&l->engine[k]) + noise);
    row->valve_open = l->engine[k].burning > 0.0;
    l->fresh[PL_ENGINE_A + k] = 1;
  }
}

static void sense_attitude(pl_lander *l) {
  const int64_t burning = pl_engine_burns(&l->engine[0]) || pl_engine_burns(&l->engine[1]);
  pl_star_tracker_step(&l->star_tracker, l->body.q_mci_from_body, l->body.rate_body_rad_s,
                       l->body.position_mci_m, burning, l->time_ns, &l->out.attitude);
  l->fresh[PL_STAR_TRACKER_A] = 1;
}

static void sense_tank(pl_lander *l) {
  const pl_telemetry_spec *t = &l->config.telemetry;
  pl_random *random = &l->telemetry_random[PL_ENGINES];
  const double true_kg = ob_max(0.0, l->body.mass_kg - l->config.mass.dry_kg);
  l->out.tank.time_ns = l->time_ns;
  l->out.tank.sequence = l->tick / EVERY_1_HZ - 1;
  l->out.tank.propellant_kg = ob_max(
      0.0, true_kg + l->gauge_bias_kg + t->gauge_noise_kg * pl_random_normal(random));
  l->out.tank.pressure_pa =
      t->tank_pressure_pa + t->tank_pressure_noise_pa * pl_random_normal(random);
  l->fresh[PL_TANK] = 1;
}

/* The exposure asked for at the start of the tick, at its end. */
static void expose(pl_lander *l) {
  if (!take(l, PL_COMMAND_CAMERA_A) || !l->in.camera.expose) {
    return;
  }
  pl_ground_state origin;
  origin_state(l, &origin);
  pl_frame_row *frame = &l->out.frame;
  frame->sequence = frame->width ? frame->sequence + 1 : 0;
  frame->time_ns = l->time_ns;
  frame->width = l->config.camera_width;
  frame->height = l->config.camera_height;
  frame->exposure_s = l->in.camera.exposure_s;
  ob_v3_copy(l->out.frame_position_mcmf_m, origin.position_mcmf_m);
  for (int32_t i = 0; i < 4; i++) {
    l->out.frame_q_mcmf_from_body[i] = origin.q_mcmf_from_body[i];
  }
  l->fresh[PL_CAMERA_A] = 1;
}

static void sense(pl_lander *l, const pl_increment *felt) {
  sense_imu(l, felt);
  sense_legs(l);
  expose(l);
  if (l->tick % EVERY_10_HZ != 0) {
    return;
  }
  pl_ground_state origin;
  origin_state(l, &origin);
  sense_ranges(l, &origin);
  sense_velocity(l, &origin);
  sense_engines(l);
  if (l->tick % EVERY_5_HZ == 0) {
    sense_attitude(l);
  }
  if (l->tick % EVERY_1_HZ == 0) {
    sense_tank(l);
  }
}

/* ---- the tick ---- */

int64_t pl_lander_step(pl_lander *l) {
  pl_wrench wrench = {{0.0}, {0.0}, 0.0};
  pl_increment felt;
  int64_t unread[PL_OUTPUTS], outputs = 0;
  for (int32_t i = 0; i < PL_OUTPUTS; i++) {
    unread[i] = l->fresh[i];
    l->fresh[i] = 0;
  }
  const int64_t active = actuate(l, &wrench);
  move(l, &wrench, active, &felt);
  l->tick++;
  l->time_ns += PL_TICK_NS;
  turn_moon(l);
  meet_ground(l, active);
  sense(l, &felt);
  for (int32_t i = 0; i < PL_OUTPUTS; i++) {
    outputs |= l->fresh[i] << i;
    l->fresh[i] |= unread[i];
  }
  return outputs;
}

/* ---- truth and hash ---- */

static void site_state(const pl_lander *l, const pl_ground_state *origin, pl_truth *t) {
  double C_mcmf_from_site[9], q_mcmf_from_site[4], q_site_from_mcmf[4];
  ob_site_from_mcmf(&l->site, origin->position_mcmf_m, t->position_site_m);
  ob_m3_v3(t->velocity_site_m_s, l->site.C_site_from_mcmf, origin->velocity_mcmf_m_s);
  ob_m3_transpose(C_mcmf_from_site, l->site.C_site_from_mcmf);
  ob_q_from_matrix(q_mcmf_from_site, C_mcmf_from_site);
  ob_q_conj(q_site_from_mcmf, q_mcmf_from_site);
  ob_q_mul(t->q_site_from_body, q_site_from_mcmf, origin->q_mcmf_from_body);
}

static void inertial_state(const pl_lander *l, pl_truth *t) {
  double arm[3], swing[3];
  origin_from_centre(l, arm);
  ob_v3_cross(swing, l->body.rate_body_rad_s, arm);
  ob_q_rotate(arm, l->body.q_mci_from_body, arm);
  ob_q_rotate(swing, l->body.q_mci_from_body, swing);
  ob_v3_add(t->position_mci_m, l->body.position_mci_m, arm);
  ob_v3_add(t->velocity_mci_m_s, l->body.velocity_mci_m_s, swing);
  ob_v3_copy(t->rate_body_rad_s, l->body.rate_body_rad_s);
}

void pl_lander_truth(const pl_lander *l, pl_truth *t) {
  pl_ground_state origin;
  double up[3];
  origin_state(l, &origin);
  *t = (pl_truth){.time_ns = l->time_ns, .events = l->events};
  inertial_state(l, t);
  site_state(l, &origin, t);
  ob_v3_copy(t->position_mcmf_m, origin.position_mcmf_m);
  ob_v3_copy(t->velocity_mcmf_m_s, origin.velocity_mcmf_m_s);
  for (int32_t i = 0; i < 4; i++) {
    t->q_mci_from_body[i] = l->body.q_mci_from_body[i];
    t->q_mcmf_from_body[i] = origin.q_mcmf_from_body[i];
  }
  const double radius_m = ob_v3_unit(up, origin.position_mcmf_m);
  t->height_m = radius_m - OB_MOON_RADIUS_M -
                pl_terrain_height_m(l->terrain, up, l->config.pad_resolution_m);
  t->tilt_rad = pl_ground_state_tilt_rad(&origin);
  t->mass_kg = l->body.mass_kg;
  t->propellant_kg = ob_max(0.0, l->body.mass_kg - l->config.mass.dry_kg);
  for (int32_t k = 0; k < PL_ENGINES; k++) {
    t->thrust_n[k] = l->engine[k].nozzle * l->engine[k].thrust_n;
  }
  for (int32_t k = 0; k < PL_LEGS; k++) {
    t->leg_compression_m[k] = l->contact.leg[k].compression_m;
  }
  t->touchdown = l->contact.touchdown;
}

static uint64_t hash_instruments(uint64_t hash, const pl_lander *l) {
  for (int64_t k = 0; k < l->config.imu_count; k++) {
    hash = pl_imu_hash(hash, &l->imu[k]);
  }
  for (int64_t k = 0; k < PL_RANGEFINDERS; k++) {
    hash = pl_rangefinder_hash(hash, &l->rangefinder[k]);
  }
  hash = pl_velocimeter_hash(hash, &l->velocimeter);
  hash = pl_star_tracker_hash(hash, &l->star_tracker);
  for (int64_t k = 0; k <= PL_ENGINES; k++) {
    hash = pl_random_hash(hash, &l->telemetry_random[k]);
  }
  return hash;
}

/* The rows hold only 8-byte fields, so they have no padding. */
uint64_t pl_lander_hash(const pl_lander *l) {
  uint64_t hash = pl_body_hash(OB_HASH_SEED, &l->body);
  for (int64_t k = 0; k < PL_ENGINES; k++) {
    hash = pl_engine_hash(hash, &l->engine[k]);
  }
  hash = ob_hash_u64(hash, (uint64_t)l->thrusters.open);
  hash = pl_contact_hash(hash, &l->contact);
  hash = hash_instruments(hash, l);
  hash = ob_hash_u64(hash, (uint64_t)l->events);
  hash = ob_hash_u64(hash, (uint64_t)l->time_ns);
  return ob_hash_bytes(hash, (const uint8_t *)&l->out, (int32_t)sizeof l->out);
}
