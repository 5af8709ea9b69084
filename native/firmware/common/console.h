/* Text for people, between frames. */
#ifndef CONSOLE_H
#define CONSOLE_H

void console_text(const char *text);
void console_line(const char *text); /* and a line feed */

#endif
