// Sends requests at a steady rate, whether those before have been answered or not, and prints a line: answers with the wanted
// status, requests that went wrong, the seconds in which it sent, and the median, the 99th of a hundred and the greatest of the
// delays in milliseconds. A delay counts from when the request was to be sent: what a slow answer holds up is counted as well.
// With a rate of 0 each connection asks again as soon as it has its answer.
//
//   steady_requests HOST PORT FILE STATUS RATE CONNECTIONS SECONDS
//
// FILE has a request a line, with a bar for each end of a line; they are sent in turn, over and over. SIGTERM ends it early.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// How long answers are waited for once no more requests are sent, in nanoseconds.
#define PATIENCE 10000000000LL
// Delays are counted in steps of a 64th of their magnitude.
#define STEPS 64
#define MAGNITUDES 40

struct connection {
  int socket;
  long due;
  size_t used;
  char answer[8192];
};

static char *requests;
static size_t *starts, count;
static struct connection *connections;
// Numbers of those that wait to ask, in the order in which they began to.
static int *free_ones, free_count, free_first, number_of_connections, watch, usable;
static const char *wanted;
static long delays[MAGNITUDES * STEPS], answers, failures, greatest, next_request;
static volatile sig_atomic_t is_ended;

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void end(int signal) {
  (void)signal;
  is_ended = 1;
}

// Nanoseconds to the place of a delay among the counts, and back to the end of its step.
static int place_of(long delay) {
  if (delay < STEPS) return delay < 0 ? 0 : (int)delay;
  int magnitude = 63 - __builtin_clzl((unsigned long)delay) - 5, place = magnitude * STEPS / 2 + (int)(delay >> magnitude);
  return place < MAGNITUDES * STEPS ? place : MAGNITUDES * STEPS - 1;
}

static long delay_at(int place) {
  if (place < STEPS) return place;
  int magnitude = place / (STEPS / 2) - 1;
  return (long)(place - magnitude * STEPS / 2 + 1) << magnitude;
}

static double milliseconds(double share) {
  long before = 0, rank = (long)(answers * share);
  for (int place = 0; place < MAGNITUDES * STEPS; place++) {
    before += delays[place];
    if (before > rank) return delay_at(place) / 1e6;
  }
  return greatest / 1e6;
}

// Reads the file, and makes ends of lines of the bars.
static int read_requests(const char *path) {
  FILE *file = fopen(path, "rb");
  struct stat about;
  if (!file || fstat(fileno(file), &about)) return 0;
  size_t lines = 0, length = 0, size = (size_t)about.st_size;
  char *text = malloc(size + 1);
  if (!text || fread(text, 1, size, file) != size) return 0;
  fclose(file);
  size_t more = 0;
  for (size_t at = 0; at < size; at++) more += text[at] == '|', lines += text[at] == '\n';
  requests = malloc(size + more);
  starts = malloc((lines + 1) * sizeof *starts);
  if (!requests || !starts) return 0;
  for (size_t at = 0; at < size; at++) {
    if (!at || text[at - 1] == '\n') starts[count++] = length;
    if (text[at] == '\n') continue;
    if (text[at] == '|') requests[length++] = '\r';
    requests[length++] = text[at] == '|' ? '\n' : text[at];
  }
  free(text);
  starts[count] = length;
  return count > 0;
}

static void set_free(int index) { free_ones[(free_first + free_count++) % number_of_connections] = index; }

static int take_free(void) {
  int index = free_ones[free_first];
  free_first = (free_first + 1) % number_of_connections;
  free_count--;
  return index;
}

static int open_connections(const char *host, const char *port) {
  int number = number_of_connections;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) return 0;
  connections = calloc((size_t)number, sizeof *connections);
  free_ones = calloc((size_t)number, sizeof *free_ones);
  watch = epoll_create1(EPOLL_CLOEXEC);
  for (int index = 0; index < number; index++) {
    int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    if (one < 0 || connect(one, (struct sockaddr *)&address, sizeof address)) return 0;
    setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (fcntl(one, F_SETFL, O_NONBLOCK) || epoll_ctl(watch, EPOLL_CTL_ADD, one, &event)) return 0;
    connections[index].socket = one;
    set_free(index);
  }
  usable = number;
  return 1;
}

// What it was to answer is lost, and so is the connection.
static void lose(struct connection *one) {
  failures++;
  usable--;
  close(one->socket);
  one->socket = -1;
}

static void ask(int index, long due) {
  struct connection *one = &connections[index];
  size_t line = (size_t)next_request++ % count, length = starts[line + 1] - starts[line];
  one->due = due;
  one->used = 0;
  // Requests are small, and the one before has been answered: there is always room for all of it.
  if (send(one->socket, requests + starts[line], length, MSG_NOSIGNAL) != (ssize_t)length) lose(one);
}

// The length of the answer, or 0 where its head has not come as a whole.
static size_t answer_length(const char *answer) {
  const char *end = strstr(answer, "\r\n\r\n");
  if (!end) return 0;
  const char *field = strcasestr(answer, "\r\nContent-Length:");
  return (size_t)(end + 4 - answer) + (field && field < end ? strtoul(field + 17, NULL, 10) : 0);
}

// Takes what has come. Returns whether the answer is whole.
static int hear(struct connection *one) {
  ssize_t received = recv(one->socket, one->answer + one->used, sizeof one->answer - 1 - one->used, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (received <= 0) return lose(one), 0;
  one->used += (size_t)received;
  one->answer[one->used] = 0;
  size_t length = answer_length(one->answer);
  if (!length || one->used < length) return one->used == sizeof one->answer - 1 ? lose(one), 0 : 0;
  long delay = now() - one->due;
  if (one->used == length && !strncmp(one->answer + 9, wanted, 3)) {
    answers++;
    delays[place_of(delay)]++;
    if (delay > greatest) greatest = delay;
  } else {
    failures++;
  }
  return 1;
}

static void wait_and_hear(long until, int asks_again) {
  struct epoll_event events[256];
  long rest = until - now();
  struct timespec timeout = {.tv_sec = rest > 0 ? rest / 1000000000L : 0, .tv_nsec = rest > 0 ? rest % 1000000000L : 0};
  int ready = epoll_pwait2(watch, events, 256, &timeout, NULL);
  for (int index = 0; index < ready; index++) {
    int number = (int)events[index].data.u32;
    if (!hear(&connections[number])) continue;
    if (asks_again && !is_ended) ask(number, now());
    else set_free(number);
  }
}

int main(int argument_count, char **arguments) {
  if (argument_count != 8) return fputs("usage: steady_requests HOST PORT FILE STATUS RATE CONNECTIONS SECONDS\n", stderr), 64;
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  wanted = arguments[4];
  double rate = atof(arguments[5]);
  int is_steady = rate > 0;
  number_of_connections = atoi(arguments[6]);
  if (!read_requests(arguments[3])) return fprintf(stderr, "steady_requests: no requests in %s\n", arguments[3]), 66;
  if (number_of_connections < 1 || !open_connections(arguments[1], arguments[2])) return perror("steady_requests"), 69;
  long start = now(), stop = start + (long)(atof(arguments[7]) * 1e9), due = start, sent = 0;
  while (!is_steady && free_count) ask(take_free(), now());
  while (!is_ended && usable && now() < stop) {
    if (!is_steady) {
      wait_and_hear(stop, 1);
      continue;
    }
    for (long time = now(); due <= time && free_count; due = start + (long)(++sent * (1e9 / rate))) {
      ask(take_free(), due);
    }
    // Without a free connection it is an answer that has to come first.
    wait_and_hear(free_count && due < stop ? due : stop, 0);
  }
  long ended = now();
  if (ended > stop) ended = stop;
  is_ended = 1;
  while (free_count < usable && now() < ended + PATIENCE) wait_and_hear(ended + PATIENCE, 0);
  failures += usable - free_count;
  printf(
      "%ld %ld %.3f %.3f %.3f %.3f\n", answers, failures, (ended - start) / 1e9, milliseconds(0.5), milliseconds(0.99),
      greatest / 1e6);
  return 0;
}
