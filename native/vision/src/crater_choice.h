/* Which candidates are looked at first, and which of those found are kept. */
#ifndef VISION_CRATER_CHOICE_H
#define VISION_CRATER_CHOICE_H

#include <stdint.h>

#include "crater_scan.h"
#include "vision/crater_finder.h"

/* At most `capacity` candidates of all levels, the best first; returns how many. */
int32_t ob_crater_sort(const ob_crater_cells *cells, int32_t levels, ob_crater_candidate *sorted, int32_t capacity);

/* Into the list, the best first, unless a better one overlaps; those that it beats go. */
void ob_crater_admit(const ob_found_crater *found, ob_found_crater *craters, int64_t capacity, int64_t *count);

#endif
