#include "console.h"

#include <string.h>

#include "platform.h"

void console_text(const char *text) {
  platform_send((const uint8_t *)text, (int32_t)strlen(text));
}

void console_line(const char *text) {
  console_text(text);
  console_text("\r\n");
}
