/* What the vision library comes to on inputs made from integers, as one hash a routine.
 *
 * `exercise_NAME(simd)` runs one routine on varied inputs and hashes all that it gives. The program
 * `print_vision_bits` prints a line "NAME PATH HASH" for every path that this processor runs, the image
 * `vision_test` of a board a line for each routine; for a routine all must agree, on every machine.
 */
#ifndef TESTS_VISION_EXERCISE_H
#define TESTS_VISION_EXERCISE_H

#include <stdint.h>

uint64_t exercise_alignment(int64_t simd);
uint64_t exercise_corners(int64_t simd);
uint64_t exercise_correlation(int64_t simd);
uint64_t exercise_crater_finder(int64_t simd);
uint64_t exercise_crater_frame(int64_t simd);
uint64_t exercise_crater_identify(int64_t simd);
uint64_t exercise_crater_lost(int64_t simd);
uint64_t exercise_crater_match(int64_t simd);
uint64_t exercise_descriptors(int64_t simd);
uint64_t exercise_essential(int64_t simd);
uint64_t exercise_five_point(int64_t simd);
uint64_t exercise_features(int64_t simd);
uint64_t exercise_fundamental(int64_t simd);
uint64_t exercise_hamming(int64_t simd);
uint64_t exercise_homography(int64_t simd);
uint64_t exercise_integrity(int64_t simd);
uint64_t exercise_p3p(int64_t simd);
uint64_t exercise_pose(int64_t simd);
uint64_t exercise_pyramid(int64_t simd);
uint64_t exercise_similarity(int64_t simd);
uint64_t exercise_terrain_match(int64_t simd);
uint64_t exercise_tracker(int64_t simd);
uint64_t exercise_two_point(int64_t simd);

typedef struct {
  const char *name;
  uint64_t (*run)(int64_t simd);
} vision_exercise;

extern const vision_exercise VISION_EXERCISES[];
extern const int32_t VISION_EXERCISE_COUNT;

/* The next of a fixed sequence of integers (Steele, Lea and Flood 2014, SplitMix64). */
static inline uint64_t vision_next(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

#endif
