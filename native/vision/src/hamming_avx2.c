#include "hamming_lanes.h"

#if OB_HAS_X86
#include <immintrin.h>

OB_AVX2 static inline __m256i load(const uint8_t *from) {
  return _mm256_loadu_si256((const __m256i *)from);
}

OB_AVX2 static inline void store(uint8_t *to, __m256i lanes) {
  _mm256_storeu_si256((__m256i *)to, lanes);
}

OB_AVX2 static inline __m256i table(const uint8_t *bits) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)bits));
}

OB_AVX2 static inline void update_row(ob_hamming_row *row, const __m256i *distance, int64_t block) {
  __m256i best = load(row->best), second = load(row->second), where = load(row->block);
  for (int32_t b = 0; b < OB_HAMMING_BLOCKS; b++) {
    const __m256i nearer = _mm256_min_epu8(best, distance[b]);
    const __m256i stays = _mm256_cmpeq_epi8(nearer, best);
    second = _mm256_min_epu8(second, _mm256_max_epu8(best, distance[b]));
    where = _mm256_blendv_epi8(_mm256_set1_epi8((char)(block + b)), where, stays);
    best = nearer;
  }
  store(row->best, best);
  store(row->second, second);
  store(row->block, where);
}

OB_AVX2 static inline void update_column(ob_hamming_column *column, const __m256i *a,
                                         const __m256i *b, int64_t first) {
  const __m256i row_a = _mm256_set1_epi8((char)first), row_b = _mm256_set1_epi8((char)(first + 1));
  for (int32_t i = 0; i < OB_HAMMING_BLOCKS; i++) {
    const __m256i best = load(column->best + i * OB_HAMMING_LANES);
    const __m256i row = load(column->row + i * OB_HAMMING_LANES);
    const __m256i nearer_a = _mm256_min_epu8(best, a[i]), nearer_b = _mm256_min_epu8(nearer_a, b[i]);
    const __m256i after_a = _mm256_blendv_epi8(row_a, row, _mm256_cmpeq_epi8(nearer_a, best));
    const __m256i after_b = _mm256_blendv_epi8(row_b, after_a, _mm256_cmpeq_epi8(nearer_b, nearer_a));
    store(column->best + i * OB_HAMMING_LANES, nearer_b);
    store(column->row + i * OB_HAMMING_LANES, after_b);
  }
}

OB_AVX2 void ob_hamming_compare_avx2(const uint8_t *bits, const ob_hamming_chunk *chunk, int64_t block,
                                     ob_hamming_row *rows, int64_t first, ob_hamming_column *column) {
  const uint8_t *const query_a = rows[first].nibble_16, *const query_b = rows[first + 1].nibble_16;
  __m256i a[OB_HAMMING_BLOCKS], b[OB_HAMMING_BLOCKS];
  for (int32_t i = 0; i < OB_HAMMING_BLOCKS; i++) {
    a[i] = b[i] = _mm256_setzero_si256();
  }
  for (int32_t k = 0; k < OB_NIBBLES - 1; k++) { /* up to 252: no lane overflows */
    const __m256i table_a = table(bits + query_a[k]), table_b = table(bits + query_b[k]);
    for (int32_t i = 0; i < OB_HAMMING_BLOCKS; i++) {
      const __m256i nibbles = load(chunk->nibble[k] + i * OB_HAMMING_LANES);
      a[i] = _mm256_add_epi8(a[i], _mm256_shuffle_epi8(table_a, nibbles));
      b[i] = _mm256_add_epi8(b[i], _mm256_shuffle_epi8(table_b, nibbles));
    }
  }
  const __m256i table_a = table(bits + query_a[OB_NIBBLES - 1]);
  const __m256i table_b = table(bits + query_b[OB_NIBBLES - 1]);
  for (int32_t i = 0; i < OB_HAMMING_BLOCKS; i++) {
    const __m256i nibbles = load(chunk->nibble[OB_NIBBLES - 1] + i * OB_HAMMING_LANES);
    const __m256i absent = load(chunk->absent + i * OB_HAMMING_LANES);
    a[i] = _mm256_or_si256(absent, _mm256_adds_epu8(a[i], _mm256_shuffle_epi8(table_a, nibbles)));
    b[i] = _mm256_or_si256(absent, _mm256_adds_epu8(b[i], _mm256_shuffle_epi8(table_b, nibbles)));
  }
  update_row(&rows[first], a, block);
  update_row(&rows[first + 1], b, block);
  update_column(column, a, b, first);
}
#endif
