#include "vision/crater_finder.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "crater_choice.h"
#include "crater_climb.h"
#include "crater_levels.h"
#include "crater_rim.h"
#include "crater_scan.h"
#include "crater_templates.h"
#include "onboard/elementary.h"

#define SCALES 4      /* per octave */
#define FIRST 1       /* template of the first scale of a scan */
#define FINER 4       /* so much further is that of the same size a level below */
#define RADIUS_PX 2.5 /* of the first scale, in pixels of its level */
#define NEAR 1.02     /* a scale so near the least radius is looked at */
#define LAST 8        /* template of the largest picture: what is larger is fitted a level above */
#define BANK 8        /* pictures in radius, at most */

typedef struct {
  int32_t levels;
  ob_crater_level level[OB_CRATER_LEVELS];
  ob_crater_cells cells[OB_CRATER_LEVELS];
  int16_t *rows;
  ob_crater_template *templates;
  ob_crater_bank bank;
  void *tables;
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
  l.bank.pictures = (void *)take(memory, &l.octets, BANK * OB_CRATER_SHADOWS * (int64_t)sizeof(ob_crater_picture));
  l.tables = take(memory, &l.octets, ob_crater_pictures_octets());
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

/* --- Refinement ---------------------------------------------------------------------------------- */

static int32_t rounded(double x) { return (int32_t)ob_to_i64(ob_floor(x + 0.5)); }

static int32_t within(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

/* From where a maximum of one level is to the same of the level below. */
static ob_crater_summit finer(const layout *l, const ob_crater_summit *t) {
  double p[3];
  ob_crater_summit_place(t, l->templates, p);
  return (ob_crater_summit){.at = {rounded(2.0 * p[0] + 0.5), rounded(2.0 * p[1] + 0.5), t->at[2] + FINER}};
}

/* By the plain slope: place and radius only. */
static int measure(const layout *l, int32_t number, ob_crater_summit *t, const ob_crater_finder_settings *s,
                   ob_found_crater *found) {
  if (!ob_crater_climb(&l->level[number], l->templates, s->correlation_min, s->simd, t)) {
    return 0;
  }
  const double scale = (double)(1 << number);
  double p[3];
  ob_crater_summit_place(t, l->templates, p);
  *found = (ob_found_crater){.pixel = {scale * (p[0] + 0.5) - 0.5, scale * (p[1] + 0.5) - 0.5},
                             .radius_px = p[2] * scale,
                             .correlation = t->here};
  return 1;
}

/* How much a fit is like a crater, to 1: what it shares with the plain slope, what it explains, and how much
 * it stands out for this Sun. */
static double likeness(const layout *l, const ob_crater_level *level, const ob_crater_rim *rim,
                       const ob_crater_finder_settings *s) {
  const double plain = ob_crater_correlation(level, &l->templates[rim->scale], rim->x, rim->y, s->simd);
  const double here = 0.7 * plain + 0.3 * rim->explained;
  if (s->sun_elevation_rad == 0.0) {
    return here;
  }
  const double rise = ob_tan(s->sun_elevation_rad);
  const double stands_out = ob_log(ob_max(rim->contrast, 1.0) * rise / (1.0 + 0.5 * rise)) - 2.5;
  return ob_min(1.0, here + 0.08 * stands_out);
}

static int fit(const layout *l, int32_t number, const ob_crater_summit *t, const ob_crater_sight *sight,
               const ob_crater_finder_settings *s, ob_found_crater *found) {
  const ob_crater_level *level = &l->level[number];
  const int32_t scale = within(t->at[2], l->bank.first, l->bank.last);
  ob_crater_rim rim = {.x = t->at[0], .y = t->at[1], .scale = scale};
  if (!ob_crater_rim_fit(level, &l->bank, sight, s->simd, &rim)) {
    return 0;
  }
  found->correlation = likeness(l, level, &rim, s);
  if (found->correlation < s->correlation_min) {
    return 0;
  }
  ob_crater_rim_tell(&rim, &l->bank, sight, (double)(1 << number), found);
  return 1;
}

static int refine(const layout *l, const ob_crater_candidate *c, const ob_crater_sight *sight,
                  const ob_crater_finder_settings *s, ob_found_crater *found) {
  ob_crater_summit t = {.at = {c->x, c->y, c->scale}};
  const int last = c->level == 0 && !s->fit_rim;
  const double least = last ? s->correlation_min : s->correlation_min - OB_CRATER_HOPELESS;
  if (!ob_crater_climb(&l->level[c->level], l->templates, least, s->simd, &t)) {
    return 0;
  }
  const int32_t number = c->level > 0 ? c->level - 1 : 0;
  if (c->level > 0) {
    t = finer(l, &t);
  }
  const int is_one = s->fit_rim ? fit(l, number, &t, sight, s, found) : measure(l, number, &t, s, found);
  return is_one && found->radius_px >= s->radius_min_px && found->radius_px <= s->radius_max_px;
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
         s->radius_max_px <= OB_CRATER_FINDER_IMAGE_MAX && s->correlation_min >= 0.3 && s->correlation_min <= 1.0 &&
         s->sun_elevation_rad >= 0.0 && s->sun_elevation_rad <= 1.5;
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

static void draw_templates(layout *l, const ob_crater_sight *sight, double radius_min_px,
                           int fit_rim) {
  double radius[OB_CRATER_TEMPLATES];
  for (int32_t k = 0; k < OB_CRATER_TEMPLATES; k++) {
    radius[k] = k == 0 ? RADIUS_PX / OB_CRATER_TEMPLATE_STEP : radius[k - 1] * OB_CRATER_TEMPLATE_STEP;
    ob_crater_template_build(sight, radius[k], &l->templates[k]);
  }
  if (!fit_rim) {
    return;
  }
  l->bank.last = LAST;
  l->bank.first = radius_min_px * NEAR < radius[FIRST + SCALES - 1] * OB_CRATER_TEMPLATE_STEP ? FIRST : FIRST + SCALES - 1;
  ob_crater_pictures_build(sight, &radius[l->bank.first], LAST + 1 - l->bank.first, l->tables, l->bank.pictures);
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
  int16_t logs[256];
  ob_crater_logarithms(logs);
  draw_templates(&l, &sight, settings->radius_min_px, settings->fit_rim != 0);
  ob_crater_level_of_image(image, logs, &l.level[0]);
  for (int32_t n = 0; n < l.levels; n++) {
    if (n > 0) {
      ob_crater_level_halve(&l.level[n - 1], &l.level[n]);
    }
    look(&l, n, &sight, settings);
  }
  const int32_t candidates = ob_crater_sort(l.cells, l.levels, l.sorted, OB_CRATER_FINDER_CANDIDATES);
  for (int32_t k = 0; k < candidates; k++) {
    ob_found_crater found;
    if (refine(&l, &l.sorted[k], &sight, settings, &found)) {
      ob_crater_admit(&found, craters, capacity, count);
    }
  }
  return OB_CRATER_FINDER_OK;
}
