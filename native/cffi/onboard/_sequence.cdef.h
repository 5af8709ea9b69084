#define OB_SEQUENCE_APIDS ...
#define OB_SEQUENCE_WINDOW ...

typedef struct {
  int64_t apid, next, taken, lost, repeated, jumps;
} ob_sequence_apid;

typedef struct {
  int64_t apids, unwatched;
  ob_sequence_apid apid[...];
} ob_sequence;

void ob_sequence_init(ob_sequence *sequence);
int64_t ob_sequence_take(ob_sequence *sequence, int64_t apid, int64_t count);
int64_t ob_sequence_next(ob_sequence *sequence, int64_t apid);
void ob_sequence_forget(ob_sequence *sequence);
