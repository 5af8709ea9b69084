#define OB_SEGMENT_MAX ...
#define OB_FRAME_OCTETS_MAX ...
#define OB_FRAME_OCTETS_MIN ...

typedef struct {
  int64_t octets, packets, text_octets, bad_cobs, too_short, too_long, other_length, bad_crc, foreign;
} ob_framing_counters;

typedef struct {
  ob_framing_counters counters;
  int32_t length, is_text, overlong;
  uint8_t segment[...];
} ob_receiver;

#define OB_RECEIVED_NOTHING 0
#define OB_RECEIVED_PACKET 1
#define OB_RECEIVED_TEXT 2

typedef struct {
  int32_t kind, count;
  const uint8_t *octets;
  ob_packet packet;
} ob_received;

void ob_receiver_init(ob_receiver *receiver);
int32_t ob_receiver_take(ob_receiver *receiver, const uint8_t *octets, int32_t count,
                         ob_received *received);
int32_t ob_frame_encode(uint8_t *frame, const ob_packet *packet);

typedef struct {
  int32_t apid, telecommand, sequence_count, data_octets;
  int64_t data_at;
} ob_packet_entry;

typedef struct {
  int64_t packets, data_octets, text_octets;
} ob_received_many;

void ob_receiver_take_many(ob_receiver *receiver, const uint8_t *octets, int64_t count,
                           ob_packet_entry *entries, uint8_t *data, uint8_t *text,
                           ob_received_many *many);
void ob_received_append(const ob_received *received, ob_packet_entry *entries, uint8_t *data,
                        uint8_t *text, ob_received_many *many);
int64_t ob_frames_encode(uint8_t *frames, const ob_packet_entry *entries, int64_t packets,
                         const uint8_t *data);
