#include "vision/simd.h"

int64_t ob_simd_runs(int64_t simd) {
  switch (simd) {
    case OB_SIMD_SCALAR:
      return 1;
#if OB_HAS_X86
    case OB_SIMD_SSE2:
      return 1;
    case OB_SIMD_AVX2:
      return __builtin_cpu_supports("avx2") != 0;
#endif
    case OB_SIMD_NEON:
      return OB_HAS_NEON;
    default:
      return 0;
  }
}

int64_t ob_simd_best(void) {
  if (ob_simd_runs(OB_SIMD_NEON)) {
    return OB_SIMD_NEON;
  }
  return ob_simd_runs(OB_SIMD_AVX2) ? OB_SIMD_AVX2 : ob_simd_runs(OB_SIMD_SSE2) ? OB_SIMD_SSE2 : OB_SIMD_SCALAR;
}
