/* What one direction of the link does to the packets that pass it: loss, a slow line, delay.
 * All of it follows from the seed and the order of the packets. Times are CLOCK_MONOTONIC in ns. */
#ifndef PATH_H
#define PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS 1000000ull

struct settings {
    double delay;  /* ms that every packet takes */
    double jitter; /* ms: uniform in 0..jitter on top; packets may overtake each other */
    double loss;   /* percent; 100 is an outage */
    double burst;  /* mean length of a run of lost packets; 1: losses are independent */
    double rate;   /* kbit/s of the line, IP bytes; 0: no limit */
    double queue;  /* ms that a packet may wait for the line; what would wait longer is dropped */
};

struct counters {
    uint64_t in_packets, in_bytes;   /* that came to the link */
    uint64_t out_packets, out_bytes; /* that left it */
    uint64_t lost;                   /* by loss */
    uint64_t dropped;                /* because the queue was full */
    uint64_t first_ns;               /* when the first packet left; 0: none has */
};

struct path {
    struct settings settings;
    struct counters counters;
    uint64_t loss_random, jitter_random;
    bool in_burst;
    uint64_t line_free; /* when the line has sent what it was given */
};

/* No impairment. The two directions get different numbers from one seed. */
void path_start(struct path *path, uint64_t seed, unsigned direction);
void path_clear(struct path *path);

/* Sets one setting by its name. False: there is no such setting. */
bool path_set(struct path *path, const char *name, double value);

/* Whether a packet of `bytes` that comes `now` passes, and when it is `due` on the other side. */
bool path_admit(struct path *path, size_t bytes, uint64_t now, uint64_t *due);

/* Counts a packet that has left the link. */
void path_left(struct path *path, size_t bytes, uint64_t now);

#endif
