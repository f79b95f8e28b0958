// Counts, for each thread by itself, how often memory is asked for. Loaded before a program (LD_PRELOAD) it stands before malloc
// and its relatives of glibc. The counts are in the file that COUNTS_FILE names, which whoever measures maps too: pairs of 64-bit
// numbers, a thread's id and its allocations. The first pair is another: how many times a thread has had Callgrind, which the
// program runs under, write down its instructions. Each thread that is sent SIGPROF, which no library blocks, does, and begins
// anew.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

enum { most_threads = 256 };

struct pair {
  _Atomic uint64_t thread, count;
};

static struct pair unmapped[most_threads + 1];
static _Atomic(struct pair *) pairs = unmapped;
static _Atomic int taken;
// By the initial-exec model, or the first look at it would ask for memory itself.
static __thread int place __attribute__((tls_model("initial-exec")));

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

// Threads that find no pair share the last.
static void count(void) {
  if (!place) {
    int next = atomic_fetch_add(&taken, 1) + 1;
    place = next < most_threads ? next : most_threads;
    pairs[place].thread = (uint64_t)syscall(SYS_gettid);
  }
  atomic_fetch_add_explicit(&pairs[place].count, 1, memory_order_relaxed);
}

static void write_down(int signal) {
  (void)signal;
  CALLGRIND_DUMP_STATS;
  atomic_fetch_add(&pairs[0].count, 1);
}

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("COUNTS_FILE");
  int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof unmapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) return;
  pairs = mapped;
  place = 0;
  struct sigaction action = {.sa_handler = write_down, .sa_flags = SA_RESTART};
  sigaction(SIGPROF, &action, NULL);
}

// Valgrind 3.19 writes to the set that it is given, and that of libdispatch is constant.
int sigsuspend(const sigset_t *set) {
  uint64_t copy = *(const uint64_t *)set;
  return (int)syscall(SYS_rt_sigsuspend, &copy, sizeof copy);
}

void *malloc(size_t size) { count(); return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { count(); return __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { count(); return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { count(); return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count(); return __libc_memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  count();
  void *memory = __libc_memalign(alignment, size);
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}
