/* The index of a crater catalogue: one file, built off line, mapped into memory and used in place.
 *
 * Octets, little-endian, in this order:
 *
 *   header       64 octets, `ob_crater_index_header`; the CRC-32 is of all that follows it in the file
 *   classes      `ob_crater_class` each: craters of radii up to a factor apart, smallest class first
 *   tiles        `ob_crater_tile` each: a cap of the sphere with all the craters of a class in it
 *   x, y, z      int32 a crater and column: direction of the centre, 2^-30; Moon-fixed axes (mcmf)
 *   row          uint32 a crater: its row in the catalogue that the index was built from
 *   neighbours   uint32, `neighbour_count` a crater: indices of near craters, nearest first
 *   radius       uint16 a crater, of the rim, in `radius_unit_m`
 *   height       int16 a crater: of the rim plane over the sphere of OB_MOON_SPHERE_M, m
 *
 * 20 octets a crater and 4 a neighbour. Craters are ordered by class, tile, and row. A direction of
 * 2^-30 is good to 2 mm on the ground.
 */
#ifndef VISION_CRATER_CATALOGUE_H
#define VISION_CRATER_CATALOGUE_H

#include <stdint.h>

#define OB_MOON_SPHERE_M 1737400.0
#define OB_CRATER_INDEX_VERSION 1
#define OB_CRATER_INDEX_CRATERS_MAX 2000000
#define OB_CRATER_NEIGHBOURS_MAX 64
#define OB_CRATER_DIRECTION_UNIT (1.0 / 1073741824.0)

typedef struct {
  uint8_t magic[8]; /* "OBCRATER" */
  uint32_t crc;     /* of the octets from `version` to the end */
  uint32_t version;
  uint32_t octets; /* of the file */
  uint32_t count;
  uint32_t neighbour_count; /* a crater */
  uint32_t class_count;
  uint32_t tile_count;
  float radius_unit_m;
  uint32_t reserved[6]; /* 0 */
} ob_crater_index_header;

typedef struct {
  uint32_t first_tile, tile_count;
  float radius_min_m, radius_max_m; /* of its craters */
} ob_crater_class;

typedef struct {
  float centre[3];    /* unit vector */
  float sine, cosine; /* of the cap's half angle */
  uint32_t first, count;
} ob_crater_tile;

/* Points into the file; the file must stay where it is. */
typedef struct {
  int64_t count, neighbour_count, class_count, tile_count;
  double radius_unit_m;
  const ob_crater_class *classes;
  const ob_crater_tile *tiles;
  const int32_t *x, *y, *z;
  const uint32_t *row;
  const uint32_t *neighbours;
  const uint16_t *radius;
  const int16_t *height_m;
} ob_crater_catalogue;

enum {
  OB_CRATER_INDEX_OK = 0,
  OB_CRATER_INDEX_SHORT = 1,    /* fewer octets than the header says, or than a header */
  OB_CRATER_INDEX_MAGIC = 2,    /* not an index */
  OB_CRATER_INDEX_FORMAT = 3,   /* of another version */
  OB_CRATER_INDEX_CRC = 4,      /* damaged */
  OB_CRATER_INDEX_SIZES = 5,    /* counts out of range, or not those of the length */
  OB_CRATER_INDEX_CONTENTS = 6, /* an index beyond its table, no unit vector, a radius of 0 */
  OB_CRATER_INDEX_ALIGNMENT = 7 /* the file does not begin at a multiple of 4 octets */
};

/* Checks all of a file and points `catalogue` into it. On any other status than OK the catalogue is
 * empty. Time: one pass for the CRC, one over the contents. */
int64_t ob_crater_index_open(ob_crater_catalogue *catalogue, const uint8_t *octets, int64_t size);

/* The centre of the rim plane, mcmf, and the unit normal of it. */
void ob_crater_centre(const ob_crater_catalogue *catalogue, int64_t index, double centre_mcmf_m[3],
                      double normal_mcmf[3]);

static inline double ob_crater_radius_m(const ob_crater_catalogue *catalogue, int64_t index) {
  return catalogue->radius[index] * catalogue->radius_unit_m;
}

#endif
