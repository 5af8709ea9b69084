#define OB_HASH_SEED ...
uint64_t ob_hash_u64(uint64_t hash, uint64_t word);
uint64_t ob_hash_f64(uint64_t hash, double x);
uint64_t ob_hash_f64s(uint64_t hash, const double *x, int32_t count);
uint64_t ob_hash_i64s(uint64_t hash, const int64_t *x, int32_t count);
uint64_t ob_hash_bytes(uint64_t hash, const uint8_t *bytes, int32_t count);
