uint32_t ob_crc32(uint32_t crc, const uint8_t *octets, uint32_t count);
