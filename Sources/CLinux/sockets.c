#define _GNU_SOURCE
#include "linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long outcome(long result) { return result < 0 ? -errno : result; }

int firmament_listen(const void *address, unsigned length, int backlog) {
  const struct sockaddr *place = address;
  const int on = 1;
  int listener = socket(place->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) return -errno;
  if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 && bind(listener, place, length) == 0 &&
      listen(listener, backlog) == 0)
    return listener;
  int problem = errno;
  close(listener);
  return -problem;
}

int firmament_port(int socket) {
  struct sockaddr_storage place;
  socklen_t length = sizeof place;
  if (getsockname(socket, (struct sockaddr *)&place, &length) != 0) return 0;
  if (place.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&place)->sin_port);
  if (place.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&place)->sin6_port);
  return 0;
}

int firmament_accept(int listener) { return (int)outcome(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

// The system's own calls for receiving and sending: around each, the C library's let the thread be cancelled, which nobody does.

long firmament_receive(int socket, void *bytes, size_t capacity) {
  ssize_t count;
  do count = syscall(SYS_recvfrom, socket, bytes, capacity, 0, NULL, NULL);
  while (count < 0 && errno == EINTR);
  return outcome(count);
}

int firmament_refuse(int listener) {
  // Of each packet nothing is let through.
  struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const struct sock_fprog filter = {.len = 1, .filter = &nothing};
  return (int)outcome(setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

long firmament_send(int socket, const void *bytes, size_t count) {
  return outcome(syscall(SYS_sendto, socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0));
}

int firmament_watch_begin(void) { return (int)outcome(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int watch, int operation, int socket, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = socket};
  return (int)outcome(epoll_ctl(watch, operation, socket, &event));
}

int firmament_watch(int watch, int socket) { return control(watch, EPOLL_CTL_ADD, socket, EPOLLIN); }

static const uint32_t news = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;

int firmament_watch_news(int watch, int socket) { return control(watch, EPOLL_CTL_ADD, socket, news); }

int firmament_watch_news_again(int watch, int socket) { return control(watch, EPOLL_CTL_MOD, socket, news); }

int firmament_unwatch(int watch, int socket) { return control(watch, EPOLL_CTL_DEL, socket, 0); }

int firmament_watch_wait(int watch, int *sockets, int most, int milliseconds) {
  struct epoll_event events[256];
  int count = epoll_wait(watch, events, most < 256 ? most : 256, milliseconds);
  if (count < 0) return -errno;
  for (int index = 0; index < count; index++) {
    int socket = events[index].data.fd;
    sockets[index] = events[index].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI) ? ~socket : socket;
  }
  return count;
}

int firmament_bell(void) { return (int)outcome(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int firmament_ring(int bell) { return (int)outcome(eventfd_write(bell, 1)); }

static uint64_t time_of(clockid_t clock) {
  struct timespec now = {0};
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t firmament_time(void) { return time_of(CLOCK_MONOTONIC); }

uint64_t firmament_thread_time(void) { return time_of(CLOCK_THREAD_CPUTIME_ID); }

int firmament_thread_clock(void) {
  clockid_t clock;
  // The number of a clock is negative itself, so that a failure is told by one that is never the thread's.
  return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? clock : CLOCK_THREAD_CPUTIME_ID;
}

uint64_t firmament_time_by(int clock) { return time_of(clock); }

uint64_t firmament_idle_time(void) {
  // proc_uptime(5): seconds since the start, and those of all processors without work.
  int file = open("/proc/uptime", O_RDONLY | O_CLOEXEC);
  char text[128];
  ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[count < 0 ? 0 : count] = 0;
  int64_t idle = firmament_idle_time_said(text);
  return idle < 0 ? firmament_time() : (uint64_t)idle;
}

int64_t firmament_idle_time_said(const char *uptime) {
  unsigned seconds, hundredths;
  if (sscanf(uptime, "%*s %9u.%2u", &seconds, &hundredths) != 2) return -EINVAL;
  return seconds * INT64_C(1000000000) + hundredths * INT64_C(10000000);
}

void firmament_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
