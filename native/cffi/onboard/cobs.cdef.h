int32_t ob_cobs_encode(uint8_t *encoded, const uint8_t *octets, int32_t count);
int32_t ob_cobs_decode(uint8_t *octets, const uint8_t *encoded, int32_t count);
