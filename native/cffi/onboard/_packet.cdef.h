#define OB_PACKET_OCTETS_MAX ...
#define OB_PACKET_OCTETS_MIN ...
#define OB_PACKET_DATA_MAX ...
#define OB_SEQUENCE_COUNTS ...

typedef struct {
  int32_t apid, telecommand, sequence_count, data_octets;
  const uint8_t *data;
} ob_packet;

#define OB_PACKET_GOOD 0
#define OB_PACKET_TOO_SHORT 1
#define OB_PACKET_OTHER_LENGTH 2
#define OB_PACKET_BAD_CRC 3
#define OB_PACKET_FOREIGN 4

uint16_t ob_crc16(uint16_t crc, const uint8_t *octets, int32_t count);
int32_t ob_packet_encode(uint8_t *octets, const ob_packet *packet);
int32_t ob_packet_decode(ob_packet *packet, const uint8_t *octets, int32_t count);
