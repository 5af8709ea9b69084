#include "vision/crater_finder.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "crater_choice.h"
#include "crater_levels.h"
#include "crater_scan.h"
#include "crater_templates.h"
#include "onboard/elementary.h"

#define SCALES 4      /* per octave */
#define FIRST 1       /* template of the first scale of a scan */
#define FINER 4       /* so much further is that of the same size a level below */
#define RADIUS_PX 2.5 /* of the first scale, in pixels of its level */
#define NEAR 1.02     /* a scale so near the least radius is looked at */
#define CLIMB_STEPS 8
#define HOPELESS 0.12 /* a correlation so much below what is asked for does not climb there */

typedef struct {
  int32_t levels;
  ob_crater_level level[OB_CRATER_LEVELS];
  ob_crater_cells cells[OB_CRATER_LEVELS];
  int16_t *rows;
  ob_crater_template *templates;
  ob_crater_candidate *sorted;
  int64_t octets;
} layout;

/* --- Memory ------------------------------------------------------------------------------------- */

/* The next free octet, where so many are taken. */
static uint8_t *take(uint8_t *memory, int64_t *used, int64_t octets) {
  uint8_t *start = memory == NULL ? NULL : memory + *used;
  *used += (octets + 31) / 32 * 32;
  return start;
}

static uint8_t *free_from(uint8_t *memory, int64_t used) { return memory == NULL ? NULL : memory + used; }

static layout lay_out(int32_t width, int32_t height, uint8_t *memory) {
  layout l = {0};
  for (int32_t w = width, h = height;
       l.levels < OB_CRATER_LEVELS && w >= OB_CRATER_LEVEL_MIN && h >= OB_CRATER_LEVEL_MIN; w /= 2, h /= 2) {
    const int32_t n = l.levels++;
    take(memory, &l.octets, ob_crater_level_place(&l.level[n], w, h, free_from(memory, l.octets)));
    take(memory, &l.octets, ob_crater_cells_place(&l.cells[n], w, h, free_from(memory, l.octets)));
  }
  l.rows = (void *)take(memory, &l.octets, ob_crater_scan_octets(width));
  l.templates = (void *)take(memory, &l.octets, OB_CRATER_TEMPLATES * (int64_t)sizeof(ob_crater_template));
  l.sorted = (void *)take(memory, &l.octets, OB_CRATER_FINDER_CANDIDATES * (int64_t)sizeof(ob_crater_candidate));
  return l;
}

static int size_ok(int64_t width, int64_t height) {
  return width >= OB_CRATER_FINDER_IMAGE_MIN && width <= OB_CRATER_FINDER_IMAGE_MAX &&
         height >= OB_CRATER_FINDER_IMAGE_MIN && height <= OB_CRATER_FINDER_IMAGE_MAX;
}

int64_t ob_crater_finder_workspace_octets(int64_t width, int64_t height) {
  return size_ok(width, height) ? lay_out((int32_t)width, (int32_t)height, NULL).octets : 0;
}

/* --- Climb -------------------------------------------------------------------------------------- */

/* Vertex of the parabola through three values, in steps from the middle one, which is the largest. */
static double vertex(double before, double here, double after) {
  const double curvature = 2.0 * here - before - after;
  return curvature > 0.0 ? ob_max(-0.5, ob_min(0.5, 0.5 * (after - before) / curvature)) : 0.0;
}

typedef struct {
  int32_t at[3];    /* column, row, template */
  double here;      /* the correlation */
  double around[6]; /* a step less and a step more in each */
} summit;

static double correlation_at(const layout *l, const ob_crater_level *level, const int32_t at[3], int64_t simd) {
  const int known = at[2] >= 0 && at[2] < OB_CRATER_TEMPLATES;
  return known ? ob_crater_correlation(level, &l->templates[at[2]], at[0], at[1], simd) : -1.0;
}

/* Looks at the six neighbours, but for `known`; returns the best that is better, -1 where none is. */
static int32_t look_around(const layout *l, const ob_crater_level *level, summit *t, int32_t known, int64_t simd) {
  int32_t best = -1;
  double most = t->here;
  for (int32_t k = 0; k < 6; k++) {
    if (k != known) {
      int32_t to[3] = {t->at[0], t->at[1], t->at[2]};
      to[k / 2] += k % 2 == 0 ? -1 : 1;
      t->around[k] = correlation_at(l, level, to, simd);
    }
    if (t->around[k] > most) {
      most = t->around[k];
      best = k;
    }
  }
  return best;
}

/* To the next maximum along column, row and radius; 0 if none of at least `least` is near. */
static int climb(const layout *l, const ob_crater_level *level, summit *t, double least, int64_t simd) {
  t->here = correlation_at(l, level, t->at, simd);
  int32_t known = -1;
  for (int32_t step = 0; step < CLIMB_STEPS && t->here >= least - HOPELESS; step++) {
    const int32_t best = look_around(l, level, t, known, simd);
    if (best < 0) {
      return t->here >= least;
    }
    const double before = t->here;
    t->at[best / 2] += best % 2 == 0 ? -1 : 1;
    t->here = t->around[best];
    known = best ^ 1;
    t->around[known] = before;
  }
  return 0;
}

/* In pixels of its level. */
static ob_found_crater measured(const layout *l, const summit *t) {
  const double larger = vertex(t->around[4], t->here, t->around[5]);
  return (ob_found_crater){
      .pixel = {t->at[0] + vertex(t->around[0], t->here, t->around[1]),
                t->at[1] + vertex(t->around[2], t->here, t->around[3])},
      .radius_px = l->templates[t->at[2]].radius * (1.0 + (OB_CRATER_TEMPLATE_STEP - 1.0) * larger),
      .correlation = t->here};
}

static int32_t rounded(double x) { return (int32_t)ob_to_i64(ob_floor(x + 0.5)); }

/* From where a maximum of one level is to the same of the level below. */
static summit finer(const layout *l, const summit *t) {
  const ob_found_crater c = measured(l, t);
  return (summit){.at = {rounded(2.0 * c.pixel[0] + 0.5), rounded(2.0 * c.pixel[1] + 0.5), t->at[2] + FINER}};
}

static int refine(const layout *l, const ob_crater_candidate *c, const ob_crater_finder_settings *s,
                  ob_found_crater *found) {
  summit t = {.at = {c->x, c->y, c->scale}};
  int32_t number = c->level;
  const double coarse = number > 0 ? s->correlation_min - HOPELESS : s->correlation_min;
  if (!climb(l, &l->level[number], &t, coarse, s->simd)) {
    return 0;
  }
  if (number > 0) {
    t = finer(l, &t);
    number--;
    if (!climb(l, &l->level[number], &t, s->correlation_min, s->simd)) {
      return 0;
    }
  }
  const double scale = (double)(1 << number);
  *found = measured(l, &t);
  found->pixel[0] = scale * (found->pixel[0] + 0.5) - 0.5;
  found->pixel[1] = scale * (found->pixel[1] + 0.5) - 0.5;
  found->radius_px *= scale;
  return found->radius_px >= s->radius_min_px && found->radius_px <= s->radius_max_px;
}

static int settings_ok(const ob_crater_finder_settings *s) {
  const double norm2 = s->sun_image[0] * s->sun_image[0] + s->sun_image[1] * s->sun_image[1];
  const double *g = s->ground_to_image;
  for (int32_t k = 0; k < 4; k++) {
    if (!(ob_fabs(g[k]) <= 1.15)) {
      return 0;
    }
  }
  return ob_fabs(norm2 - 1.0) < 1e-6 && ob_fabs(ob_fabs(g[0] * g[3] - g[1] * g[2]) - 1.0) < 1e-6 &&
         s->radius_min_px >= OB_CRATER_FINDER_RADIUS_MIN && s->radius_min_px <= s->radius_max_px &&
         s->radius_max_px <= OB_CRATER_FINDER_IMAGE_MAX && s->correlation_min >= 0.3 && s->correlation_min <= 1.0;
}

/* Candidates of a level. */
static void look(layout *l, int32_t number, const ob_crater_sight *sight, const ob_crater_finder_settings *s) {
  const ob_crater_level *level = &l->level[number];
  const ob_crater_cells *cells = &l->cells[number];
  int integrated = 0;
  memset(cells->cell, 0, (size_t)cells->across * (size_t)cells->down * sizeof(ob_crater_candidate));
  for (int32_t k = FIRST; k < FIRST + SCALES; k++) {
    const double radius = l->templates[k].radius, here = radius * (double)(1 << number);
    if (here * NEAR >= s->radius_min_px && here <= s->radius_max_px * OB_CRATER_TEMPLATE_STEP) {
      if (!integrated) {
        ob_crater_level_integrate(level);
        integrated = 1;
      }
      ob_crater_scan(level, sight, radius, number, k, l->rows, cells, s->simd);
    }
  }
}

int64_t ob_crater_find(const ob_image *image, const ob_crater_finder_settings *settings, void *workspace,
                       ob_found_crater *craters, int64_t capacity, int64_t *count) {
  *count = 0;
  if (!size_ok(image->width, image->height) || image->stride < image->width) {
    return OB_CRATER_FINDER_BAD_IMAGE;
  }
  if (!settings_ok(settings)) {
    return OB_CRATER_FINDER_BAD_SETTINGS;
  }
  assert((uintptr_t)workspace % 8 == 0 && capacity >= 0);
  layout l = lay_out((int32_t)image->width, (int32_t)image->height, workspace);
  const ob_crater_sight sight = ob_crater_sight_of(settings->ground_to_image, settings->sun_image);
  double radius = RADIUS_PX / OB_CRATER_TEMPLATE_STEP;
  for (int32_t k = 0; k < OB_CRATER_TEMPLATES; k++, radius *= OB_CRATER_TEMPLATE_STEP) {
    ob_crater_template_build(&sight, radius, &l.templates[k]);
  }
  ob_crater_level_of_image(image, &l.level[0]);
  for (int32_t n = 0; n < l.levels; n++) {
    if (n > 0) {
      ob_crater_level_halve(&l.level[n - 1], &l.level[n]);
    }
    look(&l, n, &sight, settings);
  }
  const int32_t candidates = ob_crater_sort(l.cells, l.levels, l.sorted, OB_CRATER_FINDER_CANDIDATES);
  for (int32_t k = 0; k < candidates; k++) {
    ob_found_crater found;
    if (refine(&l, &l.sorted[k], settings, &found)) {
      ob_crater_admit(&found, craters, capacity, count);
    }
  }
  return OB_CRATER_FINDER_OK;
}
