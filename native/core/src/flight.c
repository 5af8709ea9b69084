#include "onboard/flight.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "onboard/hash.h"

#define LEGS_WITHIN_NS 50000000 /* older switch readings count as unknown: no leg closed */

/* Those read every OB_FLIGHT_SLOW_NS, in the order in which they are hashed. */
static const int8_t SLOW[] = {OB_FLIGHT_ENGINE_A,      OB_FLIGHT_ENGINE_B,
                              OB_FLIGHT_RANGEFINDER_A, OB_FLIGHT_RANGEFINDER_B,
                              OB_FLIGHT_STAR_TRACKER,  OB_FLIGHT_TANK,
                              OB_FLIGHT_VELOCIMETER};

void ob_flight_init(ob_flight *f) {
  f->request = OB_GUIDANCE_HOLD;
  f->resuming = OB_GUIDANCE_IDLE;
  f->guided = f->arrived = f->sent = 0;
  f->times = (ob_flight_times){OB_NEVER_NS, OB_NEVER_NS, OB_NEVER_NS, OB_NEVER_NS,
                               OB_NEVER_NS, OB_NEVER_NS, OB_NEVER_NS};
}

/* ---- sensors ---- */

/* Puts what an intake passed on among navigation's arrivals. Returns its bit, if it has one. */
static int64_t arrive(ob_flight *f, int64_t intake) {
  const ob_row *row = &f->intake[intake]->row;
  ob_arrivals *a = &f->navigation->arrivals;
  switch (intake) {
    case OB_FLIGHT_RANGEFINDER_A:
    case OB_FLIGHT_RANGEFINDER_B:
      a->range[intake - OB_FLIGHT_RANGEFINDER_A] = row->range;
      return 1 << (OB_STREAM_RANGE_A + (intake - OB_FLIGHT_RANGEFINDER_A));
    case OB_FLIGHT_VELOCIMETER:
      a->velocity = row->velocity;
      return 1 << OB_STREAM_VELOCITY;
    case OB_FLIGHT_STAR_TRACKER:
      a->attitude = row->attitude;
      return 1 << OB_STREAM_STAR;
    default:
      return 0;
  }
}

static int64_t imu_count(const ob_flight *f) { return f->intake[OB_FLIGHT_IMU_B] != NULL ? 2 : 1; }

static void choose_imu(ob_flight *f, int64_t in_use, int64_t came, int64_t now_ns) {
  const ob_intake *imus[OB_IMUS] = {f->intake[OB_FLIGHT_IMU_A], f->intake[OB_FLIGHT_IMU_B]};
  if (came) {
    f->navigation->arrivals.imu = imus[in_use]->row.imu;
    f->times.imu_ns = imus[in_use]->row.imu.time_ns;
  }
  ob_imu_choice_step(f->imu_choice, imus, imu_count(f), came, now_ns);
}

static void hash_slow(ob_flight *f) {
  for (size_t k = 0; k < sizeof SLOW; k++) {
    const ob_intake *intake = f->intake[SLOW[k]];
    *f->slow_hash = intake == NULL ? *f->slow_hash : ob_intake_hash(intake, *f->slow_hash);
  }
  *f->slow_hash = ob_hash_i64s(*f->slow_hash, f->frame_words, 3);
}

static void sense(ob_flight *f, int64_t now_ns, const ob_sample *rows, int64_t count) {
  const int64_t in_use = OB_FLIGHT_IMU_A + f->imu_choice->selected;
  int64_t came = 0;
  for (int64_t k = 0; k < count; k++) {
    const int64_t intake = rows[k].intake;
    assert(0 <= intake && intake < OB_FLIGHT_INTAKES && f->intake[intake] != NULL);
    if (ob_intake_take(f->intake[intake], now_ns, &rows[k].row)) {
      came |= intake == in_use;
      f->arrived |= arrive(f, intake);
    }
  }
  choose_imu(f, in_use, came, now_ns);
  f->arrived |= came ? OB_ARRIVED_IMU : 0;
  if (now_ns % OB_FLIGHT_SLOW_NS == 0) {
    hash_slow(f);
  }
}

/* ---- what follows from them ---- */

static void navigate(ob_flight *f, int64_t now_ns) {
  if (ob_navigation_step(f->navigation, now_ns, f->arrived)) {
    f->times.gates_ns = now_ns;
  }
  f->arrived = 0;
  f->times.navigation_ns = now_ns;
}

static void guide(ob_flight *f, int64_t now_ns) {
  const ob_nav_state *nav = &f->navigation->state;
  if (f->resuming != OB_GUIDANCE_IDLE && nav->valid) {
    ob_guidance_resume(f->guidance, f->resuming, nav);
    f->resuming = OB_GUIDANCE_IDLE;
  }
  if (f->guided) {
    ob_guidance_engines(f->guidance, f->effectors->command.engine_inhibit);
  }
  ob_guidance_step(f->guidance, nav, f->request, f->touchdown->confirmed, f->guidance_command);
  f->guided++;
  f->times.guidance_ns = now_ns;
}

static int64_t legs_closed(const ob_intake *legs, int64_t now_ns) {
  return legs != NULL && now_ns - legs->row.legs.time_ns <= LEGS_WITHIN_NS ? legs->row.legs.closed
                                                                          : 0;
}

static void confirm_touchdown(ob_flight *f, int64_t now_ns) {
  ob_touchdown_step(f->touchdown, &f->navigation->state, f->guidance_command,
                    legs_closed(f->intake[OB_FLIGHT_LEGS], now_ns));
  f->times.touchdown_ns = now_ns;
}

static void control(ob_flight *f, int64_t now_ns) {
  f->sent = ob_effectors_step(f->effectors, f->control, &f->navigation->state, f->guidance_command,
                              f->guided, f->touchdown->confirmed, now_ns);
  f->times.actuators_ns = f->times.thrust_ns = now_ns;
}

void ob_flight_tick(ob_flight *f, int64_t now_ns, int64_t members, const ob_sample *rows,
                    int64_t count) {
  if (members & OB_FLIGHT_SENSORS) {
    sense(f, now_ns, rows, count);
  }
  if (members & OB_FLIGHT_NAVIGATION) {
    navigate(f, now_ns);
  }
  if (members & OB_FLIGHT_GUIDANCE) {
    guide(f, now_ns);
  }
  if (f->guided && (members & OB_FLIGHT_TOUCHDOWN)) {
    confirm_touchdown(f, now_ns);
  }
  if (f->guided && (members & OB_FLIGHT_CONTROL)) {
    control(f, now_ns);
  }
  if (f->faults != NULL && (members & OB_FLIGHT_FAULTS)) {
    ob_protection_step(f->faults, now_ns);
  }
}

/* ---- hashes ---- */

uint64_t ob_flight_hash(const ob_flight *f, int64_t members, uint64_t hash) {
  if (members & OB_FLIGHT_SENSORS) {
    const ob_intake *in_use = f->intake[OB_FLIGHT_IMU_A + f->imu_choice->selected];
    hash = ob_hash_u64(hash, ob_imu_choice_word(f->imu_choice, in_use) ^ *f->slow_hash);
  }
  if (members & OB_FLIGHT_NAVIGATION) {
    hash = ob_navigation_hash(f->navigation, hash);
  }
  if (members & OB_FLIGHT_GUIDANCE) {
    hash = ob_guidance_hash(f->guidance, hash);
  }
  if (members & OB_FLIGHT_TOUCHDOWN) {
    hash = ob_touchdown_hash(f->touchdown, hash);
  }
  if (members & OB_FLIGHT_CONTROL) {
    hash = ob_attitude_control_hash(f->control, hash);
  }
  return f->faults != NULL && (members & OB_FLIGHT_FAULTS) ? ob_protection_hash(f->faults, hash) : hash;
}

uint64_t ob_flight_output_hash(const ob_flight *f, uint64_t hash) {
  const ob_effectors *e = f->effectors;
  if (f->sent & OB_SEND_THRUSTERS) {
    hash = ob_hash_bytes(hash, (const uint8_t *)&e->thruster, sizeof e->thruster);
  }
  for (int32_t k = 0; (f->sent & OB_SEND_ENGINES) && k < OB_ENGINES; k++) {
    hash = ob_hash_bytes(hash, (const uint8_t *)&e->engine[k], sizeof e->engine[k]);
  }
  return hash;
}

/* ---- orders ---- */

static int64_t burn_in_orbit(ob_flight *f, int64_t bits) {
  ob_orbit_burn *burn = &f->guidance->orbit;
  double velocity_m_s;
  memcpy(&velocity_m_s, &bits, sizeof velocity_m_s);
  if (bits == 0) {
    burn->state = ob_orbit_burn_burns(burn) ? OB_ORBIT_BURN_DONE : burn->state;
  } else if (!(velocity_m_s > 0.0) || f->guidance->phase != OB_GUIDANCE_IDLE ||
             ob_orbit_burn_burns(burn)) {
    return 0;
  } else {
    ob_orbit_burn_start(burn, velocity_m_s);
  }
  return 1;
}

static int64_t exclude(ob_attitude_control *control, int64_t mask) {
  const int64_t before = control->allocation.excluded;
  if (ob_attitude_control_exclude(control, mask)) {
    return 1;
  }
  ob_attitude_control_exclude(control, before);
  return 0;
}

static int64_t select_imu(ob_flight *f, int64_t instance, int64_t now_ns) {
  return 0 <= instance && instance < imu_count(f) &&
         ob_imu_choice_select(f->imu_choice, f->intake[OB_FLIGHT_IMU_A + instance], instance,
                              now_ns);
}

static int64_t enable(ob_flight *f, int64_t intake, int64_t enabled) {
  if (intake < 0 || intake >= OB_FLIGHT_INTAKES || f->intake[intake] == NULL) {
    return 0;
  }
  f->intake[intake]->enabled = enabled != 0;
  return 1;
}

static int64_t use_matches(ob_flight *f, int64_t time_ns, int64_t count) {
  if (count < 0 || count > OB_FILTER_CRATERS || f->navigation->arrivals.matches == NULL) {
    return 0;
  }
  f->navigation->arrivals.matches_time_ns = time_ns;
  f->navigation->arrivals.matches_count = count;
  f->arrived |= 1 << OB_STREAM_CRATERS;
  return 1;
}

int64_t ob_flight_order(ob_flight *f, int64_t now_ns, const ob_order *order) {
  const int64_t first = order->argument[0];
  switch (order->kind) {
    case OB_ORDER_FRAMES:
      memcpy(f->frame_words, order->argument, sizeof order->argument);
      return 1;
    case OB_ORDER_GUIDANCE:
      f->request = OB_GUIDANCE_HOLD <= first && first <= OB_GUIDANCE_STOP ? first : f->request;
      return f->request == first;
    case OB_ORDER_ORBIT_BURN:
      return burn_in_orbit(f, first);
    case OB_ORDER_INHIBIT:
      f->effectors->inhibited = first & OB_ALL_ENGINES;
      return 1;
    case OB_ORDER_EXCLUDE:
      return exclude(f->control, first);
    case OB_ORDER_IMU:
      return select_imu(f, first, now_ns);
    case OB_ORDER_INTAKE:
      return enable(f, first, order->argument[1]);
    case OB_ORDER_GATE:
      if (first < 0 || first >= OB_STREAMS) {
        return 0;
      }
      ob_gate_init(&f->navigation->filter.gate[first], now_ns);
      return 1;
    case OB_ORDER_MATCHES:
      return use_matches(f, first, order->argument[1]);
    default:
      return f->faults != NULL && ob_protection_order(f->faults, order);
  }
}
