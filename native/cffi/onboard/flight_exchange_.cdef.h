#define OB_GRANT_ROWS 32
#define OB_GRANT_ORDERS 16
#define OB_EXCHANGE_OCTETS_MAX 2040

typedef struct {
  int64_t number;
  ob_told told;
} ob_grant_told;

typedef struct {
  int64_t tick, now_ns;
  int64_t members;
  int64_t rows;
  ob_sample row[32];
  int64_t before, after;
  ob_order order_before[16], order_after[16];
  int64_t told;
  ob_grant_told tell[16];
} ob_grant;

typedef struct {
  int64_t tick, now_ns;
  uint64_t hash;
  int64_t refused;
  int64_t cost;
  int64_t actions;
  int64_t sent;
  ob_output_row row[3];
} ob_reply;

int32_t ob_grant_encode(uint8_t *octets, const ob_vehicle *vehicle, const ob_grant *grant);
int32_t ob_reply_encode(uint8_t *octets, const ob_vehicle *vehicle, const ob_reply *reply);
int64_t ob_grant_decode(ob_grant *grant, const ob_vehicle *vehicle, const uint8_t *octets,
                        int32_t count);
int64_t ob_reply_decode(ob_reply *reply, const ob_vehicle *vehicle, const uint8_t *octets,
                        int32_t count);
