/* Matching of 256-bit binary descriptors by the number of bits that differ.
 *
 * For every query its best and second best train descriptor; for every train descriptor its best
 * query, so that a pair that is the best both ways can be told. The lowest index wins a tie. One pass
 * over all pairs: exhaustive, hence the same answer whatever the order.
 *
 * The vector paths look up bits by nibbles: for one nibble of a query the 16 counts against every
 * nibble that a train descriptor can have are one register, which a byte shuffle (or NEON table
 * look-up) reads for 32 (16) train descriptors at once, laid out by nibble. That is two instructions
 * for 4 bits of 32 pairs, with no exclusive or; a CPU that issues four vector instructions per cycle,
 * two of them shuffles, has one pair per cycle as its bound. Lanes count to 255. What comes to 255 or
 * more is looked at again, bit by bit.
 */
#ifndef VISION_HAMMING_H
#define VISION_HAMMING_H

#include <stdint.h>

#define OB_DESCRIPTOR_OCTETS 32
#define OB_DESCRIPTORS_MAX 65536 /* queries, and train descriptors */

typedef struct {
  int32_t index;        /* of the best, -1 without any */
  int32_t distance;     /* bits that differ, 257 without any */
  int32_t second;       /* distance of the second best, 257 without any */
  int32_t mutual;       /* 1: of all queries it is the best for that train descriptor, too */
} ob_hamming_match;

enum { OB_HAMMING_OK = 0, OB_HAMMING_BAD_COUNT = 1 };

/* How many integers of workspace that many train descriptors need: 8 octets for each, 65 more for each
 * up to 8,192, and 20 KiB; at most 1.1 MB. */
int64_t ob_hamming_workspace(int64_t train_count);

/* `queries` and `train`: OB_DESCRIPTOR_OCTETS each, one after the other. `workspace`:
 * ob_hamming_workspace(train_count) integers. Returns OB_HAMMING_OK, or OB_HAMMING_BAD_COUNT with
 * nothing written. */
int64_t ob_hamming_match_all(const uint8_t *queries, int64_t query_count, const uint8_t *train,
                             int64_t train_count, ob_hamming_match *matches, int64_t *workspace,
                             int64_t simd);

#endif
