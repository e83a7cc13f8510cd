#include "waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory(void *got)
{
    if (got) return got;
    perror("memory");
    exit(1);
}

static int before(const struct packet *a, const struct packet *b)
{
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

void waiting_add(struct waiting *waiting, uint64_t due, unsigned direction, const unsigned char *data, size_t bytes)
{
    if (waiting->count == waiting->room) {
        waiting->room = waiting->room ? waiting->room * 2 : 256;
        waiting->heap = memory(realloc(waiting->heap, waiting->room * sizeof *waiting->heap));
    }
    struct packet *packet = memory(malloc(sizeof *packet));
    packet->due = due;
    packet->number = waiting->next_number++;
    packet->direction = direction;
    packet->bytes = bytes;
    memcpy(packet->data, data, bytes);

    size_t at = waiting->count++;
    for (; at > 0 && before(packet, waiting->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        waiting->heap[at] = waiting->heap[(at - 1) / 2];
    }
    waiting->heap[at] = packet;
}

const struct packet *waiting_first(const struct waiting *waiting)
{
    return waiting->count ? waiting->heap[0] : NULL;
}

struct packet *waiting_take(struct waiting *waiting)
{
    struct packet **heap = waiting->heap, *first = heap[0], *last = heap[--waiting->count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < waiting->count) {
        if (child + 1 < waiting->count && before(heap[child + 1], heap[child])) child++;
        if (!before(heap[child], last)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}
