/* Arbitrary inputs for the routines of the vision library.
 *
 * `fuzz_NAME(stream)` gives one routine one input, in memory of exactly the size that its header asks for,
 * by the scalar path and by the widest; asserts that the status is one of its own, that the counts are
 * within what was handed in, that numbers of an accepted answer are finite, and that both paths left the
 * same octets. Returns the status.
 */
#ifndef FUZZ_VISION_FUZZ_H
#define FUZZ_VISION_FUZZ_H

#include <stdint.h>

#include "vision/image.h"

int64_t fuzz_alignment(uint64_t *stream);
int64_t fuzz_corners(uint64_t *stream);
int64_t fuzz_correlation(uint64_t *stream);
int64_t fuzz_crater_finder(uint64_t *stream);
int64_t fuzz_crater_index(uint64_t *stream);
int64_t fuzz_crater_lost(uint64_t *stream);
int64_t fuzz_crater_match(uint64_t *stream);
int64_t fuzz_descriptors(uint64_t *stream);
int64_t fuzz_essential(uint64_t *stream);
int64_t fuzz_features(uint64_t *stream);
int64_t fuzz_fundamental(uint64_t *stream);
int64_t fuzz_hamming(uint64_t *stream);
int64_t fuzz_homography(uint64_t *stream);
int64_t fuzz_integrity(uint64_t *stream);
int64_t fuzz_p3p(uint64_t *stream);
int64_t fuzz_pose(uint64_t *stream);
int64_t fuzz_pyramid(uint64_t *stream);
int64_t fuzz_tracker(uint64_t *stream);

uint64_t fuzz_bits(uint64_t *stream);
int64_t fuzz_below(uint64_t *stream, int64_t bound); /* 0 to bound - 1 */
double fuzz_unit(uint64_t *stream);                  /* 0 to 1 */

/* Most often `usual`, else anything: not a number, infinite, denormal, huge, negative, zero. */
double fuzz_number(uint64_t *stream, double usual);

/* Black, white, noise, blocks, a slope, bowls; of any size to `side_max`, of none, or one with a stride or
 * side that is not allowed. It ends where its memory does. To be freed: fuzz_drop. */
typedef struct {
  ob_image image;
  uint8_t *memory;
} fuzz_picture;

fuzz_picture fuzz_image(uint64_t *stream, int64_t side_max);
void fuzz_drop(fuzz_picture *picture);

/* Memory that is exactly so large, all of it 0xa5; never NULL. */
void *fuzz_memory(int64_t octets);

void fuzz_same(const void *a, const void *b, int64_t octets);
void fuzz_finite(const double *numbers, int64_t count);

#endif
