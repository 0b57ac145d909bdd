/* New TLS connections as fast as the server takes them, or at a given rate, with or without one request each.
 *
 * In C, since a client in Python costs more CPU for a connection than the server under test does. Compiled by
 * clients.py. Prints one JSON object. The source address changes all the time, so that ports do not run out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 1024
#define ADDRESSES 200 /* 127.0.1.1 and on */

static struct {
    int port, connections, resume, request, plain;
    long first, count;
    double seconds, rate;
    const char *host, *tls, *groups, *chain, *key;
} options = {.connections = 32, .seconds = 3, .count = -1, .host = "localhost"};

struct slot {
    SSL *ssl;
    int fd, open, asked;
    double began;
};

static struct slot slots[SLOTS];
static int idle[SLOTS], idle_count, poller;
static SSL_CTX *context;
static SSL_SESSION *session; /* the latest ticket that a server gave */
static long started, done, resumed, refused, failed;
static float *taken; /* milliseconds */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int keep_session(SSL *ssl, SSL_SESSION *given) {
    (void)ssl;
    SSL_SESSION_free(session);
    session = given;
    return 1; /* it is ours now */
}

/* The host's name; `#` stands for the number of the connection in six digits. */
static const char *name_of(long number) {
    static char name[256];
    const char *mark = strchr(options.host, '#');
    if (!mark) return options.host;
    snprintf(name, sizeof name, "%.*s%06ld%s", (int)(mark - options.host), options.host, options.first + number, mark + 1);
    return name;
}

static void end(struct slot *slot) {
    if (slot->ssl) {
        if (SSL_is_init_finished(slot->ssl)) SSL_shutdown(slot->ssl);
        SSL_free(slot->ssl);
    }
    close(slot->fd);
    slot->ssl = NULL;
    slot->open = 0;
    ERR_clear_error();
    idle[idle_count++] = slot - slots;
}

static void finish(struct slot *slot) {
    if (done % 4096 == 0) taken = realloc(taken, (done + 4096) * sizeof *taken);
    taken[done++] = (now() - slot->began) * 1000;
    resumed += slot->ssl && SSL_session_reused(slot->ssl);
    end(slot);
}

static void judge(struct slot *slot, const char *answer, int length) {
    if (length < 12 || memcmp(answer, "HTTP/1.1 200", 12)) refused++;
    finish(slot);
}

/* The same without TLS, for what a connection and a request cost by themselves. */
static void step_plain(struct slot *slot) {
    char text[4096];
    if (!slot->asked) {
        int length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nhost: %s\r\n\r\n", options.host);
        slot->asked = write(slot->fd, text, length) == length;
        return;
    }
    int got = read(slot->fd, text, sizeof text);
    if (got > 0) return judge(slot, text, got);
    if (got < 0 && errno == EAGAIN) return;
    failed++;
    end(slot);
}

/* Go on with a connection as far as it goes without waiting. */
static void step(struct slot *slot) {
    char text[4096];
    int got = SSL_do_handshake(slot->ssl);
    if (got == 1 && !options.request) return finish(slot);
    if (got == 1 && !slot->asked) {
        int length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nhost: %s\r\n\r\n",
                              SSL_get_servername(slot->ssl, TLSEXT_NAMETYPE_host_name));
        slot->asked = 1;
        got = SSL_write(slot->ssl, text, length);
    }
    if (got > 0 && (got = SSL_read(slot->ssl, text, sizeof text)) > 0) return judge(slot, text, got);
    int why = SSL_get_error(slot->ssl, got);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
    failed++;
    end(slot);
}

static void begin(void) {
    struct slot *slot = &slots[idle[--idle_count]];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000101 + started % ADDRESSES)};
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr.s_addr = htonl(0x7f000001)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = slot};
    int on = 1;
    slot->began = now();
    slot->asked = 0;
    slot->open = 1;
    slot->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(slot->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(slot->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    long number = started++;
    if (bind(slot->fd, (struct sockaddr *)&here, sizeof here) ||
        (connect(slot->fd, (struct sockaddr *)&there, sizeof there) && errno != EINPROGRESS)) {
        failed++;
        return end(slot);
    }
    epoll_ctl(poller, EPOLL_CTL_ADD, slot->fd, &event);
    if (options.plain) return;
    slot->ssl = SSL_new(context);
    SSL_set_fd(slot->ssl, slot->fd);
    SSL_set_tlsext_host_name(slot->ssl, name_of(number));
    SSL_set_connect_state(slot->ssl);
    if (options.resume && session) SSL_set_session(slot->ssl, session);
}

/* Run until the time, or the number of connections, is over; then wait for those under way. */
static double run(double seconds, long count) {
    struct epoll_event events[SLOTS];
    double start = now(), end_at = start + seconds, time;
    long before = started;
    while ((time = now()) < end_at + 5) {
        int over = time >= end_at || (count >= 0 && started - before >= count);
        long due = options.rate ? (long)((time - start) * options.rate) : started - before + idle_count;
        if (count >= 0 && due > count) due = count;
        while (!over && idle_count && started - before < due) begin();
        if (over && idle_count == options.connections) break;
        int found = epoll_wait(poller, events, SLOTS, 1);
        for (int i = 0; i < found; i++) {
            struct slot *slot = events[i].data.ptr;
            if (slot->open) options.plain ? step_plain(slot) : step(slot);
        }
    }
    return now() - start;
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(double share) { return done ? taken[(long)((done - 1) * share)] : 0; }

static void parse(int argc, char **argv) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'},   {"host", 1, 0, 'h'},   {"seconds", 1, 0, 's'}, {"connections", 1, 0, 'c'},
        {"rate", 1, 0, 'r'},   {"count", 1, 0, 'n'},  {"first", 1, 0, 'f'},   {"tls", 1, 0, 't'},
        {"groups", 1, 0, 'g'}, {"chain", 1, 0, 'C'},  {"key", 1, 0, 'K'},     {"resume", 0, 0, 'R'},
        {"request", 0, 0, 'q'}, {"plain", 0, 0, 'P'},  {0, 0, 0, 0}};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) switch (c) {
        case 'p': options.port = atoi(optarg); break;
        case 'h': options.host = optarg; break;
        case 's': options.seconds = atof(optarg); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'n': options.count = atol(optarg); break;
        case 'f': options.first = atol(optarg); break;
        case 't': options.tls = optarg; break;
        case 'g': options.groups = optarg; break;
        case 'C': options.chain = optarg; break;
        case 'K': options.key = optarg; break;
        case 'R': options.resume = 1; break;
        case 'q': options.request = 1; break;
        case 'P': options.plain = 1; break;
        default: exit(2);
        }
    if (!options.port || options.connections < 1 || options.connections > SLOTS) exit(2);
}

static void prepare(void) {
    int version = options.tls && !strcmp(options.tls, "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (options.resume) SSL_CTX_sess_set_new_cb(context, keep_session);
    if (options.groups && !SSL_CTX_set1_groups_list(context, options.groups)) exit(2);
    if (options.chain && (SSL_CTX_use_certificate_chain_file(context, options.chain) != 1 ||
                          SSL_CTX_use_PrivateKey_file(context, options.key, SSL_FILETYPE_PEM) != 1)) exit(2);
    poller = epoll_create1(EPOLL_CLOEXEC);
    while (idle_count < options.connections) idle[idle_count] = idle_count, idle_count++;
}

/* A ticket of TLS 1.3 comes with the first response, so one connection asks before the measured ones begin. */
static void take_ticket(void) {
    int request = options.request;
    options.request = 1;
    run(5, 1);
    options.request = request;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* else OpenSSL uses up a ticket by its first use */
    started = done = resumed = refused = failed = 0;
}

int main(int argc, char **argv) {
    struct rusage before, after;
    parse(argc, argv);
    prepare();
    if (options.resume) take_ticket();
    getrusage(RUSAGE_SELF, &before);
    double seconds = run(options.seconds, options.count);
    getrusage(RUSAGE_SELF, &after);
    double cpu = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) + (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
                 (after.ru_stime.tv_sec - before.ru_stime.tv_sec) + (after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    if (done) qsort(taken, done, sizeof *taken, ascending);
    printf("{\"started\": %ld, \"done\": %ld, \"resumed\": %ld, \"refused\": %ld, \"failed\": %ld, \"seconds\": %.6f, "
           "\"cpu\": %.6f, \"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f}\n",
           started, done, resumed, refused, failed, seconds, cpu, quantile(0.5), quantile(0.99), quantile(1));
    return 0;
}
