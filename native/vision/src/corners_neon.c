#include "corners_rows.h"

#if OB_HAS_NEON
#include <arm_neon.h>

#define PATH static inline
#define LANES 16
typedef uint8x16_t lanes;

PATH lanes load(const uint8_t *from) { return vld1q_u8(from); }
PATH void store(uint8_t *to, lanes a) { vst1q_u8(to, a); }
PATH lanes every(uint8_t octet) { return vdupq_n_u8(octet); }
PATH lanes least(lanes a, lanes b) { return vminq_u8(a, b); }
PATH lanes most(lanes a, lanes b) { return vmaxq_u8(a, b); }
PATH lanes less(lanes a, lanes b) { return vqsubq_u8(a, b); }
PATH lanes more(lanes a, lanes b) { return vqaddq_u8(a, b); }
PATH lanes unless(lanes a, lanes b) { return vandq_u8(vtstq_u8(a, a), b); }
PATH int64_t any(lanes a) { return vmaxvq_u8(a) != 0; }
PATH uint32_t set(lanes a) {
  static const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t bits = vandq_u8(vtstq_u8(a, a), vld1q_u8(bit));
  return vaddv_u8(vget_low_u8(bits)) | (uint32_t)vaddv_u8(vget_high_u8(bits)) << 8;
}

#define RATE void ob_corners_rate_neon
#define PICK int64_t ob_corners_pick_neon
#include "corners_lanes.h"
#endif
