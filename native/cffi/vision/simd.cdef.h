enum { OB_SIMD_SCALAR, OB_SIMD_SSE2, OB_SIMD_AVX2, OB_SIMD_NEON };
int64_t ob_simd_best(void);
int64_t ob_simd_runs(int64_t simd);
