/* Quaternions: identities of the algebra, and the ends of the rotation vector. */
#include "arguments.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#include <assert.h>

/* Unit quaternions come out of a dozen rounded operations on numbers of at most 1. */
#define TOLERANCE 4e-15

static void random_quaternion(uint64_t *stream, double q[4]) {
  double r[3];
  argument_vector(stream, r, OB_PI);
  ob_q_from_rotvec(q, r);
}

static double distance(const double *a, const double *b, int count) {
  double worst = 0.0;
  for (int i = 0; i < count; i++) {
    worst = ob_max(worst, ob_fabs(a[i] - b[i]));
  }
  return worst;
}

static void check_turns_compose(uint64_t *stream) {
  double ab[4], bc[4], ac[4], v_c[3], v_b[3], v_a[3], direct[3];
  random_quaternion(stream, ab);
  random_quaternion(stream, bc);
  argument_vector(stream, v_c, 1.0);
  ob_q_mul(ac, ab, bc);
  ob_q_rotate(v_b, bc, v_c);
  ob_q_rotate(v_a, ab, v_b);
  ob_q_rotate(direct, ac, v_c);
  assert(distance(v_a, direct, 3) < TOLERANCE);
  ob_q_rotate_back(v_a, ac, v_a); /* in place */
  assert(distance(v_a, v_c, 3) < TOLERANCE);
  ob_q_conj(bc, ac);
  ob_q_rotate(direct, bc, direct);
  assert(distance(direct, v_c, 3) < TOLERANCE);
}

static void check_matrix_agrees(uint64_t *stream) {
  double q[4], C[9], again[4], v[3], by_q[3], by_C[3], transposed[9], product[9];
  const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  random_quaternion(stream, q);
  argument_vector(stream, v, 1.0);
  ob_q_to_matrix(C, q);
  ob_q_rotate(by_q, q, v);
  ob_m3_v3(by_C, C, v);
  assert(distance(by_q, by_C, 3) < TOLERANCE);
  ob_m3t_v3(by_C, C, by_C);
  assert(distance(v, by_C, 3) < TOLERANCE);
  ob_m3_transpose(transposed, C);
  ob_m3_mul(product, C, transposed);
  assert(distance(product, identity, 9) < TOLERANCE);
  ob_q_from_matrix(again, C);
  double sign = again[0] * q[0] + ob_v3_dot(again + 1, q + 1) < 0.0 ? -1.0 : 1.0;
  for (int i = 0; i < 4; i++) {
    assert(ob_fabs(sign * again[i] - q[i]) < TOLERANCE);
  }
}

/* Half turns about each axis: where the trace of the matrix says nothing. */
static void check_half_turns(void) {
  for (int axis = 0; axis < 3; axis++) {
    double r[3] = {0.0, 0.0, 0.0}, q[4], C[9], again[4], back[3];
    r[axis] = OB_PI;
    ob_q_from_rotvec(q, r);
    ob_q_to_matrix(C, q);
    ob_q_from_matrix(again, C);
    assert(ob_fabs(ob_fabs(again[1 + axis]) - 1.0) < TOLERANCE);
    ob_q_to_rotvec(back, q);
    assert(ob_fabs(ob_fabs(back[axis]) - OB_PI) < TOLERANCE);
  }
}

/* Lengths over both sides of the switch to the series, and the longer way round. */
static void check_rotation_vector(uint64_t *stream) {
  for (double length = 1e-20; length < OB_PI; length *= 1.3) {
    double r[3], q[4], back[3];
    argument_vector(stream, r, 1.0);
    ob_v3_unit(r, r);
    ob_v3_scale(r, r, length);
    ob_q_from_rotvec(q, r);
    ob_q_to_rotvec(back, q);
    assert(distance(r, back, 3) <= TOLERANCE * length);
    for (int i = 0; i < 4; i++) {
      q[i] = -q[i];
    }
    ob_q_to_rotvec(back, q);
    assert(distance(r, back, 3) <= TOLERANCE * length);
  }
}

static void check_degenerate(void) {
  double zero[4] = {0.0, 0.0, 0.0, 0.0}, three[3];
  ob_q_normalize(zero);
  assert(zero[0] == 1.0 && zero[1] == 0.0);
  ob_q_to_rotvec(three, zero);
  assert(three[0] == 0.0 && three[1] == 0.0 && three[2] == 0.0);
  ob_v3_set(three, 0.0, 0.0, 0.0);
  assert(ob_v3_unit(three, three) == 0.0 && three[0] == 0.0);
}

int main(void) {
  uint64_t stream = 3;
  for (int i = 0; i < 20000; i++) {
    check_turns_compose(&stream);
    check_matrix_agrees(&stream);
  }
  check_half_turns();
  check_rotation_vector(&stream);
  check_degenerate();
  return 0;
}
