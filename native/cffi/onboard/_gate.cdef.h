typedef struct {
  double threshold;
  double rate_sigmas;
  int64_t reject_count;
  int64_t recover_count;
  int64_t reacquire_count;
  int64_t reacquire_ns;
  int64_t gap_ns;
  int64_t due_ns;
} ob_gate_limits;

typedef struct {
  int64_t time_ns;
  int64_t dimension;
  double innovation[3];
  double sigma[3];
  double noise[3];
  double rate_sigma[3];
  double nis;
  int64_t plausible;
  int64_t corroborated;
} ob_gate_sample;

typedef struct {
  int64_t state;
  double score;
  int64_t accepted_count, rejected_count, reacquired_count;
  int64_t consecutive_rejected;
  int64_t consecutive_passed;
  int64_t consecutive_consistent;
  int64_t run_since_ns;
  double run_innovation[3];
  int64_t last_time_ns;
  int64_t last_accepted_ns;
  double innovation[3], sigma[3];
  double nis;
  int64_t due;
  int64_t due_since_ns;
  int64_t silent;
} ob_gate;

#define OB_GATE_ACCEPTING 0
#define OB_GATE_REJECTING 1
#define OB_GATE_REACQUIRING 2
#define OB_GATE_REJECT 0
#define OB_GATE_ACCEPT 1
#define OB_GATE_REACQUIRE 2
void ob_gate_init(ob_gate *gate, int64_t time_ns);
int ob_gate_score(ob_gate *gate, const ob_gate_limits *limits, const ob_gate_sample *sample);
void ob_gate_watch(ob_gate *gate, const ob_gate_limits *limits, int64_t now_ns, int due);
uint64_t ob_gate_hash(const ob_gate *gate, uint64_t hash);
