/* Includes the kernels named by KERNELS once for each target: lanes.h. */
#define LANES_TARGET
#define LANES(name) name##_plain
#include KERNELS
#undef LANES_TARGET
#undef LANES
#if OB_HAS_X86
#define LANES_TARGET OB_AVX2
#define LANES(name) name##_avx2
#include KERNELS
#undef LANES_TARGET
#undef LANES
#endif
#undef KERNELS
