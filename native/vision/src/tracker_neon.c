#include "tracker_window.h"

#if OB_HAS_NEON
#include <arm_neon.h>

#define PATH static inline
#define LANES 8
typedef int16x8_t lanes;
typedef int32x4_t sums;

PATH lanes pixels(const uint8_t *from) { return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from))); }
PATH lanes load(const int16_t *from) { return vld1q_s16(from); }
PATH void store(int16_t *to, lanes a) { vst1q_s16(to, a); }
PATH lanes every(int16_t number) { return vdupq_n_s16(number); }
PATH lanes plus(lanes a, lanes b) { return vaddq_s16(a, b); }
PATH lanes minus(lanes a, lanes b) { return vsubq_s16(a, b); }
PATH lanes both(lanes a, lanes b) { return vandq_s16(a, b); }
PATH lanes times(lanes a, lanes b) { return vmulq_s16(a, b); }
PATH lanes share(lanes a, lanes b) { return vshrq_n_s16(vqdmulhq_s16(a, b), 1); }
PATH lanes half(lanes a) { return vshrq_n_s16(a, 1); }
PATH lanes eighth(lanes a) { return vshrq_n_s16(a, 3); }
PATH lanes clamp(lanes a, int16_t most) {
  return vmaxq_s16(vminq_s16(a, every(most)), every((int16_t)-most));
}
PATH sums none(void) { return vdupq_n_s32(0); }
PATH sums dot(sums sum, lanes a, lanes b) {
  return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), a, b);
}
PATH int64_t total(sums sum) { return vaddlvq_s32(sum); }

#define FILL void ob_track_fill_neon
#define COMPARE void ob_track_compare_neon
#include "tracker_lanes.h"
#endif
