/* The way up to the best correlation with a template, over column, row and radius. */
#ifndef VISION_CRATER_CLIMB_H
#define VISION_CRATER_CLIMB_H

#include <stdint.h>

#include "crater_templates.h"

#define OB_CRATER_HOPELESS 0.12 /* so much below what is asked for nothing is climbed */

typedef struct {
  int32_t at[3];    /* column, row, template */
  double here;      /* the correlation */
  double around[6]; /* a step less and a step more in each */
} ob_crater_summit;

/* From `at` to the next maximum; 0 if none of at least `least` is near. `templates`: OB_CRATER_TEMPLATES. */
int ob_crater_climb(const ob_crater_level *level, const ob_crater_template *templates, double least, int64_t simd,
                    ob_crater_summit *summit);

/* Where between the steps the maximum is: column, row and radius, in pixels. */
void ob_crater_summit_place(const ob_crater_summit *summit, const ob_crater_template *templates, double place[3]);

#endif
