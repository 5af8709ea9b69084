#include "hamming_lanes.h"

#if OB_HAS_NEON
#include <arm_neon.h>

#define OCTETS 16
#define PARTS (OB_HAMMING_CHUNK / OCTETS)

static inline void update_row(ob_hamming_row *row, const uint8x16_t *distance, int64_t block) {
  for (int32_t half = 0; half < 2; half++) {
    uint8x16_t best = vld1q_u8(row->best + half * OCTETS);
    uint8x16_t second = vld1q_u8(row->second + half * OCTETS);
    uint8x16_t where = vld1q_u8(row->block + half * OCTETS);
    for (int32_t b = 0; b < OB_HAMMING_BLOCKS; b++) {
      const uint8x16_t met = distance[2 * b + half], nearer = vcltq_u8(met, best);
      second = vminq_u8(second, vmaxq_u8(best, met));
      where = vbslq_u8(nearer, vdupq_n_u8((uint8_t)(block + b)), where);
      best = vminq_u8(best, met);
    }
    vst1q_u8(row->best + half * OCTETS, best);
    vst1q_u8(row->second + half * OCTETS, second);
    vst1q_u8(row->block + half * OCTETS, where);
  }
}

static inline void update_column(ob_hamming_column *column, const uint8x16_t *distance, int64_t row) {
  for (int32_t i = 0; i < PARTS; i++) {
    const uint8x16_t best = vld1q_u8(column->best + i * OCTETS);
    const uint8x16_t nearer = vcltq_u8(distance[i], best);
    const uint8x16_t where = vld1q_u8(column->row + i * OCTETS);
    vst1q_u8(column->best + i * OCTETS, vminq_u8(best, distance[i]));
    vst1q_u8(column->row + i * OCTETS, vbslq_u8(nearer, vdupq_n_u8((uint8_t)row), where));
  }
}

static inline void compare_row(const uint8_t *bits, const ob_hamming_chunk *chunk, int64_t block,
                               ob_hamming_row *row, int64_t number, ob_hamming_column *column) {
  uint8x16_t distance[PARTS];
  for (int32_t i = 0; i < PARTS; i++) {
    distance[i] = vdupq_n_u8(0);
  }
  for (int32_t k = 0; k < OB_NIBBLES; k++) { /* only the last can overflow */
    const uint8x16_t table = vld1q_u8(bits + row->nibble_16[k]);
    for (int32_t i = 0; i < PARTS; i++) {
      const uint8x16_t nibbles = vld1q_u8(chunk->nibble[k] + i * OCTETS);
      distance[i] = vqaddq_u8(distance[i], vqtbl1q_u8(table, nibbles));
    }
  }
  for (int32_t i = 0; i < PARTS; i++) {
    distance[i] = vorrq_u8(distance[i], vld1q_u8(chunk->absent + i * OCTETS));
  }
  update_row(row, distance, block);
  update_column(column, distance, number);
}

void ob_hamming_compare_neon(const uint8_t *bits, const ob_hamming_chunk *chunk, int64_t block,
                             ob_hamming_row *rows, int64_t first, ob_hamming_column *column) {
  compare_row(bits, chunk, block, &rows[first], first, column);
  compare_row(bits, chunk, block, &rows[first + 1], first + 1, column);
}
#endif
