/* The routines of the vision library on arbitrary inputs: fuzz_vision [INPUTS] [SEED] [NAME].
 *
 * INPUTS for each routine, under the sanitizers; what is asserted: vision/fuzz.h. Prints how often a
 * routine ended with each status, and the longest time that an input took; of a failed assertion the name
 * and the seed that leads to it.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vision/fuzz.h"

enum { STATUSES = 20 };

static const struct {
  const char *name;
  int64_t (*give)(uint64_t *stream);
} ROUTINES[] = {
    {"alignment", fuzz_alignment},
    {"corners", fuzz_corners},
    {"correlation", fuzz_correlation},
    {"crater_finder", fuzz_crater_finder},
    {"crater_index", fuzz_crater_index},
    {"crater_lost", fuzz_crater_lost},
    {"crater_match", fuzz_crater_match},
    {"descriptors", fuzz_descriptors},
    {"essential", fuzz_essential},
    {"features", fuzz_features},
    {"fundamental", fuzz_fundamental},
    {"hamming", fuzz_hamming},
    {"homography", fuzz_homography},
    {"integrity", fuzz_integrity},
    {"p3p", fuzz_p3p},
    {"pose", fuzz_pose},
    {"pyramid", fuzz_pyramid},
    {"tracker", fuzz_tracker},
};

static const char *current;
static uint64_t current_seed;

static void tell(int signal_number) {
  (void)signal_number;
  fprintf(stderr, "again: fuzz_vision 1 %" PRIu64 " %s\n", current_seed, current);
}

static void run(const char *name, int64_t (*give)(uint64_t *stream), int64_t inputs, uint64_t seed) {
  int64_t ended[STATUSES] = {0}, slowest = 0;
  clock_t longest = 0;
  current = name;
  for (int64_t i = 0; i < inputs; i++) {
    uint64_t stream = current_seed = seed + (uint64_t)i;
    const clock_t start = clock();
    const int64_t status = give(&stream);
    const clock_t took = clock() - start;
    if (took > longest) {
      longest = took;
      slowest = i;
    }
    ended[status]++;
  }
  printf("%s:", name);
  for (int64_t status = 0; status < STATUSES; status++) {
    if (ended[status] > 0) printf(" %" PRId64 " x %" PRId64 ",", status, ended[status]);
  }
  printf(" %.1f ms at most, seed %" PRIu64 "\n", 1e3 * (double)longest / CLOCKS_PER_SEC, seed + (uint64_t)slowest);
  fflush(stdout);
}

int main(int count, char **arguments) {
  const int64_t inputs = count > 1 ? strtoll(arguments[1], NULL, 10) : 300;
  const uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
  signal(SIGABRT, tell);
  for (size_t i = 0; i < sizeof ROUTINES / sizeof ROUTINES[0]; i++) {
    if (count < 4 || strcmp(arguments[3], ROUTINES[i].name) == 0) {
      run(ROUTINES[i].name, ROUTINES[i].give, inputs, seed);
    }
  }
  return 0;
}
