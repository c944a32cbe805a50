/*
 * Passes a TCP connection on and holds every byte for a while, in each direction, without making the path narrower:
 *
 *     delay_proxy TARGET_PORT DELAY_MICROSECONDS
 *
 * It listens on a free port of 127.0.0.1, prints the number of that port, and takes one connection after another until
 * it is killed. The handshake of TCP is not delayed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* More than 3 GB/s put on their way within 10 ms. */
#define HELD_BYTES (32u << 20)
#define STAMPS 65536u
/* One read, so that what came long ago does not wait for what comes now. */
#define READ_BYTES (256u << 10)

/* Bytes that came together, and when they may leave. */
struct stamp {
    uint64_t end;
    int64_t due;
};

/* One direction: a ring of bytes, counted from the connection's start, and a ring of stamps. */
struct flow {
    int from;
    int to;
    unsigned char *held;
    uint64_t came;
    uint64_t left;
    uint64_t may_leave;
    struct stamp *stamps;
    uint64_t first_stamp;
    uint64_t next_stamp;
    int from_ended;
    int done;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void give_up(const char *what)
{
    fprintf(stderr, "Cannot delay: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The part of a ring that begins at `at` and is `length` bytes long, in one piece or two. */
static int pieces(struct flow *flow, uint64_t at, uint64_t length, struct iovec *two)
{
    uint64_t begin = at % HELD_BYTES;
    uint64_t before_end = HELD_BYTES - begin;

    two[0].iov_base = flow->held + begin;
    two[0].iov_len = length < before_end ? length : before_end;
    two[1].iov_base = flow->held;
    two[1].iov_len = length - two[0].iov_len;
    return two[1].iov_len > 0 ? 2 : 1;
}

static uint64_t room(const struct flow *flow)
{
    uint64_t free_bytes = HELD_BYTES - (flow->came - flow->left);
    if (flow->from_ended || flow->next_stamp - flow->first_stamp == STAMPS) return 0;
    return free_bytes < READ_BYTES ? free_bytes : READ_BYTES;
}

/* False when the connection is broken. */
static int take_in(struct flow *flow, int64_t delay)
{
    struct iovec two[2];
    int count = pieces(flow, flow->came, room(flow), two);
    ssize_t got = readv(flow->from, two, count);

    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) flow->from_ended = 1;
    flow->came += got;
    flow->stamps[flow->next_stamp++ % STAMPS] = (struct stamp){flow->came, now_ns() + delay};
    return 1;
}

/* Lets go of what has been held long enough; answers when the next is due, or -1. */
static int64_t release(struct flow *flow, int64_t now)
{
    while (flow->first_stamp < flow->next_stamp) {
        const struct stamp *stamp = &flow->stamps[flow->first_stamp % STAMPS];
        if (stamp->due > now) return stamp->due;
        flow->may_leave = stamp->end;
        flow->first_stamp++;
    }
    return -1;
}

static int send_on(struct flow *flow)
{
    struct iovec two[2];
    int count = pieces(flow, flow->left, flow->may_leave - flow->left, two);
    ssize_t sent = writev(flow->to, two, count);

    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    flow->left += sent;
    return 1;
}

/* The end of the stream is passed on when all before it is. */
static void pass_end(struct flow *flow)
{
    if (flow->done || !flow->from_ended || flow->left < flow->came) return;
    if (flow->first_stamp < flow->next_stamp) return;
    shutdown(flow->to, SHUT_WR);
    flow->done = 1;
}

static void wait_for(struct pollfd *events, int64_t due)
{
    struct timespec patience = {0, 0};
    int64_t left = due < 0 ? 0 : due - now_ns();

    if (left > 0) patience = (struct timespec){left / 1000000000, left % 1000000000};
    if (ppoll(events, 2, due < 0 ? NULL : &patience, NULL) < 0 && errno != EINTR) give_up("ppoll");
}

static void pass_on(struct flow *flows, int64_t delay)
{
    while (!flows[0].done || !flows[1].done) {
        /* Socket 0 is where flow 0 comes from and flow 1 goes to. */
        struct pollfd events[2] = {{.fd = flows[0].from}, {.fd = flows[1].from}};
        int64_t due = -1;

        for (int index = 0; index < 2; index++) {
            int64_t next = release(&flows[index], now_ns());
            if (next >= 0 && (due < 0 || next < due)) due = next;
            pass_end(&flows[index]);
            if (room(&flows[index]) > 0) events[index].events |= POLLIN;
            if (flows[index].may_leave > flows[index].left) events[1 - index].events |= POLLOUT;
        }
        if (flows[0].done && flows[1].done) return;
        for (int index = 0; index < 2; index++)
            if (events[index].events == 0) events[index].fd = -1;
        wait_for(events, due);
        for (int index = 0; index < 2; index++) {
            struct flow *flow = &flows[index];
            short out = events[1 - index].revents;
            if (events[index].revents != 0 && room(flow) > 0 && !take_in(flow, delay)) return;
            if (out != 0 && flow->may_leave > flow->left && !send_on(flow)) return;
        }
    }
}

static int on_loopback(struct sockaddr_in *address, int port)
{
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0) give_up("socket");
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return socket_fd;
}

static void make_ready(int socket_fd)
{
    int on = 1;
    setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(socket_fd, F_SETFL, O_NONBLOCK);
}

static void begin(struct flow *flow, int from, int to)
{
    *flow = (struct flow){.from = from, .to = to, .held = flow->held, .stamps = flow->stamps};
}

static int listen_and_tell(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = on_loopback(&address, 0);

    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) give_up("bind");
    if (listen(listener, 8) < 0) give_up("listen");
    if (getsockname(listener, (struct sockaddr *)&address, &length) < 0) give_up("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    struct flow flows[2] = {{0}};
    int target_port = argc == 3 ? atoi(argv[1]) : 0;
    int64_t delay = argc == 3 ? atoll(argv[2]) * 1000 : 0;
    int listener;

    if (target_port == 0) {
        fprintf(stderr, "Cannot delay: usage: TARGET_PORT DELAY_MICROSECONDS\n");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1000UL);
    for (int index = 0; index < 2; index++) {
        flows[index].held = malloc(HELD_BYTES);
        flows[index].stamps = malloc(STAMPS * sizeof(struct stamp));
        if (flows[index].held == NULL || flows[index].stamps == NULL) give_up("memory");
    }
    listener = listen_and_tell();
    for (;;) {
        struct sockaddr_in address;
        int near = accept(listener, NULL, NULL);
        int far = on_loopback(&address, target_port);

        if (near < 0) give_up("accept");
        if (connect(far, (struct sockaddr *)&address, sizeof address) == 0) {
            make_ready(near);
            make_ready(far);
            begin(&flows[0], near, far);
            begin(&flows[1], far, near);
            pass_on(flows, delay);
        }
        close(near);
        close(far);
    }
}
