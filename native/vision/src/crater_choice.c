#include "crater_choice.h"

#include <stddef.h>
#include <string.h>

#include "onboard/elementary.h"

#define BINS 1024

static int32_t bin_of(int32_t score) {
  const int32_t bin = score * BINS / OB_CRATER_SCORE_UNIT;
  return BINS - 1 - (bin < BINS ? bin : BINS - 1);
}

int32_t ob_crater_sort(const ob_crater_cells *cells, int32_t levels, ob_crater_candidate *sorted, int32_t capacity) {
  int32_t start[BINS + 1] = {0};
  for (int32_t pass = 0; pass < 2; pass++) {
    for (int32_t n = 0; n < levels; n++) {
      const int64_t count = (int64_t)cells[n].across * cells[n].down;
      for (int64_t k = 0; k < count; k++) {
        const ob_crater_candidate *c = &cells[n].cell[k];
        if (c->score == 0) {
          continue;
        }
        if (pass == 0) {
          start[bin_of(c->score) + 1]++;
        } else {
          const int32_t at = start[bin_of(c->score)]++;
          if (at < capacity) {
            sorted[at] = *c;
          }
        }
      }
    }
    for (int32_t b = 0; pass == 0 && b < BINS; b++) {
      start[b + 1] += start[b];
    }
  }
  const int32_t total = start[BINS - 1];
  return total < capacity ? total : capacity;
}

static int overlap(const ob_found_crater *a, const ob_found_crater *b) {
  const double dx = a->pixel[0] - b->pixel[0], dy = a->pixel[1] - b->pixel[1];
  const double larger = ob_max(a->radius_px, b->radius_px), smaller = ob_min(a->radius_px, b->radius_px);
  return dx * dx + dy * dy < 0.49 * larger * larger && larger < 1.7 * smaller;
}

void ob_crater_admit(const ob_found_crater *found, ob_found_crater *craters, int64_t capacity, int64_t *count) {
  for (int64_t k = 0; k < *count; k++) {
    if (overlap(found, &craters[k]) && craters[k].correlation >= found->correlation) {
      return;
    }
  }
  int64_t kept = 0;
  for (int64_t k = 0; k < *count; k++) {
    if (!overlap(found, &craters[k])) {
      craters[kept++] = craters[k];
    }
  }
  int64_t at = kept;
  while (at > 0 && craters[at - 1].correlation < found->correlation) {
    at--;
  }
  if (at < capacity) {
    const int64_t moved = (kept < capacity ? kept : capacity - 1) - at;
    memmove(&craters[at + 1], &craters[at], (size_t)moved * sizeof *craters);
    craters[at] = *found;
    kept = kept < capacity ? kept + 1 : capacity;
  }
  *count = kept;
}
