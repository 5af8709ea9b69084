#include "vision/hamming.h"

#include <assert.h>
#include <string.h>

#include "hamming_lanes.h"
#include "vision/simd.h"

#define NONE 257
#define UNSURE 255 /* a lane counts no further */
#define LINE 64

static_assert(OB_HAMMING_CHUNKS * OB_HAMMING_BLOCKS <= 256, "the number of a block is an octet");
static_assert(OB_HAMMING_CHUNKS * OB_HAMMING_CHUNK <= INT16_MAX, "an index among them has 16 bits");
static_assert(OB_HAMMING_ROWS % 2 == 0 && OB_HAMMING_ROWS <= 256, "pairs of rows, named by an octet");
static_assert(sizeof(ob_hamming_chunk) % sizeof(int64_t) == 0, "chunks after integers");

/* Bits of each four, as four. */
static uint64_t bits_by_four(uint64_t word) {
  word -= (word >> 1) & UINT64_C(0x5555555555555555);
  return (word & UINT64_C(0x3333333333333333)) + ((word >> 2) & UINT64_C(0x3333333333333333));
}

/* At most 8 in each four. */
static uint64_t bits_by_eight(uint64_t fours) {
  return (fours & UINT64_C(0x0f0f0f0f0f0f0f0f)) + ((fours >> 4) & UINT64_C(0x0f0f0f0f0f0f0f0f));
}

static int64_t distance(const uint8_t *a, const uint8_t *b) {
  uint64_t x[4], y[4];
  memcpy(x, a, sizeof x);
  memcpy(y, b, sizeof y);
  const uint64_t eights = bits_by_eight(bits_by_four(x[0] ^ y[0]) + bits_by_four(x[1] ^ y[1])) +
                          bits_by_eight(bits_by_four(x[2] ^ y[2]) + bits_by_four(x[3] ^ y[3]));
  const uint64_t sixteens =
      (eights & UINT64_C(0x00ff00ff00ff00ff)) + ((eights >> 8) & UINT64_C(0x00ff00ff00ff00ff));
  return (int64_t)((sixteens * UINT64_C(0x0001000100010001)) >> 48);
}

/* A distance and the query that has it in one number: the least is the best, the lowest of equals. */
static int64_t ranked(int64_t bits, int64_t index) { return bits << 32 | index; }

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

typedef struct {
  const uint8_t *queries, *train;
  int64_t query_count, train_count;
  ob_hamming_match *matches;
  int64_t *best_query;     /* ranked, of each train descriptor */
  ob_hamming_row *rows;    /* this and what follows: of the vector paths alone */
  ob_hamming_chunk *chunks;
  ob_hamming_compare *compare;
  uint8_t bits[256];
} matcher;

static void meet(ob_hamming_match *match, int32_t bits, int32_t index) {
  if (bits < match->distance) {
    match->second = match->distance;
    match->distance = bits;
    match->index = index;
  } else if (bits < match->second) {
    match->second = bits;
  }
}

/* --- one pair after the other --- */

static ob_hamming_match match_of(const uint8_t *query, const uint8_t *train, int64_t count) {
  ob_hamming_match match = {.index = -1, .distance = NONE, .second = NONE};
  for (int64_t j = 0; j < count; j++) {
    meet(&match, (int32_t)distance(query, train + j * OB_DESCRIPTOR_OCTETS), (int32_t)j);
  }
  return match;
}

static int64_t rank_of_best_query(const uint8_t *train, const uint8_t *queries, int64_t count) {
  int64_t best = ranked(NONE, 0);
  for (int64_t i = 0; i < count; i++) {
    best = lesser(ranked(distance(train, queries + i * OB_DESCRIPTOR_OCTETS), i), best);
  }
  return best;
}

static void match_scalar(const matcher *m) {
  for (int64_t i = 0; i < m->query_count; i++) {
    const uint8_t *const query = m->queries + i * OB_DESCRIPTOR_OCTETS;
    for (int64_t j = 0; j < m->train_count; j++) {
      const int64_t bits = distance(query, m->train + j * OB_DESCRIPTOR_OCTETS);
      meet(&m->matches[i], (int32_t)bits, (int32_t)j);
      m->best_query[j] = lesser(ranked(bits, i), m->best_query[j]);
    }
  }
}

/* --- a chunk of train descriptors at a time --- */

static void fill_chunk(ob_hamming_chunk *chunk, const uint8_t *train, int64_t count) {
  memset(chunk, 0, sizeof *chunk);
  memset(chunk->absent + count, UNSURE, (size_t)(OB_HAMMING_CHUNK - count));
  for (int64_t k = 0; k < OB_DESCRIPTOR_OCTETS; k++) {
    for (int64_t j = 0; j < count; j++) {
      const uint8_t octet = train[j * OB_DESCRIPTOR_OCTETS + k];
      chunk->nibble[k][j] = octet & 15;
      chunk->nibble[k + OB_DESCRIPTOR_OCTETS][j] = octet >> 4;
    }
  }
}

static void fill_row(ob_hamming_row *row, const uint8_t *query) {
  for (int32_t k = 0; k < OB_DESCRIPTOR_OCTETS; k++) {
    row->nibble_16[k] = (uint8_t)(query[k] << 4);
    row->nibble_16[k + OB_DESCRIPTOR_OCTETS] = query[k] & 0xf0;
  }
  memset(row->best, UNSURE, sizeof row->best);
  memset(row->second, UNSURE, sizeof row->second);
  memset(row->block, 0, sizeof row->block);
}

static uint8_t least(const uint8_t lanes[OB_HAMMING_LANES]) {
  uint8_t least = UNSURE;
  for (int32_t lane = 0; lane < OB_HAMMING_LANES; lane++) {
    least = lanes[lane] < least ? lanes[lane] : least;
  }
  return least;
}

/* The first train descriptor at that distance. */
static int16_t first_at(const ob_hamming_row *row, uint8_t best) {
  int16_t first = INT16_MAX;
  for (int16_t lane = 0; lane < OB_HAMMING_LANES; lane++) {
    const int16_t index = (int16_t)(row->block[lane] * OB_HAMMING_LANES + lane);
    const int16_t found = row->best[lane] == best ? index : INT16_MAX;
    first = found < first ? found : first;
  }
  return first;
}

/* What the lanes of a row have found joins what was found among the train descriptors before. */
static void join_row(ob_hamming_row *row, int64_t train_first, ob_hamming_match *match) {
  const uint8_t best = least(row->best);
  const int16_t first = first_at(row, best);
  meet(match, best, (int32_t)(train_first + first));
  row->best[first % OB_HAMMING_LANES] = row->second[first % OB_HAMMING_LANES];
  const uint8_t second = least(row->best);
  match->second = second < match->second ? second : match->second;
}

static void join_column(const ob_hamming_column *column, int64_t query_first, int64_t *best_query,
                        int64_t count) {
  for (int64_t j = 0; j < count; j++) {
    const int64_t rank = ranked(column->best[j], query_first + column->row[j]);
    best_query[j] = lesser(rank, best_query[j]);
  }
}

static ob_hamming_column compare_rows(const matcher *m, int64_t count, int64_t train) {
  ob_hamming_column column = {.row = {0}};
  memset(column.best, UNSURE, sizeof column.best);
  for (int64_t i = 0; i < count; i += 2) {
    m->compare(m->bits, &m->chunks[train / OB_HAMMING_CHUNK], train / OB_HAMMING_LANES, m->rows, i,
               &column);
  }
  return column;
}

/* Queries first to first + count with all chunks. An odd one out is compared twice: its second row,
 * of a higher number, wins no tie, and is forgotten. */
static void match_rows(const matcher *m, int64_t first, int64_t count, int64_t train_first,
                       int64_t train_count) {
  for (int64_t i = 0; i < count + count % 2; i++) {
    fill_row(&m->rows[i], m->queries + (first + lesser(i, count - 1)) * OB_DESCRIPTOR_OCTETS);
  }
  for (int64_t j = 0; j < train_count; j += OB_HAMMING_CHUNK) {
    const ob_hamming_column column = compare_rows(m, count, j);
    const int64_t end = lesser(OB_HAMMING_CHUNK, train_count - j);
    join_column(&column, first, m->best_query + train_first + j, end);
  }
  for (int64_t i = 0; i < count; i++) {
    join_row(&m->rows[i], train_first, &m->matches[first + i]);
  }
}

static void match_chunks(const matcher *m, int64_t train_first, int64_t train_count) {
  for (int64_t j = 0; j < train_count; j += OB_HAMMING_CHUNK) {
    fill_chunk(&m->chunks[j / OB_HAMMING_CHUNK], m->train + (train_first + j) * OB_DESCRIPTOR_OCTETS,
               lesser(OB_HAMMING_CHUNK, train_count - j));
  }
  for (int64_t i = 0; i < m->query_count; i += OB_HAMMING_ROWS) {
    match_rows(m, i, lesser(OB_HAMMING_ROWS, m->query_count - i), train_first, train_count);
  }
}

/* Where a lane could not tell how far: the query again, and if even its best is as far, that one's
 * best query again. */
static void match_unsure(const matcher *m) {
  for (int64_t i = 0; i < m->query_count; i++) {
    if (m->matches[i].second >= UNSURE) {
      const uint8_t *const query = m->queries + i * OB_DESCRIPTOR_OCTETS;
      m->matches[i] = match_of(query, m->train, m->train_count);
    }
    const int64_t j = m->matches[i].index;
    if (j >= 0 && m->matches[i].distance >= UNSURE) {
      const uint8_t *const train = m->train + j * OB_DESCRIPTOR_OCTETS;
      m->best_query[j] = rank_of_best_query(train, m->queries, m->query_count);
    }
  }
}

static void match_vector(matcher *m) {
  for (uint32_t pair = 0; pair < sizeof m->bits; pair++) {
    m->bits[pair] = (uint8_t)bits_by_four(pair >> 4 ^ (pair & 15));
  }
  const int64_t step = OB_HAMMING_CHUNKS * OB_HAMMING_CHUNK;
  for (int64_t j = 0; j < m->train_count; j += step) {
    match_chunks(m, j, lesser(step, m->train_count - j));
  }
  match_unsure(m);
}

static ob_hamming_compare *compare_by(int64_t simd) {
#if OB_HAS_X86
  return simd == OB_SIMD_AVX2 ? ob_hamming_compare_avx2 : 0;
#elif OB_HAS_NEON
  return simd == OB_SIMD_NEON ? ob_hamming_compare_neon : 0;
#else
  (void)simd;
  return 0;
#endif
}

/* --- all --- */

static int64_t chunks_for(int64_t train_count) {
  return lesser((train_count + OB_HAMMING_CHUNK - 1) / OB_HAMMING_CHUNK, OB_HAMMING_CHUNKS);
}

int64_t ob_hamming_workspace(int64_t train_count) {
  const int64_t lanes = (int64_t)sizeof(ob_hamming_row) * OB_HAMMING_ROWS +
                        (int64_t)sizeof(ob_hamming_chunk) * chunks_for(train_count) + LINE;
  return train_count + lanes / (int64_t)sizeof(int64_t);
}

/* Rows and chunks behind the integers of best_query, from where a cache line begins. */
static void place(matcher *m) {
  uint8_t *const after = (uint8_t *)(m->best_query + m->train_count);
  uint8_t *const aligned = after + (LINE - (uintptr_t)after % LINE) % LINE;
  m->rows = (ob_hamming_row *)aligned;
  m->chunks = (ob_hamming_chunk *)(m->rows + OB_HAMMING_ROWS);
}

int64_t ob_hamming_match_all(const uint8_t *queries, int64_t query_count, const uint8_t *train,
                             int64_t train_count, ob_hamming_match *matches, int64_t *workspace,
                             int64_t simd) {
  if (query_count < 0 || query_count > OB_DESCRIPTORS_MAX || train_count < 0 ||
      train_count > OB_DESCRIPTORS_MAX) {
    return OB_HAMMING_BAD_COUNT;
  }
  matcher m = {.queries = queries, .query_count = query_count, .train = train,
               .train_count = train_count, .matches = matches, .best_query = workspace,
               .compare = compare_by(simd)};
  place(&m);
  for (int64_t j = 0; j < train_count; j++) {
    m.best_query[j] = ranked(NONE, 0);
  }
  for (int64_t i = 0; i < query_count; i++) {
    matches[i] = (ob_hamming_match){.index = -1, .distance = NONE, .second = NONE};
  }
  if (m.compare) {
    match_vector(&m);
  } else {
    match_scalar(&m);
  }
  for (int64_t i = 0; i < query_count; i++) {
    const int32_t j = matches[i].index;
    matches[i].mutual = j >= 0 && (m.best_query[j] & UINT32_MAX) == i;
  }
  return OB_HAMMING_OK;
}
