#include "corners_rows.h"

#if OB_HAS_X86
#include <immintrin.h>

#define PATH static inline
#define LANES 16
typedef __m128i lanes;

PATH lanes load(const uint8_t *from) { return _mm_loadu_si128((const __m128i *)from); }
PATH void store(uint8_t *to, lanes a) { _mm_storeu_si128((__m128i *)to, a); }
PATH lanes every(uint8_t octet) { return _mm_set1_epi8((char)octet); }
PATH lanes least(lanes a, lanes b) { return _mm_min_epu8(a, b); }
PATH lanes most(lanes a, lanes b) { return _mm_max_epu8(a, b); }
PATH lanes less(lanes a, lanes b) { return _mm_subs_epu8(a, b); }
PATH lanes more(lanes a, lanes b) { return _mm_adds_epu8(a, b); }
PATH lanes unless(lanes a, lanes b) {
  return _mm_andnot_si128(_mm_cmpeq_epi8(a, _mm_setzero_si128()), b);
}
PATH uint32_t set(lanes a) {
  return 0xffff & ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_setzero_si128()));
}
PATH int64_t any(lanes a) { return set(a) != 0; }

#define RATE void ob_corners_rate_sse2
#define PICK int64_t ob_corners_pick_sse2
#include "corners_lanes.h"
#endif
