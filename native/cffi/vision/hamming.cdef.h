#define OB_DESCRIPTOR_OCTETS ...
#define OB_DESCRIPTORS_MAX ...
typedef struct {
  int32_t index, distance, second, mutual;
} ob_hamming_match;
enum { OB_HAMMING_OK, OB_HAMMING_BAD_COUNT };
int64_t ob_hamming_workspace(int64_t train_count);
int64_t ob_hamming_match_all(const uint8_t *queries, int64_t query_count, const uint8_t *train,
                             int64_t train_count, ob_hamming_match *matches, int64_t *workspace,
                             int64_t simd);
