#define OB_LINK_HELLO_NS ...
#define OB_LINK_SILENCE_NS ...
#define OB_LINK_BOARD 0
#define OB_LINK_DESK 1

typedef struct {
  int64_t role, connected, sessions, heard_ns, frames_sent, octets_sent, misdirected, malformed;
  ob_hello here, there;
  int64_t hello_due_ns, answer_due, sync_answer_due, sync_due_ns, sync_period_ns;
  ob_sync_answer sync_answer;
  ob_time_sync sync;
  ob_sequence received, sent;
  ob_receiver receiver;
} ob_link;

void ob_link_init(ob_link *link, int64_t role, const ob_hello *here, int64_t sync_period_ns);
int32_t ob_link_take(ob_link *link, int64_t now_ns, const uint8_t *octets, int32_t count,
                     ob_received *received);
int32_t ob_link_due(ob_link *link, int64_t now_ns, uint8_t *frame);
int32_t ob_link_frame(ob_link *link, int64_t apid, const void *data, int32_t data_octets,
                      uint8_t *frame);
void ob_link_take_many(ob_link *link, int64_t now_ns, const uint8_t *octets, int64_t count,
                       ob_packet_entry *entries, uint8_t *data, uint8_t *text,
                       ob_received_many *many);
void ob_link_reopen(ob_link *link);
