/* The flight image as a program, on a desk or a single-board computer: the line is a terminal (a serial
 * port, a pseudo-terminal) or one TCP connection that it waits for, the memory for maps a file.
 *
 * usage: flight TERMINAL|tcp:ADDRESS:PORT [MAPS [STORAGE]]
 *
 * STORAGE is a file as well; it is made where it is not there, and outlives the program.
 *
 * It ends when its line goes away. There is no watchdog: the desk sees that a program ended, and on a
 * board of its own whatever starts programs there starts it anew.
 */
#define _DEFAULT_SOURCE
#include "platform.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "flight.h"

#define WAIT_MS 10
#define TCP "tcp:"
#define MAPS_AT ((void *)0x100000000000) /* the same at each start, if it can be: flight.h, checkpoints */
#define STORAGE_SIZE (128 << 10)

const char PLATFORM_NAME[] = BOARD_NAME;

static int line = -1;
static const uint8_t *maps;
static uint32_t maps_size;
static uint8_t *storage;
static struct timespec started;

static void must(int good, const char *what) {
  if (!good) {
    perror(what);
    exit(2);
  }
}

static void open_terminal(const char *path) {
  struct termios settings;
  line = open(path, O_RDWR | O_NOCTTY);
  must(line >= 0, path);
  if (tcgetattr(line, &settings) == 0) {
    cfmakeraw(&settings);
    tcsetattr(line, TCSANOW, &settings);
  }
}

/* The first who connects to ADDRESS:PORT has the board. */
static void open_tcp(const char *where) {
  const char *colon = strrchr(where, ':');
  struct sockaddr_in own = {.sin_family = AF_INET};
  char address[INET_ADDRSTRLEN] = "";
  const int on = 1;
  if (colon != NULL && (size_t)(colon - where) < sizeof address) {
    memcpy(address, where, (size_t)(colon - where));
    own.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
  }
  if (inet_pton(AF_INET, address, &own.sin_addr) != 1 || own.sin_port == 0) {
    fprintf(stderr, TCP "%s: allowed: " TCP "ADDRESS:PORT, as " TCP "0.0.0.0:5760\n", where);
    exit(2);
  }
  const int door = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  must(door >= 0 && bind(door, (struct sockaddr *)&own, sizeof own) == 0 && listen(door, 1) == 0,
       where);
  line = accept(door, NULL, NULL);
  must(line >= 0, where);
  close(door);
  setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void open_line(const char *where) {
  if (strncmp(where, TCP, strlen(TCP)) == 0) {
    open_tcp(where + strlen(TCP));
  } else {
    open_terminal(where);
  }
}

static void open_maps(const char *path) {
  struct stat about;
  const int file = open(path, O_RDONLY);
  must(file >= 0 && fstat(file, &about) == 0, path);
  maps_size = (uint32_t)about.st_size;
  maps = mmap(MAPS_AT, maps_size, PROT_READ, MAP_SHARED, file, 0);
  must(maps != MAP_FAILED, path);
}

static void open_storage(const char *path) {
  const int file = open(path, O_RDWR | O_CREAT, 0600);
  must(file >= 0 && ftruncate(file, STORAGE_SIZE) == 0, path);
  storage = mmap(NULL, STORAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  must(storage != MAP_FAILED, path);
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

const uint8_t *platform_storage(uint32_t *size) {
  *size = storage == NULL ? 0 : STORAGE_SIZE;
  return storage;
}

int platform_storage_write(uint32_t at, const uint8_t *octets, uint32_t count) {
  memcpy(storage + at, octets, count);
  return 1;
}

const uint8_t *platform_code(uint32_t *size) {
  *size = 0; /* the operating system's */
  return NULL;
}

void platform_arithmetic(void) {} /* the processor's own, which the operating system keeps */

uint32_t *platform_spare(uint32_t *size) {
  static uint32_t spare[1 << 14];
  *size = sizeof spare;
  return spare;
}

uint32_t *platform_tables(uint32_t *size) {
  *size = 0;
  return NULL;
}

int32_t platform_code_is_writable(void) { return 0; }

void platform_restart(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(3);
}

void platform_watchdog_start(void) {}

void platform_watchdog_kick(void) {}

int main(int count, char **arguments) {
  if (count < 2 || count > 4) {
    fprintf(stderr, "usage: %s TERMINAL|tcp:ADDRESS:PORT [MAPS [STORAGE]]\n", arguments[0]);
    return 2;
  }
  open_line(arguments[1]);
  if (count > 2) {
    open_maps(arguments[2]);
  }
  if (count > 3) {
    open_storage(arguments[3]);
  }
  platform_start();
  flight_run();
  return 0;
}
