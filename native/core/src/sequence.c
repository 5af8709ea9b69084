#include "onboard/sequence.h"

#include <assert.h>
#include <stddef.h>

#define COUNTS OB_SEQUENCE_COUNTS

void ob_sequence_init(ob_sequence *sequence) { *sequence = (ob_sequence){0}; }

/* NULL where no more can be watched. */
static ob_sequence_apid *find(ob_sequence *sequence, int64_t apid) {
  int64_t i = 0;
  assert(0 <= apid && apid <= 0x7ff);
  while (i < sequence->apids && sequence->apid[i].apid != apid) {
    i++;
  }
  if (i == OB_SEQUENCE_APIDS) {
    sequence->unwatched++;
    return NULL;
  }
  if (i == sequence->apids) {
    sequence->apid[sequence->apids++] = (ob_sequence_apid){.apid = apid, .next = -1};
  }
  return &sequence->apid[i];
}

int64_t ob_sequence_take(ob_sequence *sequence, int64_t apid, int64_t count) {
  ob_sequence_apid *of = find(sequence, apid);
  assert(0 <= count && count < COUNTS);
  if (of == NULL) {
    return 1;
  }
  const int64_t ahead = of->next < 0 ? 0 : (count - of->next + COUNTS) % COUNTS;
  if (ahead >= COUNTS - OB_SEQUENCE_WINDOW) {
    of->repeated++;
    return 0;
  }
  if (ahead < COUNTS / 2) {
    of->lost += ahead;
  } else {
    of->jumps++;
  }
  of->taken++;
  of->next = (count + 1) % COUNTS;
  return 1;
}

int64_t ob_sequence_next(ob_sequence *sequence, int64_t apid) {
  ob_sequence_apid *of = find(sequence, apid);
  if (of == NULL) {
    return 0;
  }
  const int64_t count = of->next < 0 ? 0 : of->next;
  of->taken++;
  of->next = (count + 1) % COUNTS;
  return count;
}

void ob_sequence_forget(ob_sequence *sequence) {
  for (int64_t i = 0; i < sequence->apids; i++) {
    sequence->apid[i].next = -1;
  }
}
