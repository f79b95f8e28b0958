// Polls over TLS 1.3 on a new connection each, from threads that each wait for their answer, and prints a line: answers, how many
// of them came on a resumed session, failures, seconds. wrk always does the whole handshake; this resumes with the newest ticket.
//
//   tls_polls HOST PORT PATH SECONDS THREADS full|resumed
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in address;
static char request[1024];
static SSL_CTX *tls;
static int resumes;
static double deadline;
static _Atomic long answers, resumed, failures;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

// One connection with one request; it ends when the server closes. Replaces the session by a newer one.
static int poll_once(SSL_SESSION **session) {
  int done = 0, from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), length = (int)strlen(request);
  SSL *connection = SSL_new(tls);
  if (from >= 0 && connection && !connect(from, (struct sockaddr *)&address, sizeof address)) {
    SSL_set_fd(connection, from);
    if (resumes && *session) SSL_set_session(connection, *session);
    char answer[16384];
    if (SSL_connect(connection) == 1 && SSL_write(connection, request, length) == length) {
      int read = SSL_read(connection, answer, sizeof answer - 1);
      done = read > 12 && !memcmp(answer, "HTTP/1.1 200", 12);
      while (SSL_read(connection, answer, sizeof answer) > 0) {}
      if (SSL_session_reused(connection)) atomic_fetch_add(&resumed, 1);
      SSL_SESSION_free(*session);
      *session = SSL_get1_session(connection);
    }
    SSL_shutdown(connection);
  }
  SSL_free(connection);
  if (from >= 0) close(from);
  return done;
}

static void *work(void *unused) {
  (void)unused;
  SSL_SESSION *session = NULL;
  while (now() < deadline) atomic_fetch_add(poll_once(&session) ? &answers : &failures, 1);
  SSL_SESSION_free(session);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 7) return fputs("usage: tls_polls HOST PORT PATH SECONDS THREADS full|resumed\n", stderr), 64;
  signal(SIGPIPE, SIG_IGN);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(arguments[2]));
  if (inet_pton(AF_INET, arguments[1], &address.sin_addr) != 1) return 64;
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n", arguments[3]);
  resumes = !strcmp(arguments[6], "resumed");
  tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  int threads = atoi(arguments[5]);
  if (threads < 1 || threads > 256) return 64;
  pthread_t started[256];
  double start = now();
  deadline = start + atof(arguments[4]);
  for (int index = 0; index < threads; index++) {
    if (pthread_create(&started[index], NULL, work, NULL)) return 1;
  }
  for (int index = 0; index < threads; index++) pthread_join(started[index], NULL);
  printf("%ld %ld %ld %.3f\n", answers, resumed, failures, now() - start);
  return 0;
}
