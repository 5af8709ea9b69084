/* Which sources of the flight core a binary was built from: desk and board can give the same bits only
 * if it is the same.
 */
#ifndef ONBOARD_CORE_HASH_H
#define ONBOARD_CORE_HASH_H

#include <stdint.h>

/* First 8 bytes of the SHA-256 over the headers and sources of the core, made by the build. */
uint64_t ob_core_hash(void);

#endif
