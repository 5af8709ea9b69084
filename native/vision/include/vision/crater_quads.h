/* The index of quads: constellations of four craters, by what no view of them changes. One file, built off
 * line over the index of a catalogue (`crater_catalogue.h`), mapped into memory and used in place.
 *
 * A quad is an anchor a and three of its neighbours b, c, d: the nearest that are at least as large. A
 * homography of the plane changes small areas by det H / w^3, with w the depth of the place, and the
 * triangle of three places by det H / (w1 w2 w3). So for each three of the quad
 *
 *   I = ln |T| - 2/3 (ln r1 + ln r2 + ln r3),   T twice the area of their triangle,
 *
 * with r the square root of a crater's area over pi, is the same on the ground and in any image: four
 * invariants, I1 of abc, I2 of acd, I3 of adb, I4 of bcd. (Christian, Derksen and Watkins 2021, "Lunar
 * Crater Identification in Digital Images", have seven of three whole conics; here an ellipse is its
 * centre and area.) The order b, c, d is that seen around the anchor, counter-clockwise from above; it
 * begins behind the gap of more than half a turn, or, where there is none, with the largest.
 *
 * Octets, little-endian, in this order:
 *
 *   header       64 octets, `ob_quad_index_header`; the CRC-32 is of all that follows it in the file
 *   neighbours   uint32, `neighbour_count` a crater: indices in the catalogue's index, nearest first
 *   cells        uint32: index of the first quad of each cell, and of the end of the last. There are three kinds
 *                (the anchor within bcd; outside with bcd counter-clockwise; clockwise), and in each
 *                (256 >> cell_shift)^4 cells, I1 counting slowest
 *   quads        `ob_quad` each, in order of cells
 */
#ifndef VISION_CRATER_QUADS_H
#define VISION_CRATER_QUADS_H

#include <stdint.h>

#include "vision/crater_catalogue.h"

#define OB_QUAD_INDEX_VERSION 1
#define OB_QUAD_NEIGHBOURS_MAX 16
#define OB_QUAD_CRATERS_MAX 1048576 /* 2^20 */
#define OB_QUAD_KINDS 3
#define OB_QUAD_LOWEST (-0.5) /* invariants from here: */
#define OB_QUAD_STEPS 32.0    /* steps to 1, 256 in all */
#define OB_QUAD_FLATTEST 0.05 /* least triangle of a quad over its largest */

typedef struct {
  uint8_t magic[8]; /* "OBQUADS", 0 */
  uint32_t crc;     /* of the octets from `version` to the end */
  uint32_t version;
  uint32_t octets; /* of the file */
  uint32_t catalogue_crc; /* that in the header of the catalogue's index */
  uint32_t crater_count; /* at most OB_QUAD_CRATERS_MAX */
  uint32_t neighbour_count; /* a crater: 3 to OB_QUAD_NEIGHBOURS_MAX */
  uint32_t cell_shift;      /* 3 to 6 */
  uint32_t quad_count;
  uint32_t reserved[6]; /* 0 */
} ob_quad_index_header;

/* `name`: anchor << 12 | b << 8 | c << 4 | d, with b, c, d by their number among its neighbours. */
typedef struct {
  uint32_t name;
  uint8_t step[4]; /* I1 to I4 */
} ob_quad;

/* Points into the file; the file must stay where it is. */
typedef struct {
  int64_t crater_count, neighbour_count, cell_shift, quad_count;
  const uint32_t *neighbours;
  const uint32_t *cells;
  const ob_quad *quads;
} ob_quad_index;

#define OB_QUAD_INDEX_CATALOGUE 8 /* besides OB_CRATER_INDEX_...: made for another catalogue */

/* Checks all of a file, that it belongs to this catalogue (whose index has `catalogue_crc` in its
 * header), and points `index` into it. Statuses are those of `ob_crater_index_open`
 * and OB_QUAD_INDEX_CATALOGUE; on any other than OK the index is empty. */
int64_t ob_quad_index_open(ob_quad_index *index, const uint8_t *octets, int64_t size,
                           const ob_crater_catalogue *catalogue, uint32_t catalogue_crc);

/* Indices in the catalogue of a, b, c, d. */
void ob_quad_craters(const ob_quad_index *index, const ob_quad *quad, int64_t craters[4]);

#endif
