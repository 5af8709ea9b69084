#include "arguments.h"
#include "exercise.h"
#include "onboard/frame.h"
#include "onboard/gravity.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define ROUNDS 1000

/* A double of this exponent field whose significand has runs of zeros or ones. */
static double structured(uint64_t *stream, int exponent) {
  static const uint64_t MASKS[] = {0, 0xff, 0xffffffff, 0xfffff00000000, 0xfffffffffffff};
  uint64_t choice = argument_bits(stream);
  uint64_t bits = argument_bits(stream) & MASKS[(choice >> 8) % 5];
  uint64_t significand = (choice & 1 ? bits : ~bits) & UINT64_C(0xfffffffffffff);
  bits = (choice & 2) << 62 | (uint64_t)exponent << 52 | significand;
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* The processor's or the compiler's own arithmetic, over all distances of exponents that matter. */
uint64_t exercise_arithmetic(void) {
  uint64_t stream = 8, hash = OB_HASH_SEED;
  for (int gap = -60; gap <= 60; gap++) {
    for (int i = 0; i < 100; i++) {
      double a = structured(&stream, 1023 + i % 3);
      double b = structured(&stream, 1023 + gap);
      double any = argument_any(&stream);
      double whole = (double)ob_to_i64(a * 0x1p60) + (double)(argument_bits(&stream) >> (i % 60));
      const double out[] = {a + b, a - b, a * b, a / b, ob_sqrt(ob_fabs(b)), (double)(float)b,
                            whole, any * argument_any(&stream)};
      hash = ob_hash_f64s(hash, out, sizeof out / sizeof out[0]);
    }
  }
  return hash;
}

uint64_t exercise_elementary(void) {
  uint64_t stream = 1, hash = OB_HASH_SEED;
  for (int i = 0; i < ROUNDS; i++) {
    double any = argument_any(&stream); /* every exponent, infinities, NaN */
    double angle = argument_between(&stream, -1e6, 1e6);
    double cosine = argument_between(&stream, -1.0, 1.0);
    double power = argument_between(&stream, -750.0, 710.0);
    double s, c;
    ob_sincos(10.0 * cosine, &s, &c);
    const double out[] = {ob_sin(angle),      ob_cos(angle),       ob_tan(angle),
                          ob_asin(cosine),    ob_acos(cosine),     ob_atan2(angle, power),
                          ob_atan2(any, angle), ob_exp(power),     ob_exp(any),
                          ob_log(any),        ob_log(power * power), ob_floor(power),
                          (double)ob_to_i64(any), s,               c};
    hash = ob_hash_f64s(hash, out, sizeof out / sizeof out[0]);
  }
  return hash;
}

/* In hardware on the desk, in integers on a board without a double-precision FPU. */
uint64_t exercise_sqrt(void) {
  uint64_t stream = 2, hash = OB_HASH_SEED;
  for (int i = 0; i < 5 * ROUNDS; i++) {
    double x = argument_any(&stream);
    hash = ob_hash_f64(hash, ob_sqrt(x));
    hash = ob_hash_f64(hash, ob_sqrt_soft(x));
  }
  return hash;
}

uint64_t exercise_hash(void) {
  uint64_t stream = 3, hash = OB_HASH_SEED;
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t bytes[11];
    for (int k = 0; k < 11; k++) {
      bytes[k] = (uint8_t)argument_bits(&stream);
    }
    hash = ob_hash_f64(hash, argument_any(&stream));
    hash = ob_hash_bytes(hash, bytes, 1 + i % 11);
  }
  return hash;
}

uint64_t exercise_vector(void) {
  uint64_t stream = 4, hash = OB_HASH_SEED;
  for (int i = 0; i < ROUNDS; i++) {
    double a[3], b[3], m[9], transposed[9], product[9];
    argument_vector(&stream, a, 10.0);
    argument_vector(&stream, b, 1e6);
    argument_vector(&stream, m, 1.0);
    argument_vector(&stream, m + 3, 1.0);
    ob_v3_cross(m + 6, m, m + 3);
    ob_m3_transpose(transposed, m);
    ob_m3_mul(product, m, transposed);
    ob_m3_v3(a, product, a);
    ob_m3t_v3(b, m, b);
    ob_v3_axpy(a, ob_v3_dot(a, b), b);
    hash = ob_hash_f64(hash, ob_v3_unit(a, a));
    hash = ob_hash_f64s(ob_hash_f64s(hash, a, 3), b, 3);
  }
  return hash;
}

uint64_t exercise_quaternion(void) {
  uint64_t stream = 5, hash = OB_HASH_SEED;
  double q[4] = {1.0, 0.0, 0.0, 0.0};
  for (int i = 0; i < ROUNDS; i++) {
    double r[3], turn[4], product[4], matrix[9], back[3];
    argument_vector(&stream, r, i % 2 ? 3.0 : 1e-6);
    ob_q_from_rotvec(turn, r);
    ob_q_mul(product, q, turn);
    ob_q_normalize(product);
    ob_q_rotate(r, product, r);
    ob_q_to_matrix(matrix, product);
    ob_q_from_matrix(q, matrix);
    ob_q_to_rotvec(back, q);
    hash = ob_hash_f64s(ob_hash_f64s(ob_hash_f64s(hash, q, 4), r, 3), back, 3);
  }
  return hash;
}

uint64_t exercise_frame(void) {
  uint64_t stream = 6, hash = OB_HASH_SEED;
  for (int i = 0; i < ROUNDS / 4; i++) {
    ob_site site;
    ob_corridor corridor;
    double latitude = argument_between(&stream, -1.5, 1.5);
    double longitude = argument_between(&stream, -3.0, 3.0);
    double r[3], q[4];
    argument_vector(&stream, r, 1.8e6);
    ob_site_init(&site, latitude, longitude, argument_between(&stream, -9000.0, 9000.0));
    ob_corridor_init(&corridor, latitude, longitude, argument_between(&stream, -3.0, 3.0));
    ob_site_from_mcmf(&site, r, r);
    ob_mcmf_from_site(&site, r, r);
    ob_corridor_from_mcmf(&corridor, r, r);
    hash = ob_hash_f64s(hash, r, 3);
    ob_mcmf_from_corridor(&corridor, r, r);
    ob_q_site_from_mci(&site, (int64_t)(argument_bits(&stream) >> 10), q);
    hash = ob_hash_f64s(ob_hash_f64s(hash, r, 3), q, 4);
  }
  return hash;
}

uint64_t exercise_gravity(void) {
  uint64_t stream = 7, hash = OB_HASH_SEED;
  for (int i = 0; i < ROUNDS; i++) {
    double r[3];
    argument_vector(&stream, r, 2e6);
    ob_gravity_mcmf(r, r);
    hash = ob_hash_f64s(hash, r, 3);
  }
  return hash;
}
