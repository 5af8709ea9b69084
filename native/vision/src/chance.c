#include "chance.h"

#include "onboard/elementary.h"

#define CHANCE 1e-3

int32_t ob_chance_beyond(double count, double expected) {
  double term = ob_exp(-expected), tail = 1.0;
  for (double k = 0.0; k < count && tail >= CHANCE; k += 1.0) {
    tail -= term;
    term *= expected / (k + 1.0);
  }
  return tail < CHANCE;
}

double ob_chance_area(const ob_field *field) {
  double spread[2];
  for (int32_t k = 0; k < 2; k++) {
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < field->count; i++) {
      sum += field->x[2 + k][i];
      squares += field->x[2 + k][i] * field->x[2 + k][i];
    }
    const double n = (double)field->count, mean = sum / n;
    spread[k] = ob_sqrt(ob_max(squares / n - mean * mean, 0.0));
  }
  return 12.0 * spread[0] * spread[1];
}
