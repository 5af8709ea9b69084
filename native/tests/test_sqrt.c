/* The integer square root bit by bit against the hardware's. */
#include "arguments.h"
#include "onboard/elementary.h"

#include <assert.h>
#include <math.h>

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static void check(double x) {
  double hardware = sqrt(x);
  double ours = ob_sqrt_soft(x);
  assert(isnan(hardware) ? isnan(ours) : bits_of(hardware) == bits_of(ours));
}

/* Squares and their neighbours are where rounding is hardest. */
static void check_near_squares(uint64_t *stream) {
  double root = argument_between(stream, 0.5, 2.0);
  double square = root * root;
  check(square);
  check(nextafter(square, 0.0));
  check(nextafter(square, 4.0));
}

int main(void) {
  uint64_t stream = 1;
  for (int i = 0; i < 300000; i++) {
    check(argument_any(&stream));
    check(fabs(argument_any(&stream)));
    check((double)(argument_bits(&stream) >> 40) * 0x1p-1074);
    check_near_squares(&stream);
  }
  const double edges[] = {0.0, -0.0, 0x1p-1074, 0x1p-1022, 1.0, 2.0, 4.0, 1.7976931348623157e308,
                          INFINITY, -INFINITY, -1.0, NAN};
  for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
    check(edges[i]);
  }
  for (int k = -1074; k < 1024; k++) {
    check(ldexp(1.0, k));
    check(nextafter(ldexp(1.0, k), 0.0));
    check(nextafter(ldexp(1.0, k), INFINITY));
  }
  return 0;
}
