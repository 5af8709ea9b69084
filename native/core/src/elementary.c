#include "onboard/elementary.h"

#include <string.h>

/* Constants and polynomials: docs/decisions/elementary_coefficients.py */
#define HALF_PI_1 0x1.921fb54400000p+0
#define HALF_PI_2 0x1.0b4611a600000p-34
#define HALF_PI_3 0x1.3198a2e000000p-69
#define HALF_PI_4 0x1.b839a252049c1p-104
#define TWO_OVER_PI 0x1.45f306dc9c883p-1
#define HALF_PI_HIGH 0x1.921fb54442d18p+0
#define HALF_PI_LOW 0x1.1a62633145c07p-54
#define LN2_HIGH 0x1.62e42fefa0000p-1
#define LN2_LOW 0x1.cf79abc9e3b3ap-40
#define ONE_OVER_LN2 0x1.71547652b82fep+0

#define ROOT_HALF_BITS UINT64_C(0x3fe6a09e667f3bcd) /* of sqrt(1/2) */
#define ONE_BITS UINT64_C(0x3ff0000000000000)

static const double ATAN_HIGH[5] = {0.0, 0x1.f5b75f92c80ddp-3, 0x1.dac670561bb4fp-2,
                                    0x1.4978fa3269ee1p-1, 0x1.921fb54442d18p-1};
static const double ATAN_LOW[5] = {0.0, 0x1.8ab6e3cf7afbdp-57, 0x1.a2b7f222f65e2p-56,
                                   0x1.2419a87f2a458p-56, 0x1.1a62633145c07p-55};

/* sin and cos of 0, 1/8 ... 6/8 rad, each as a double and what that double leaves. */
typedef struct {
  double sine, sine_low, cosine, cosine_low;
} sine_and_cosine;

static const sine_and_cosine EIGHTHS[7] = {
    {0.0, 0.0, 1.0, 0.0},
    {0x1.feaaeee86ee36p-4, -0x1.afcb2bcc6f03bp-59, 0x1.fc015527d5bd3p-1, 0x1.b68f35094efb8p-55},
    {0x1.faaeed4f31577p-3, -0x1.15d88508e32b8p-57, 0x1.f01549f7deea1p-1, 0x1.d3c1e99e5cafdp-55},
    {0x1.7710255764214p-2, -0x1.6ead7314bb6cep-57, 0x1.dc6b7eb995912p-1, 0x1.4b364776dcd35p-58},
    {0x1.eaee8744b05f0p-2, -0x1.789b43c9b027dp-58, 0x1.c1528065b7d50p-1, -0x1.892111312e828p-55},
    {0x1.2b91dea88421ep-1, -0x1.fa371db216ab0p-55, 0x1.9f368ed912f85p-1, -0x1.1d200c5791606p-55},
    {0x1.5cffc16bf8f0dp-1, 0x1.96cb370eb578ap-55, 0x1.769fec655211fp-1, -0x1.827d5cf8c68c5p-57},
};

/* Polynomials in the order of Estrin (1960): shorter chains than Horner's, the same on all targets. */
static double sin_polynomial(double z) {
  double z2 = z * z;
  double a = -0.16666666666666657 + z * 0.008333333333268538;
  double b = -0.00019841268588892278 + z * 2.754777949863798e-06;
  return a + z2 * b;
}

static double cos_polynomial(double z) {
  return 0.04166666666634093 + z * (-0.0013888887902738201 + z * 2.4792321605199326e-05);
}

static double atan_polynomial(double z) {
  double z2 = z * z;
  double z4 = z2 * z2;
  double a = (-0.33333333333332543 + z * 0.19999999999588658) +
             z2 * (-0.14285714212287542 + z * 0.1111110476338607);
  double b = (-0.09090604723808578 + z * 0.07683762762899474) +
             z2 * (-0.06526147266822305 + z * 0.04609209465111264);
  return a + z4 * b;
}

static double asin_polynomial(double z) {
  double z2 = z * z;
  double z4 = z2 * z2;
  double a = (0.16666666666666763 + z * 0.07499999999970276) +
             z2 * (0.04464285717510871 + z * 0.030381942684140056);
  double b = (0.022372215646868462 + z * 0.01735160031332748) +
             z2 * (0.013980959003866152 + z * 0.01139779451128949);
  double c = (0.01078643272987721 + z * 0.0036833804472204716) +
             z2 * (0.02176273117570838 + z * -0.021076276539135973);
  return a + z4 * (b + z4 * (c + z4 * 0.03267629506226063));
}

static double exp_polynomial(double r) {
  double r2 = r * r;
  double r4 = r2 * r2;
  double a = (0.5 + r * 0.1666666666666667) +
             r2 * (0.04166666666666649 + r * 0.008333333333326351);
  double b = (0.001388888888900403 + r * 0.00019841269874172938) +
             r2 * (2.4801587044307275e-05 + r * 2.7557256119736512e-06);
  double c = (2.755754182941319e-07 + r * 2.5104950616273005e-08) + r2 * 2.082522687357383e-09;
  return a + r4 * (b + r4 * c);
}

static double log_polynomial(double z) {
  double z2 = z * z;
  double a = 0.6666666666666734 + z * 0.3999999999941437;
  double b = 0.28571428742471583 + z * 0.2222219856320925;
  double c = 0.18183564906256938 + z * 0.1531403431039388;
  return a + z2 * (b + z2 * (c + z2 * 0.14796124765594995));
}

/* An unevaluated sum: high is the sum rounded to double, low what is left. */
typedef struct {
  double high, low;
} double_double;

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static double not_a_number(void) { return from_bits(UINT64_C(0x7ff8000000000000)); }

static double infinity(void) { return from_bits(UINT64_C(0x7ff0000000000000)); }

static int is_negative(double x) { return (int)(bits_of(x) >> 63); }

/* 2^k for -1022 <= k <= 1023. */
static double power_of_two(int64_t k) { return from_bits((uint64_t)(k + 1023) << 52); }

/* The integer nearest to x, |x| < 2^51; the constant pushes the fraction out of the significand. */
static double round_to_integer(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

/* a + b exactly, |a| >= |b| (Dekker 1971). */
static double_double fast_two_sum(double a, double b) {
  double high = a + b;
  return (double_double){high, b - (high - a)};
}

/* a - b exactly (Knuth 1969). */
static double_double two_difference(double a, double b) {
  double high = a - b;
  double part = high - a;
  return (double_double){high, (a - (high - part)) - (b + part)};
}

/* numerator - a b, the product exact (Dekker 1971; a and b well inside the range), for a remainder
 * so small that the first difference is exact. */
static double remainder_of(double numerator, double a, double b) {
  double a_spread = 134217729.0 * a;
  double b_spread = 134217729.0 * b;
  double a_high = a_spread - (a_spread - a);
  double b_high = b_spread - (b_spread - b);
  double a_low = a - a_high;
  double b_low = b - b_high;
  double product = a * b;
  double error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
  return (numerator - product) - error;
}

/* x = n pi/2 +- (at + rest + low): quadrant n, a multiple of 1/8 rad up to 6/8, a rest of at most 1/8
 * and what a double cannot hold of it. */
typedef struct {
  uint32_t quadrant; /* n modulo 4 */
  uint32_t negative; /* the sign above */
  const sine_and_cosine *at;
  double rest, low;
  double sine_tail, cosine_tail; /* sin(rest) - rest, cos(rest) - 1 */
} reduced;

/* n has 20 bits and the first three parts of pi/2 have 33, so their products are exact, and what
 * cancels is replaced by the part after it. */
static double_double reduce_quadrant(double x, double n) {
  if (n == 0.0) {
    return (double_double){x, 0.0};
  }
  double_double first = two_difference(x - n * HALF_PI_1, n * HALF_PI_2);
  double_double second = two_difference(first.high, n * HALF_PI_3);
  return fast_two_sum(second.high, (first.low + second.low) - n * HALF_PI_4);
}

static reduced reduce(double x) {
  double n = round_to_integer(x * TWO_OVER_PI);
  double_double r = reduce_quadrant(x, n);
  uint32_t negative = r.high < 0.0;
  double magnitude = ob_fabs(r.high);
  int32_t k = magnitude < 0.125 ? 0 : (int32_t)(8.0 * magnitude + 0.5);
  double rest = magnitude - 0.125 * (double)k;
  double z = rest * rest;
  return (reduced){.quadrant = (uint32_t)((int32_t)n & 3),
                   .negative = negative,
                   .at = &EIGHTHS[k],
                   .rest = rest,
                   .low = negative ? -r.low : r.low,
                   .sine_tail = rest * z * sin_polynomial(z),
                   .cosine_tail = z * (z * cos_polynomial(z) - 0.5)};
}

/* sin(at + d) = sin at + cos at sin d + sin at (cos d - 1); `low` moves it by its cosine. */
static double_double sine_of(const reduced *r) {
  double step = r->at->cosine * r->rest;
  double tail = r->at->cosine * r->sine_tail + r->at->sine * r->cosine_tail;
  double moved = r->low * (r->at->cosine - r->at->sine * r->rest);
  double_double head = fast_two_sum(r->at->sine, step);
  return fast_two_sum(head.high, head.low + (tail + (r->at->sine_low + moved)));
}

/* cos(at + d) = cos at - sin at sin d + cos at (cos d - 1) */
static double_double cosine_of(const reduced *r) {
  double step = r->at->sine * r->rest;
  double tail = r->at->cosine * r->cosine_tail - r->at->sine * r->sine_tail;
  double moved = r->low * (r->at->sine + step);
  double_double head = fast_two_sum(r->at->cosine, -step);
  return fast_two_sum(head.high, head.low + (tail + (r->at->cosine_low - moved)));
}

static double negate_if(uint32_t condition, double x) { return condition ? -x : x; }

/* sin(n pi/2 +- angle) and, one quadrant on, cos. */
static double sine_in_quadrant(const reduced *r, uint32_t quadrant) {
  double value = quadrant & 1 ? cosine_of(r).high : negate_if(r->negative, sine_of(r).high);
  return negate_if(quadrant & 2, value);
}

static int in_trig_domain(double x) { return ob_fabs(x) <= OB_TRIG_MAX; }

double ob_sin(double x) {
  if (!in_trig_domain(x)) {
    return not_a_number();
  }
  if (x == 0.0) {
    return x;
  }
  reduced r = reduce(x);
  return sine_in_quadrant(&r, r.quadrant);
}

double ob_cos(double x) {
  if (!in_trig_domain(x)) {
    return not_a_number();
  }
  reduced r = reduce(x);
  return sine_in_quadrant(&r, r.quadrant + 1);
}

void ob_sincos(double x, double *s, double *c) {
  if (!in_trig_domain(x)) {
    *s = *c = not_a_number();
    return;
  }
  reduced r = reduce(x);
  *s = x == 0.0 ? x : sine_in_quadrant(&r, r.quadrant);
  *c = sine_in_quadrant(&r, r.quadrant + 1);
}

double ob_tan(double x) {
  if (!in_trig_domain(x)) {
    return not_a_number();
  }
  if (x == 0.0) {
    return x;
  }
  reduced r = reduce(x);
  uint32_t odd = r.quadrant & 1; /* tan(pi/2 + a) = -cos a / sin a */
  double_double top = odd ? cosine_of(&r) : sine_of(&r);
  double_double bottom = odd ? sine_of(&r) : cosine_of(&r);
  double quotient = top.high / bottom.high;
  double error = remainder_of(top.high, quotient, bottom.high) + (top.low - quotient * bottom.low);
  return negate_if(r.negative ^ odd, quotient + error / bottom.high);
}

/* asin(r) - r for |r| <= 1/2, z = r r. */
static double asin_tail(double r, double z) { return r * z * asin_polynomial(z); }

/* asin(sqrt(z)) for 0 <= z <= 1/4; the root's own error is put back, d sqrt = (z - s s) / 2 s. */
static double_double asin_of_root(double z) {
  double s = ob_sqrt(z);
  double error = s > 0.0 ? remainder_of(z, s, s) / (s + s) : 0.0;
  return (double_double){s, error + asin_tail(s, z)};
}

double ob_asin(double x) {
  double magnitude = ob_fabs(x);
  if (!(magnitude <= 1.0)) {
    return not_a_number();
  }
  if (magnitude < 0x1p-27) {
    return x; /* x^3/6 is below half an ulp */
  }
  if (magnitude <= 0.5) {
    return x + asin_tail(x, x * x);
  }
  double_double half = asin_of_root(0.5 * (1.0 - magnitude)); /* asin x = pi/2 - 2 asin sqrt((1-x)/2) */
  double_double head = fast_two_sum(HALF_PI_HIGH, -2.0 * half.high);
  double value = head.high + (head.low + (HALF_PI_LOW - 2.0 * half.low));
  return negate_if(x < 0.0, value);
}

double ob_acos(double x) {
  double magnitude = ob_fabs(x);
  if (!(magnitude <= 1.0)) {
    return not_a_number();
  }
  if (magnitude <= 0.5) {
    double_double head = fast_two_sum(HALF_PI_HIGH, -x);
    return head.high + (head.low + (HALF_PI_LOW - asin_tail(x, x * x)));
  }
  double_double half = asin_of_root(0.5 * (1.0 - magnitude)); /* acos x = 2 asin sqrt((1-x)/2) */
  if (x > 0.0) {
    return 2.0 * (half.high + half.low);
  }
  double_double head = fast_two_sum(2.0 * HALF_PI_HIGH, -2.0 * half.high);
  return head.high + (head.low + 2.0 * (HALF_PI_LOW - half.low));
}

/* What division of b by a (0 <= b <= a) lost, as a share of a; nothing that matters below 2^-60. */
static double quotient_error(double b, double a, double quotient) {
  if (quotient < 0x1p-60 || quotient == 1.0) {
    return 0.0;
  }
  double scale = a > 0x1p500 ? 0x1p-600 : a < 0x1p-500 ? 0x1p500 : 1.0;
  return remainder_of(b * scale, quotient, a * scale) / (a * scale);
}

/* atan(b / a) for 0 <= b <= a, about the nearest quarter c: atan c + atan((t - c) / (1 + c t)). */
static double_double atan_of_quotient(double b, double a) {
  double t = a == b ? (a > 0.0 ? 1.0 : 0.0) : b / a;
  double error = quotient_error(b, a, t);
  int32_t k = t <= 0.25 ? 0 : (int32_t)(4.0 * t + 0.5);
  double c = 0.25 * (double)k;
  double denominator = 1.0 + c * t;
  double r = (t - c) / denominator;
  double z = r * r;
  double tail = r * z * atan_polynomial(z) + error * (1.0 + c * c) / (denominator * denominator);
  double_double head = k ? fast_two_sum(ATAN_HIGH[k], r) : (double_double){r, 0.0};
  return (double_double){head.high, head.low + (tail + ATAN_LOW[k])};
}

double ob_atan2(double y, double x) {
  if (x != x || y != y) {
    return not_a_number();
  }
  double across = ob_fabs(y);
  double along = ob_fabs(x);
  double_double angle = atan_of_quotient(ob_min(across, along), ob_max(across, along));
  if (across > along) { /* pi/2 - angle */
    double_double head = fast_two_sum(HALF_PI_HIGH, -angle.high);
    angle = (double_double){head.high, head.low + (HALF_PI_LOW - angle.low)};
  }
  if (is_negative(x)) { /* pi - angle */
    double_double head = fast_two_sum(2.0 * HALF_PI_HIGH, -angle.high);
    angle = (double_double){head.high, head.low + (2.0 * HALF_PI_LOW - angle.low)};
  }
  double value = angle.high + angle.low;
  return is_negative(y) ? -value : value;
}

/* y 2^k, -1075 <= k <= 1024, rounded once. */
static double scale_by_power(double y, int64_t k) {
  if (k > 1023) {
    return y * 2.0 * power_of_two(k - 1);
  }
  return k < -1021 ? y * power_of_two(k + 100) * 0x1p-100 : y * power_of_two(k);
}

double ob_exp(double x) {
  if (x != x) {
    return not_a_number();
  }
  if (x > 709.79) {
    return infinity();
  }
  if (x < -745.14) {
    return 0.0;
  }
  double k = round_to_integer(x * ONE_OVER_LN2);
  double_double r = two_difference(x - k * LN2_HIGH, k * LN2_LOW);
  double_double head = fast_two_sum(1.0, r.high);
  double tail = r.low + r.high * r.high * exp_polynomial(r.high);
  return scale_by_power(head.high + (head.low + tail), (int64_t)k);
}

double ob_log(double x) {
  if (!(x > 0.0)) {
    return x == 0.0 ? -infinity() : not_a_number();
  }
  if (x == infinity()) {
    return x;
  }
  int64_t k = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    k = -54;
  }
  uint64_t bits = bits_of(x);
  /* x = 2^k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)) */
  uint64_t above = bits - ROOT_HALF_BITS + ONE_BITS;
  k += (int64_t)(above >> 52) - 1023;
  double f = from_bits((above & UINT64_C(0xfffffffffffff)) + ROOT_HALF_BITS) - 1.0;
  /* log(1 + f) = f - f f/2 + s (f f/2 + z P(z)), s = f / (2 + f), z = s s */
  double s = f / (2.0 + f);
  double z = s * s;
  double half_square = 0.5 * f * f;
  double count = (double)k;
  double_double head = fast_two_sum(count * LN2_HIGH, f);
  double tail = s * (half_square + z * log_polynomial(z)) + count * LN2_LOW;
  return head.high + (head.low + (tail - half_square));
}
