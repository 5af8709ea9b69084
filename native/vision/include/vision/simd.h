/* Vector instructions: which there are, and how a function asks for them.
 *
 * Each routine that has vector paths takes an `ob_simd` and gives the same bits for every value of it.
 * Nothing is chosen behind the caller's back: `ob_simd_best` says what this processor has, and a test
 * runs all of them. A path that was not compiled in, as NEON on x86, is the scalar one;
 * one that was, and that this processor lacks (`ob_simd_runs`), must not be asked for.
 */
#ifndef VISION_SIMD_H
#define VISION_SIMD_H

#include <stdint.h>

#if defined(__x86_64__)
#define OB_HAS_X86 1
#define OB_AVX2 __attribute__((target("avx2"))) /* without fused multiply-add */
#else
#define OB_HAS_X86 0
#endif

#if defined(__aarch64__)
#define OB_HAS_NEON 1
#else
#define OB_HAS_NEON 0
#endif

typedef enum { OB_SIMD_SCALAR = 0, OB_SIMD_SSE2 = 1, OB_SIMD_AVX2 = 2, OB_SIMD_NEON = 3 } ob_simd;

/* The widest that this processor runs. */
int64_t ob_simd_best(void);

/* 1 if this processor runs it, and it was compiled in. */
int64_t ob_simd_runs(int64_t simd);

#endif
