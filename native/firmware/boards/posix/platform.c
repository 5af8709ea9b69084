/* The flight image as a program: the serial port is a terminal, the memory for maps a file.
 *
 * usage: flight TERMINAL [MAPS]
 *
 * It ends when its terminal goes away. There is no watchdog: the desk sees that a program ended.
 */
#define _DEFAULT_SOURCE
#include "platform.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "flight.h"

#define WAIT_MS 10

const char PLATFORM_NAME[] = "posix";

static int line = -1;
static const uint8_t *maps;
static uint32_t maps_size;
static struct timespec started;

static void must(int good, const char *what) {
  if (!good) {
    perror(what);
    exit(2);
  }
}

static void open_line(const char *path) {
  struct termios settings;
  line = open(path, O_RDWR | O_NOCTTY);
  must(line >= 0, path);
  if (tcgetattr(line, &settings) == 0) {
    cfmakeraw(&settings);
    tcsetattr(line, TCSANOW, &settings);
  }
}

static void open_maps(const char *path) {
  struct stat about;
  const int file = open(path, O_RDONLY);
  must(file >= 0 && fstat(file, &about) == 0, path);
  maps_size = (uint32_t)about.st_size;
  maps = mmap(NULL, maps_size, PROT_READ, MAP_SHARED, file, 0);
  must(maps != MAP_FAILED, path);
}

void platform_start(void) { clock_gettime(CLOCK_MONOTONIC, &started); }

uint64_t platform_session(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 50) | 1;
}

const char *platform_start_cause(void) { return "program"; }

static int is_readable(int wait_ms) {
  struct pollfd watched = {.fd = line, .events = POLLIN};
  const int ready = poll(&watched, 1, wait_ms);
  if (ready > 0 && !(watched.revents & POLLIN)) {
    exit(0); /* hung up */
  }
  return ready > 0;
}

int32_t platform_receive(uint8_t *octets, int32_t room) {
  if (!is_readable(0)) {
    return 0;
  }
  const ssize_t count = read(line, octets, (size_t)room);
  if (count <= 0) {
    exit(0);
  }
  return (int32_t)count;
}

int32_t platform_overruns(void) { return 0; }

void platform_send(const uint8_t *octets, int32_t count) {
  while (count > 0) {
    const ssize_t sent = write(line, octets, (size_t)count);
    if (sent <= 0) {
      exit(0);
    }
    octets += sent;
    count -= (int32_t)sent;
  }
}

void platform_wait(void) { is_readable(WAIT_MS); }

int64_t platform_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)(now.tv_sec - started.tv_sec) * 1000000000 + (now.tv_nsec - started.tv_nsec);
}

uint32_t platform_cycles(void) { return (uint32_t)platform_now_ns(); }

const uint8_t *platform_maps(uint32_t *size) {
  *size = maps_size;
  return maps;
}

void platform_watchdog_start(void) {}

void platform_watchdog_kick(void) {}

int main(int count, char **arguments) {
  if (count < 2 || count > 3) {
    fprintf(stderr, "usage: %s TERMINAL [MAPS]\n", arguments[0]);
    return 2;
  }
  open_line(arguments[1]);
  if (count == 3) {
    open_maps(arguments[2]);
  }
  platform_start();
  flight_run();
  return 0;
}
