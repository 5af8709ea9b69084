/* How the vector paths of hamming.c lay out descriptors, and what each of them must do. */
#ifndef VISION_HAMMING_LANES_H
#define VISION_HAMMING_LANES_H

#include <stdint.h>

#include "vision/hamming.h"
#include "vision/simd.h"

#define OB_HAMMING_LANES 32  /* of a query: lane l has met the train descriptors l, l + 32, ... */
#define OB_HAMMING_CHUNK 128 /* train descriptors at a time: their nibbles stay in the nearest cache */
#define OB_HAMMING_BLOCKS (OB_HAMMING_CHUNK / OB_HAMMING_LANES)
#define OB_HAMMING_CHUNKS 64 /* at a time: the number of a block is an octet */
#define OB_HAMMING_ROWS 128  /* queries at a time, an even number */
#define OB_NIBBLES (2 * OB_DESCRIPTOR_OCTETS)

/* Train descriptors: nibble k of all of them in a row, the low nibbles of the 32 octets first. */
typedef struct {
  uint8_t nibble[OB_NIBBLES][OB_HAMMING_CHUNK];
  uint8_t absent[OB_HAMMING_CHUNK]; /* 255 beyond the last: at no distance that counts */
} ob_hamming_chunk;

/* A query: 16 times each of its nibbles, and what its lanes have found. */
typedef struct {
  uint8_t nibble_16[OB_NIBBLES];
  uint8_t best[OB_HAMMING_LANES], second[OB_HAMMING_LANES], block[OB_HAMMING_LANES];
} ob_hamming_row;

/* For each train descriptor of a chunk the nearest of the rows. */
typedef struct {
  uint8_t best[OB_HAMMING_CHUNK], row[OB_HAMMING_CHUNK];
} ob_hamming_column;

/* Compares rows first and first + 1 with a chunk whose first block has that number. `bits[16 a + b]`:
 * how many bits of nibbles a and b differ. */
typedef void ob_hamming_compare(const uint8_t *bits, const ob_hamming_chunk *chunk, int64_t block,
                                ob_hamming_row *rows, int64_t first, ob_hamming_column *column);

#if OB_HAS_X86
ob_hamming_compare ob_hamming_compare_avx2;
#endif
#if OB_HAS_NEON
ob_hamming_compare ob_hamming_compare_neon;
#endif

#endif
