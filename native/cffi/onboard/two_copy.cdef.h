#define OB_COPY_HEAD 20

typedef struct {
  uint64_t version;
  uint32_t octets;
  uint32_t crc;
} ob_copy;

ob_copy ob_copy_sound(const uint8_t *slot, uint32_t room);
int32_t ob_copy_newest(const uint8_t *slots, uint32_t room, ob_copy *copy);
void ob_copy_head(uint8_t *head, uint64_t version, const uint8_t *data, uint32_t octets);
