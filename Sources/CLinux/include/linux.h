#pragma once
#include <stddef.h>
#include <stdint.h>

// What is Linux's own and not in Swift's module of the C library, and what Swift has no word for. Where nothing else is said,
// functions return what errno says, negated, on failure.

// MARK: Sockets, and their readiness (epoll)

// A socket that takes connections at an address, a sockaddr of `length` bytes. What it accepts sends without delay.
int firmament_listen(const void *address, unsigned length, int backlog);
// The port of a socket; 0 where it has none.
int firmament_port(int socket);
// A connection that waits at a listening socket, and never blocks.
int firmament_accept(int listener);
// Lets no more connections wait at a listening socket: what clients send it is dropped, and those that wait go on waiting.
int firmament_refuse(int listener);
// Up to `capacity` bytes; 0 at the end.
long firmament_receive(int socket, void *bytes, size_t capacity);
// What fits in at once.
long firmament_send(int socket, const void *bytes, size_t count);

// What tells when a socket can be read.
int firmament_watch_begin(void);
int firmament_watch(int watch, int socket);
// The same, but only for as often as something comes: what is left unread is not told of once more.
int firmament_watch_news(int watch, int socket);
// Tells of it once more, if something is left unread.
int firmament_watch_news_again(int watch, int socket);
int firmament_unwatch(int watch, int socket);
// Those of up to `most` sockets that can be read; those of which more may be left after one read, since they have ended or have
// urgent data, before which each read stops, as their complements, which are negative. None after so many milliseconds, and -1
// is for ever.
int firmament_watch_wait(int watch, int *sockets, int most, int milliseconds);

// What can be read from once it was rung, for ever after.
int firmament_bell(void);
int firmament_ring(int bell);

void firmament_name_thread(const char *name);
// Nanoseconds since the computer was started.
uint64_t firmament_time(void);
// Nanoseconds of a processor that this thread has had.
uint64_t firmament_thread_time(void);
// The clock by which another thread is told the same of this one, for as long as it lives.
int firmament_thread_clock(void);
// What a clock says, in nanoseconds; 0 where there is none such any more.
uint64_t firmament_time_by(int clock);
// Nanoseconds for which the computer's processors, all of them added up, have had nothing to do, to a hundredth of a second.
// Where the system does not say: as if one of them never had anything.
uint64_t firmament_idle_time(void);
// The same, as a text of /proc/uptime says it.
int64_t firmament_idle_time_said(const char *uptime);

// MARK: Files, and what the system holds of them in its memory (the page cache)

// Whether it holds a part of a file, as far as a byte here and there tells: 1, or 0 where it does not, or does not say. Never
// waits for the disk. -ENODATA where the file ends before.
int firmament_is_cached(int file, int64_t offset, int64_t count);
// Waits until it holds a part of a file, and has it begin with what comes behind. -ENODATA as above.
int firmament_cache(int file, int64_t offset, int64_t count, int64_t ahead);
// A new file of these bytes that is on no disk but in memory, and that nobody can change (memfd_create(2)).
int firmament_memory_file(const void *bytes, size_t count);

// MARK: Memory

// Has the processor fetch what is at an address, which may be none of its own, and goes on meanwhile.
static inline void firmament_prefetch(const void *address) { __builtin_prefetch(address); }

// Gives the system back what is freed, and the pages of files that hold the program's code and constants: those that are needed
// again come back out of the system's cache, in which they stay.
void firmament_give_memory_back(void);
