#include "vision/crater_quads.h"

#include <assert.h>
#include <string.h>

#include "onboard/crc32.h"

#define CRC_FROM 12 /* octets of the header before what the CRC is of */

_Static_assert(sizeof(ob_quad_index_header) == 64, "layout of the file");
_Static_assert(sizeof(ob_quad) == 8, "layout of the file");

static int64_t cell_count(int64_t shift) {
  const int64_t side = 256 >> shift;
  return OB_QUAD_KINDS * side * side * side * side;
}

static int64_t octets_of(const ob_quad_index_header *h) {
  return (int64_t)sizeof *h + 4 * (int64_t)h->crater_count * h->neighbour_count +
         4 * (cell_count(h->cell_shift) + 1) + (int64_t)sizeof(ob_quad) * (int64_t)h->quad_count;
}

static int sizes_ok(const ob_quad_index_header *h, const ob_crater_catalogue *catalogue) {
  return h->crater_count == catalogue->count && h->crater_count <= OB_QUAD_CRATERS_MAX &&
         h->neighbour_count >= 3 && h->neighbour_count <= OB_QUAD_NEIGHBOURS_MAX &&
         h->cell_shift >= 3 && h->cell_shift <= 6 && octets_of(h) == (int64_t)h->octets;
}

static int quad_ok(const ob_quad_index *index, uint32_t name) {
  return (name >> 12) < index->crater_count && (name >> 8 & 15) < index->neighbour_count &&
         (name >> 4 & 15) < index->neighbour_count && (name & 15) < index->neighbour_count;
}

static int contents_ok(const ob_quad_index *index) {
  const int64_t cells = cell_count(index->cell_shift);
  for (int64_t k = 0; k < index->crater_count * index->neighbour_count; k++) {
    if (index->neighbours[k] >= index->crater_count) return 0;
  }
  for (int64_t k = 0; k < cells; k++) {
    if (index->cells[k] > index->cells[k + 1]) return 0;
  }
  for (int64_t k = 0; k < index->quad_count; k++) {
    if (!quad_ok(index, index->quads[k].name)) return 0;
  }
  return index->cells[0] == 0 && index->cells[cells] == index->quad_count;
}

int64_t ob_quad_index_open(ob_quad_index *index, const uint8_t *octets, int64_t size,
                           const ob_crater_catalogue *catalogue, uint32_t catalogue_crc) {
  memset(index, 0, sizeof *index);
  ob_quad_index_header h;
  if (((uintptr_t)octets & 3) != 0) return OB_CRATER_INDEX_ALIGNMENT;
  if (size < (int64_t)sizeof h) return OB_CRATER_INDEX_SHORT;
  memcpy(&h, octets, sizeof h);
  if (memcmp(h.magic, "OBQUADS", sizeof h.magic) != 0) return OB_CRATER_INDEX_MAGIC;
  if (h.version != OB_QUAD_INDEX_VERSION) return OB_CRATER_INDEX_FORMAT;
  if (size < (int64_t)h.octets) return OB_CRATER_INDEX_SHORT;
  if (size > (int64_t)h.octets || !sizes_ok(&h, catalogue)) return OB_CRATER_INDEX_SIZES;
  if (ob_crc32(0, octets + CRC_FROM, h.octets - CRC_FROM) != h.crc) return OB_CRATER_INDEX_CRC;
  index->crater_count = h.crater_count;
  index->neighbour_count = h.neighbour_count;
  index->cell_shift = h.cell_shift;
  index->quad_count = h.quad_count;
  index->neighbours = (const void *)(octets + sizeof h);
  index->cells = index->neighbours + index->crater_count * index->neighbour_count;
  index->quads = (const void *)(index->cells + cell_count(h.cell_shift) + 1);
  const int same = h.catalogue_crc == catalogue_crc;
  if (same && contents_ok(index)) return OB_CRATER_INDEX_OK;
  memset(index, 0, sizeof *index);
  return same ? OB_CRATER_INDEX_CONTENTS : OB_QUAD_INDEX_CATALOGUE;
}

void ob_quad_craters(const ob_quad_index *index, const ob_quad *quad, int64_t craters[4]) {
  const uint32_t name = quad->name;
  const uint32_t *near = index->neighbours + (name >> 12) * index->neighbour_count;
  assert(quad_ok(index, name));
  craters[0] = name >> 12;
  craters[1] = near[name >> 8 & 15];
  craters[2] = near[name >> 4 & 15];
  craters[3] = near[name & 15];
}
