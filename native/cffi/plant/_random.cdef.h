typedef struct {
  uint64_t s[4];
  double spare;
  int64_t has_spare;
} pl_random;

void pl_random_init(pl_random *r, uint64_t seed, uint64_t stream);
uint64_t pl_random_u64(pl_random *r);
double pl_random_uniform(pl_random *r);
double pl_random_normal(pl_random *r);
uint64_t pl_random_hash(uint64_t hash, const pl_random *r);
uint64_t pl_mix64(uint64_t x);
