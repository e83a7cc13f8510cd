/* link - two network namespaces and an impaired link between them, in user space.
 *
 *   link ADDRESS_A ADDRESS_B SEED          (IPv4)
 *
 * It moves IP packets between a TUN device in each namespace, so every protocol passes unchanged. It prints one JSON
 * object with the paths of the two namespaces, then obeys standard input: a line in, a JSON object out.
 *   set ab|ba|both NAME=VALUE ...          delay, jitter, loss, burst, rate, queue: see path.h
 *   clear                                  no impairment
 *   reset                                  counters to 0
 *   stats                                  the counters
 * It ends with its standard input, and the namespaces with it once nobody is inside. */
#define _GNU_SOURCE
#include "path.h"
#include "place.h"
#include "waiting.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { AB, BA, DIRECTIONS };
static const char *const NAMES[DIRECTIONS] = {"ab", "ba"};

/* Packets that are read from one device before the other has its turn. */
#define TURN 64
#define LONGEST_LINE 512
/* The link has to be in time even where the programs at its ends are not. */
#define PRIORITY -10

struct link {
    struct place places[DIRECTIONS]; /* where each direction begins */
    struct path paths[DIRECTIONS];
    struct waiting waiting;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static void receive(struct link *link, unsigned direction)
{
    unsigned char data[LARGEST_PACKET];
    for (int i = 0; i < TURN; i++) {
        ssize_t bytes = read(link->places[direction].device, data, sizeof data);
        if (bytes <= 0) return;
        if (data[0] >> 4 != 4) continue; /* what the kernel says by itself in IPv6 */
        uint64_t due;
        if (path_admit(&link->paths[direction], (size_t)bytes, now_ns(), &due)) {
            waiting_add(&link->waiting, due, direction, data, (size_t)bytes);
        }
    }
}

static void deliver(struct link *link)
{
    const struct packet *first;
    while ((first = waiting_first(&link->waiting)) && first->due <= now_ns()) {
        struct packet *packet = waiting_take(&link->waiting);
        ssize_t written = write(link->places[!packet->direction].device, packet->data, packet->bytes);
        if (written == (ssize_t)packet->bytes) path_left(&link->paths[packet->direction], packet->bytes, now_ns());
        free(packet);
    }
}

static void print_counters(const struct link *link)
{
    for (unsigned d = 0; d < DIRECTIONS; d++) {
        const struct counters *c = &link->paths[d].counters;
        printf("%s\"%s\":{\"in_packets\":%" PRIu64 ",\"in_bytes\":%" PRIu64 ",\"out_packets\":%" PRIu64 ",\"out_bytes\":%" PRIu64
               ",\"lost\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"first_ns\":%" PRIu64 "}",
               d ? "," : "{", NAMES[d], c->in_packets, c->in_bytes, c->out_packets, c->out_bytes, c->lost, c->dropped, c->first_ns);
    }
    printf("}\n");
}

/* "ab loss=10 burst=3". False: it makes no sense. */
static bool set(struct link *link, char **rest)
{
    const char *which = strtok_r(NULL, " \n", rest);
    if (!which) return false;
    bool known = false;
    for (char *word; (word = strtok_r(NULL, " \n", rest));) {
        char *value = strchr(word, '=');
        if (!value) return false;
        *value++ = 0;
        for (unsigned d = 0; d < DIRECTIONS; d++) {
            if (strcmp(which, NAMES[d]) != 0 && strcmp(which, "both") != 0) continue;
            if (!path_set(&link->paths[d], word, atof(value))) return false;
            known = true;
        }
    }
    return known;
}

static void obey(struct link *link, char *line)
{
    char *rest = NULL, *word = strtok_r(line, " \n", &rest);
    bool done = true;
    if (word && strcmp(word, "stats") == 0) {
        print_counters(link);
        return;
    }
    if (word && strcmp(word, "clear") == 0) {
        for (unsigned d = 0; d < DIRECTIONS; d++) path_clear(&link->paths[d]);
    } else if (word && strcmp(word, "reset") == 0) {
        for (unsigned d = 0; d < DIRECTIONS; d++) memset(&link->paths[d].counters, 0, sizeof link->paths[d].counters);
    } else {
        done = word && strcmp(word, "set") == 0 && set(link, &rest);
    }
    printf(done ? "{\"ok\":true}\n" : "{\"ok\":false}\n");
}

/* Until the next packet is due; NULL: for ever. */
static struct timespec *patience(const struct link *link, struct timespec *time)
{
    const struct packet *first = waiting_first(&link->waiting);
    if (!first) return NULL;
    uint64_t now = now_ns(), wait = first->due > now ? first->due - now : 0;
    time->tv_sec = (time_t)(wait / (1000 * MS));
    time->tv_nsec = (long)(wait % (1000 * MS));
    return time;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: link ADDRESS_A ADDRESS_B SEED\n");
        return 2;
    }
    struct link link = {.places = {place_make(argv[1], argv[2]), place_make(argv[2], argv[1])}};
    for (unsigned d = 0; d < DIRECTIONS; d++) path_start(&link.paths[d], strtoull(argv[3], NULL, 10), d);
    prctl(PR_SET_TIMERSLACK, 1000ul); /* wake within a microsecond, not 50 */
    setpriority(PRIO_PROCESS, 0, PRIORITY);
    setvbuf(stdin, NULL, _IONBF, 0);  /* poll() must see every line that waits */
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"a\":\"/proc/%d/fd/%d\",\"b\":\"/proc/%d/fd/%d\"}\n", getpid(), link.places[AB].namespace, getpid(),
           link.places[BA].namespace);

    for (;;) {
        struct pollfd wanted[] = {
            {link.places[AB].device, POLLIN, 0}, {link.places[BA].device, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        struct timespec time;
        if (ppoll(wanted, 3, patience(&link, &time), NULL) < 0 && errno != EINTR) return 1;
        for (unsigned d = 0; d < DIRECTIONS; d++) {
            if (wanted[d].revents) receive(&link, d);
        }
        deliver(&link);
        if (wanted[2].revents) {
            char line[LONGEST_LINE];
            if (!fgets(line, sizeof line, stdin)) return 0;
            obey(&link, line);
        }
    }
}
