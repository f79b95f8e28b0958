#define _GNU_SOURCE
#include "linux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

// One byte of each so many stands for those beside it: what reads ahead, and what gives pages up, does it in longer runs.
enum { STRIDE = 64 * 1024 };

// Reads a byte of each stride of a part of a file, and the last one.
static int touch(int file, int64_t offset, int64_t count, int flags) {
  const int64_t last = offset + count - 1;
  for (int64_t place = offset; count > 0; place = last - place > STRIDE ? place + STRIDE : last) {
    char byte;
    const struct iovec space = {&byte, 1};
    ssize_t outcome;
    do outcome = preadv2(file, &space, 1, place, flags);
    while (outcome < 0 && errno == EINTR);
    if (outcome < 0) return -errno;
    if (outcome == 0) return -ENODATA;
    if (place == last) break;
  }
  return 0;
}

int firmament_is_cached(int file, int64_t offset, int64_t count) {
  int outcome = touch(file, offset, count, RWF_NOWAIT);
  if (outcome == -EAGAIN || outcome == -EOPNOTSUPP || outcome == -ENOSYS) return 0;
  return outcome < 0 ? outcome : 1;
}

int firmament_cache(int file, int64_t offset, int64_t count, int64_t ahead) {
  posix_fadvise(file, offset, count + ahead, POSIX_FADV_WILLNEED);
  return touch(file, offset, count, 0);
}

int firmament_memory_file(const void *bytes, size_t count) {
  int file = memfd_create("firmament-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -errno;
  for (size_t done = 0; done < count;) {
    ssize_t outcome = write(file, (const char *)bytes + done, count - done);
    if (outcome < 0 && errno == EINTR) continue;
    if (outcome <= 0) goto failed;
    done += (size_t)outcome;
  }
  if (fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0) return file;
failed:;
  int problem = errno;
  close(file);
  return -problem;
}
