#include "onboard/drive.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"

static const double STEP_S = 0.1;
static const double GRACE_S = 10.0;
static const double SPEED_MIN_M_S = 0.005; /* so that the last millimetres end */
static const double AIM_SLOWS_RAD = 0.3;   /* heading error at which a leg is driven at half speed */

void ob_drive_init(ob_drive *drive, const ob_drive_params *params) {
  assert(params->rolling_radius_m > 0.0 && params->look_ahead_m > 0.0);
  *drive = (ob_drive){.params = *params};
}

void ob_drive_clear(ob_drive *drive) {
  drive->count = 0;
  drive->phase = OB_DRIVE_IDLE;
}

int64_t ob_drive_add(ob_drive *drive, double east_m, double north_m) {
  if (drive->count >= OB_WAYPOINTS) {
    return 0;
  }
  drive->waypoint_m[drive->count][0] = east_m;
  drive->waypoint_m[drive->count][1] = north_m;
  drive->count++;
  return 1;
}

void ob_drive_stop(ob_drive *drive) { drive->phase = OB_DRIVE_IDLE; }

/* ---- geometry ---- */

typedef struct {
  double line_rad;      /* heading of the line from where the leg began */
  double remaining_m;   /* along it */
  double cross_m;       /* right of it */
  double distance_m;    /* to the waypoint */
  double bearing_rad;   /* of the waypoint from here */
} ob_aim;

static double wrapped(double angle_rad) {
  const double turns = ob_floor(angle_rad / (2.0 * OB_PI) + 0.5);
  return angle_rad - 2.0 * OB_PI * turns;
}

static ob_aim aim(const ob_drive *d, const ob_odometry_state *state) {
  const double *to = d->waypoint_m[d->leg], *here = state->position_site_m;
  const double line[2] = {to[0] - d->from_m[0], to[1] - d->from_m[1]};
  const double way[2] = {to[0] - here[0], to[1] - here[1]};
  ob_aim a = {.line_rad = ob_atan2(line[0], line[1])};
  const double s = ob_sin(a.line_rad), c = ob_cos(a.line_rad);
  a.remaining_m = way[0] * s + way[1] * c;
  a.cross_m = -(way[0] * c - way[1] * s);
  a.distance_m = ob_sqrt(way[0] * way[0] + way[1] * way[1]);
  a.bearing_rad = ob_atan2(way[0], way[1]);
  return a;
}

/* ---- phases ---- */

static void begin(ob_drive *d, int64_t phase, double should_last_s) {
  d->phase = phase;
  d->left_s = d->params.patience * should_last_s + GRACE_S;
}

/* The next waypoint, from here. */
static void begin_leg(ob_drive *d, const ob_odometry_state *state) {
  d->from_m[0] = state->position_site_m[0];
  d->from_m[1] = state->position_site_m[1];
  begin(d, OB_DRIVE_TURN, OB_PI / d->params.turn_rate_rad_s);
}

int64_t ob_drive_start(ob_drive *drive, double speed_m_s) {
  if (drive->count == 0) {
    return 0;
  }
  drive->speed_m_s = ob_min(speed_m_s, drive->params.speed_m_s);
  drive->leg = -1; /* the first step begins the first leg */
  drive->phase = OB_DRIVE_TURN;
  drive->left_s = GRACE_S;
  return 1;
}

static void advance(ob_drive *d, const ob_odometry_state *state) {
  d->leg++;
  if (d->leg >= d->count) {
    d->leg = d->count - 1;
    d->phase = OB_DRIVE_DONE;
    return;
  }
  begin_leg(d, state);
}

static double turn_rate(const ob_drive *d, double error_rad) {
  const double most = d->params.turn_rate_rad_s;
  return ob_clamp(d->params.turn_gain_1_s * error_rad, -most, most);
}

static void turn(ob_drive *d, const ob_odometry_state *state, ob_drive_command *command) {
  const ob_aim a = aim(d, state);
  if (a.distance_m <= d->params.arrive_m) {
    advance(d, state);
    return;
  }
  command->heading_error_rad = wrapped(a.bearing_rad - state->heading_rad);
  command->remaining_m = a.distance_m;
  if (ob_fabs(command->heading_error_rad) <= d->params.heading_tolerance_rad) {
    d->from_m[0] = state->position_site_m[0];
    d->from_m[1] = state->position_site_m[1];
    begin(d, OB_DRIVE_LEG, a.distance_m / d->speed_m_s);
    return;
  }
  command->turn_rate_rad_s = turn_rate(d, command->heading_error_rad);
}

static void follow(ob_drive *d, const ob_odometry_state *state, ob_drive_command *command) {
  const ob_drive_params *p = &d->params;
  const ob_aim a = aim(d, state);
  if (a.distance_m <= p->arrive_m || a.remaining_m <= 0.0) {
    advance(d, state);
    return;
  }
  const double wanted = a.line_rad - ob_atan2(a.cross_m, p->look_ahead_m);
  const double error = wrapped(wanted - state->heading_rad);
  command->heading_error_rad = error;
  command->remaining_m = a.remaining_m;
  command->cross_m = a.cross_m;
  if (ob_fabs(error) > p->realign_rad) {
    begin_leg(d, state);
    return;
  }
  const double stopping = ob_sqrt(2.0 * p->acceleration_m_s2 * a.remaining_m);
  const double slowed = d->speed_m_s / (1.0 + ob_fabs(error) / AIM_SLOWS_RAD);
  command->speed_m_s = ob_max(ob_min(slowed, stopping), SPEED_MIN_M_S);
  command->turn_rate_rad_s = turn_rate(d, error);
}

static void steer(const ob_drive *d, ob_drive_command *command) {
  const ob_drive_params *p = &d->params;
  const double apart = 0.5 * p->turn_ratio * p->track_m * command->turn_rate_rad_s;
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    const double tread = command->speed_m_s + (k % 2 == 0 ? apart : -apart); /* left: even */
    command->wheel_rate_rad_s[k] = tread / p->rolling_radius_m;
  }
}

void ob_drive_step(ob_drive *d, const ob_odometry_state *state, int64_t held,
                   ob_drive_command *command) {
  *command = (ob_drive_command){.time_ns = state->time_ns};
  const int moving = d->phase == OB_DRIVE_TURN || d->phase == OB_DRIVE_LEG;
  if (moving && !held) {
    if (d->leg < 0) {
      advance(d, state);
    } else if (d->phase == OB_DRIVE_TURN) {
      turn(d, state, command);
    } else {
      follow(d, state, command);
    }
    d->left_s -= STEP_S;
    if (d->left_s <= 0.0 && d->phase != OB_DRIVE_DONE) {
      d->phase = OB_DRIVE_LOST;
      *command = (ob_drive_command){.time_ns = state->time_ns};
    }
  }
  command->phase = d->phase;
  command->leg = d->leg < 0 ? 0 : d->leg;
  steer(d, command);
}

uint64_t ob_drive_hash(const ob_drive *d, uint64_t hash) {
  hash = ob_hash_i64s(hash, (const int64_t[]){d->count, d->phase, d->leg}, 3);
  hash = ob_hash_f64s(hash, d->waypoint_m[0], 2 * OB_WAYPOINTS);
  hash = ob_hash_f64s(hash, d->from_m, 2);
  hash = ob_hash_f64(hash, d->speed_m_s);
  return ob_hash_f64(hash, d->left_s);
}
