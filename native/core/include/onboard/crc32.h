/* CRC-32 of IEEE 802.3, that of zip and PNG: of images, tables, maps and stored copies.
 *
 * ob_crc32(ob_crc32(0, a), b) is the CRC of a followed by b.
 */
#ifndef ONBOARD_CRC32_H
#define ONBOARD_CRC32_H

#include <stdint.h>

uint32_t ob_crc32(uint32_t crc, const uint8_t *octets, uint32_t count);

#endif
