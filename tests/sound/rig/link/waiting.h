/* The packets that are on their way, the one that is due first on top: a binary heap. */
#ifndef WAITING_H
#define WAITING_H

#include <stddef.h>
#include <stdint.h>

#define LARGEST_PACKET 2048

struct packet {
    uint64_t due;      /* CLOCK_MONOTONIC, ns */
    uint64_t number;   /* of two that are due at once, the lower goes first */
    unsigned direction;
    size_t bytes;
    unsigned char data[LARGEST_PACKET];
};

struct waiting {
    struct packet **heap;
    size_t count, room;
    uint64_t next_number;
};

/* Copies the packet in. Ends the program where there is no memory. */
void waiting_add(struct waiting *waiting, uint64_t due, unsigned direction, const unsigned char *data, size_t bytes);

/* The packet that is due first, or NULL. It stays. */
const struct packet *waiting_first(const struct waiting *waiting);

/* Takes the packet that is due first, to be given to free(). */
struct packet *waiting_take(struct waiting *waiting);

#endif
