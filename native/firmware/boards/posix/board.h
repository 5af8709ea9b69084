/* This computer. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "posix"

#endif
