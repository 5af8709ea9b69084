#include "corners_rows.h"

#if OB_HAS_X86
#include <immintrin.h>

#define PATH OB_AVX2 static inline
#define LANES 32
typedef __m256i lanes;

PATH lanes load(const uint8_t *from) { return _mm256_loadu_si256((const __m256i *)from); }
PATH void store(uint8_t *to, lanes a) { _mm256_storeu_si256((__m256i *)to, a); }
PATH lanes every(uint8_t octet) { return _mm256_set1_epi8((char)octet); }
PATH lanes least(lanes a, lanes b) { return _mm256_min_epu8(a, b); }
PATH lanes most(lanes a, lanes b) { return _mm256_max_epu8(a, b); }
PATH lanes less(lanes a, lanes b) { return _mm256_subs_epu8(a, b); }
PATH lanes more(lanes a, lanes b) { return _mm256_adds_epu8(a, b); }
PATH lanes unless(lanes a, lanes b) {
  return _mm256_andnot_si256(_mm256_cmpeq_epi8(a, _mm256_setzero_si256()), b);
}
PATH int64_t any(lanes a) { return !_mm256_testz_si256(a, a); }
PATH uint32_t set(lanes a) {
  return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, _mm256_setzero_si256()));
}

#define RATE OB_AVX2 void ob_corners_rate_avx2
#define PICK OB_AVX2 int64_t ob_corners_pick_avx2
#include "corners_lanes.h"
#endif
