#include "onboard/allocation.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"
#include "onboard/vector.h"

enum { CORRECTIONS = 3 };
static const double TICK_US = 1e6 * OB_ALLOCATION_TICK_S;
static const double SPAN_MIN = 1e-6; /* smallest determinant, relative to the trace cubed */

/* m^-1 of a symmetric positive definite matrix by cofactors; 0 when it is nearly singular. */
static int64_t invert(const double m[9], double out[9]) {
  double trace = m[0] + m[4] + m[8];
  double cofactor[9] = {m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8],
                        m[1] * m[5] - m[2] * m[4], m[5] * m[6] - m[3] * m[8],
                        m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
                        m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7],
                        m[0] * m[4] - m[1] * m[3]};
  double determinant = m[0] * cofactor[0] + m[1] * cofactor[3] + m[2] * cofactor[6];
  if (!(determinant > SPAN_MIN * trace * trace * trace)) {
    return 0;
  }
  for (int i = 0; i < 9; i++) {
    out[i] = cofactor[i] / determinant;
  }
  return 1;
}

static void set_torques(ob_allocation *a, const ob_thruster_set *set) {
  for (int i = 0; i < OB_THRUSTERS; i++) {
    double force_n = a->excluded >> i & 1 ? 0.0 : set->force_n[i];
    ob_v3_cross(a->torque_nm[i], set->position_m[i], set->direction[i]);
    ob_v3_scale(a->torque_nm[i], a->torque_nm[i], force_n);
    for (int k = 0; k < 3; k++) {
      a->bound_nms[k] += ob_fabs(a->torque_nm[i][k]) * set->minimum_on_s;
    }
  }
}

int64_t ob_allocation_init(ob_allocation *allocation, const ob_thruster_set *set,
                           int64_t excluded) {
  assert(set->minimum_on_s >= 0.0 && set->minimum_on_s <= OB_ALLOCATION_TICK_S);
  double gram[9] = {0.0}, inverse[9];
  memset(allocation, 0, sizeof *allocation);
  allocation->minimum_on_s = set->minimum_on_s;
  allocation->excluded = excluded;
  set_torques(allocation, set);
  for (int i = 0; i < OB_THRUSTERS; i++) {
    for (int k = 0; k < 9; k++) {
      gram[k] += allocation->torque_nm[i][k / 3] * allocation->torque_nm[i][k % 3];
    }
  }
  if (!invert(gram, inverse)) {
    memset(allocation->torque_nm, 0, sizeof allocation->torque_nm);
    return 0;
  }
  for (int i = 0; i < OB_THRUSTERS; i++) {
    ob_m3_v3(allocation->share_1_nm[i], inverse, allocation->torque_nm[i]);
  }
  return 1;
}

static void torque_of(const ob_allocation *a, const double duty[OB_THRUSTERS], double out[3]) {
  ob_v3_set(out, 0.0, 0.0, 0.0);
  for (int i = 0; i < OB_THRUSTERS; i++) {
    ob_v3_axpy(out, duty[i], a->torque_nm[i]);
  }
}

static void share_out(const ob_allocation *a, const double wanted[3], double duty[OB_THRUSTERS]) {
  double made[3], missing[3];
  for (int i = 0; i < OB_THRUSTERS; i++) {
    duty[i] = ob_clamp(2.0 * ob_v3_dot(a->share_1_nm[i], wanted), 0.0, 1.0);
  }
  for (int n = 0; n < CORRECTIONS; n++) {
    torque_of(a, duty, made);
    ob_v3_sub(missing, wanted, made);
    for (int i = 0; i < OB_THRUSTERS; i++) {
      duty[i] = ob_clamp(duty[i] + ob_v3_dot(a->share_1_nm[i], missing), 0.0, 1.0);
    }
  }
}

void ob_allocation_step(ob_allocation *allocation, const double torque_nm[3],
                        int64_t on_time_us[OB_THRUSTERS], double given_nm[3]) {
  ob_allocation *a = allocation;
  double wanted[3], duty[OB_THRUSTERS];
  double shortest = a->minimum_on_s / OB_ALLOCATION_TICK_S;
  ob_v3_axpy(a->pending_nms, OB_ALLOCATION_TICK_S, torque_nm);
  ob_v3_scale(wanted, a->pending_nms, 1.0 / OB_ALLOCATION_TICK_S);
  share_out(a, wanted, duty);
  for (int i = 0; i < OB_THRUSTERS; i++) {
    on_time_us[i] = duty[i] >= shortest ? ob_to_i64(duty[i] * TICK_US) : 0;
    duty[i] = (double)on_time_us[i] / TICK_US;
  }
  torque_of(a, duty, given_nm);
  for (int k = 0; k < 3; k++) {
    double rest = a->pending_nms[k] - given_nm[k] * OB_ALLOCATION_TICK_S;
    a->pending_nms[k] = ob_clamp(rest, -a->bound_nms[k], a->bound_nms[k]);
  }
}

uint64_t ob_allocation_hash(const ob_allocation *allocation, uint64_t hash) {
  hash = ob_hash_f64s(hash, allocation->pending_nms, 3);
  return ob_hash_u64(hash, (uint64_t)allocation->excluded);
}
