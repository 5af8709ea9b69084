#include "vision/crater_catalogue.h"

#include <assert.h>
#include <string.h>

#include "onboard/crc32.h"
#include "onboard/elementary.h"
#include "onboard/vector.h"

#define CRC_FROM 12 /* octets of the header before what the CRC is of */

_Static_assert(sizeof(ob_crater_index_header) == 64, "layout of the file");
_Static_assert(sizeof(ob_crater_class) == 16, "layout of the file");
_Static_assert(sizeof(ob_crater_tile) == 28, "layout of the file");

static int64_t octets_of(const ob_crater_index_header *h) {
  return (int64_t)sizeof *h + (int64_t)h->class_count * (int64_t)sizeof(ob_crater_class) +
         (int64_t)h->tile_count * (int64_t)sizeof(ob_crater_tile) +
         (int64_t)h->count * (20 + 4 * (int64_t)h->neighbour_count);
}

static int sizes_ok(const ob_crater_index_header *h) {
  return h->count > 0 && h->count <= OB_CRATER_INDEX_CRATERS_MAX && h->class_count > 0 &&
         h->class_count <= h->count && h->tile_count > 0 && h->tile_count <= h->count &&
         h->neighbour_count <= OB_CRATER_NEIGHBOURS_MAX && h->radius_unit_m > 0.0F &&
         h->radius_unit_m < 1e6F && octets_of(h) == (int64_t)h->octets;
}

static void point_into(ob_crater_catalogue *c, const ob_crater_index_header *h,
                       const uint8_t *octets) {
  c->count = h->count;
  c->neighbour_count = h->neighbour_count;
  c->class_count = h->class_count;
  c->tile_count = h->tile_count;
  c->radius_unit_m = (double)h->radius_unit_m;
  c->classes = (const void *)(octets + sizeof *h);
  c->tiles = (const void *)(c->classes + c->class_count);
  c->x = (const void *)(c->tiles + c->tile_count);
  c->y = c->x + c->count;
  c->z = c->y + c->count;
  c->row = (const void *)(c->z + c->count);
  c->neighbours = c->row + c->count;
  c->radius = (const void *)(c->neighbours + c->count * c->neighbour_count);
  c->height_m = (const void *)(c->radius + c->count);
}

static int is_unit(double x, double y, double z) {
  return ob_fabs(x * x + y * y + z * z - 1.0) < 1e-5; /* false for NaN */
}

/* Tiles follow each other without a gap, and so do classes. */
static int tables_ok(const ob_crater_catalogue *c) {
  int64_t tile = 0, crater = 0;
  for (int64_t k = 0; k < c->class_count; k++) {
    const ob_crater_class *of = &c->classes[k];
    if (of->first_tile != tile || of->tile_count > c->tile_count - tile) return 0;
    if (!(of->radius_min_m > 0.0F && of->radius_min_m <= of->radius_max_m)) return 0;
    tile += of->tile_count;
  }
  for (int64_t k = 0; k < c->tile_count; k++) {
    const ob_crater_tile *t = &c->tiles[k];
    if (t->first != crater || t->count > c->count - crater) return 0;
    if (!is_unit((double)t->centre[0], (double)t->centre[1], (double)t->centre[2])) return 0;
    if (!is_unit((double)t->sine, (double)t->cosine, 0.0)) return 0;
    crater += t->count;
  }
  return tile == c->tile_count && crater == c->count;
}

static int craters_ok(const ob_crater_catalogue *c) {
  for (int64_t k = 0; k < c->count; k++) {
    const double u = OB_CRATER_DIRECTION_UNIT;
    if (!is_unit(c->x[k] * u, c->y[k] * u, c->z[k] * u) || c->radius[k] == 0) return 0;
  }
  for (int64_t k = 0; k < c->count * c->neighbour_count; k++) {
    if (c->neighbours[k] >= c->count) return 0;
  }
  return 1;
}

int64_t ob_crater_index_open(ob_crater_catalogue *catalogue, const uint8_t *octets, int64_t size) {
  memset(catalogue, 0, sizeof *catalogue);
  ob_crater_index_header h;
  if (((uintptr_t)octets & 3) != 0) return OB_CRATER_INDEX_ALIGNMENT;
  if (size < (int64_t)sizeof h) return OB_CRATER_INDEX_SHORT;
  memcpy(&h, octets, sizeof h);
  if (memcmp(h.magic, "OBCRATER", sizeof h.magic) != 0) return OB_CRATER_INDEX_MAGIC;
  if (h.version != OB_CRATER_INDEX_VERSION) return OB_CRATER_INDEX_FORMAT;
  if (size < (int64_t)h.octets) return OB_CRATER_INDEX_SHORT;
  if (size > (int64_t)h.octets || !sizes_ok(&h)) return OB_CRATER_INDEX_SIZES;
  if (ob_crc32(0, octets + CRC_FROM, h.octets - CRC_FROM) != h.crc) return OB_CRATER_INDEX_CRC;
  point_into(catalogue, &h, octets);
  if (!tables_ok(catalogue) || !craters_ok(catalogue)) {
    memset(catalogue, 0, sizeof *catalogue);
    return OB_CRATER_INDEX_CONTENTS;
  }
  return OB_CRATER_INDEX_OK;
}

void ob_crater_centre(const ob_crater_catalogue *catalogue, int64_t index, double centre_mcmf_m[3],
                      double normal_mcmf[3]) {
  assert(index >= 0 && index < catalogue->count);
  ob_v3_set(normal_mcmf, catalogue->x[index] * OB_CRATER_DIRECTION_UNIT,
            catalogue->y[index] * OB_CRATER_DIRECTION_UNIT,
            catalogue->z[index] * OB_CRATER_DIRECTION_UNIT);
  ob_v3_scale(centre_mcmf_m, normal_mcmf, OB_MOON_SPHERE_M + catalogue->height_m[index]);
}
