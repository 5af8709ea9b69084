#include "tracker_window.h"

#if OB_HAS_X86
#include <immintrin.h>

#define PATH OB_AVX2 static inline
#define LANES 16
typedef __m256i lanes;
typedef __m256i sums;

PATH lanes pixels(const uint8_t *from) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)from));
}
PATH lanes load(const int16_t *from) { return _mm256_loadu_si256((const __m256i *)from); }
PATH void store(int16_t *to, lanes a) { _mm256_storeu_si256((__m256i *)to, a); }
PATH lanes every(int16_t number) { return _mm256_set1_epi16(number); }
PATH lanes plus(lanes a, lanes b) { return _mm256_add_epi16(a, b); }
PATH lanes minus(lanes a, lanes b) { return _mm256_sub_epi16(a, b); }
PATH lanes both(lanes a, lanes b) { return _mm256_and_si256(a, b); }
PATH lanes times(lanes a, lanes b) { return _mm256_mullo_epi16(a, b); }
PATH lanes share(lanes a, lanes b) { return _mm256_mulhi_epi16(a, b); }
PATH lanes half(lanes a) { return _mm256_srai_epi16(a, 1); }
PATH lanes eighth(lanes a) { return _mm256_srai_epi16(a, 3); }
PATH lanes clamp(lanes a, int16_t most) {
  return _mm256_max_epi16(_mm256_min_epi16(a, every(most)), every((int16_t)-most));
}
PATH sums none(void) { return _mm256_setzero_si256(); }
PATH sums dot(sums sum, lanes a, lanes b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
PATH int64_t total(sums sum) {
  const __m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sum));
  const __m256i fours = _mm256_add_epi64(low, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sum, 1)));
  const __m128i twos = _mm_add_epi64(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
  return _mm_cvtsi128_si64(_mm_add_epi64(twos, _mm_unpackhi_epi64(twos, twos)));
}

#define FILL OB_AVX2 void ob_track_fill_avx2
#define COMPARE OB_AVX2 void ob_track_compare_avx2
#include "tracker_lanes.h"
#endif
