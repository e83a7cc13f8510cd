#include "path.h"

#include <string.h>

static const struct settings NO_IMPAIRMENT = {.burst = 1, .queue = 200};

/* SplitMix64 (Steele, Lea, Flood 2014), as a number in [0, 1). */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

void path_start(struct path *path, uint64_t seed, unsigned direction)
{
    memset(path, 0, sizeof *path);
    path->settings = NO_IMPAIRMENT;
    /* Far apart, so that no two of the four sequences meet. */
    path->loss_random = seed << 32 | direction << 1;
    path->jitter_random = seed << 32 | direction << 1 | 1;
    uniform(&path->loss_random);
    uniform(&path->jitter_random);
}

void path_clear(struct path *path)
{
    path->settings = NO_IMPAIRMENT;
    path->in_burst = false;
    path->line_free = 0;
}

bool path_set(struct path *path, const char *name, double value)
{
    struct settings *s = &path->settings;
    struct { const char *name; double *value; } known[] = {
        {"delay", &s->delay}, {"jitter", &s->jitter}, {"loss", &s->loss},
        {"burst", &s->burst}, {"rate", &s->rate},     {"queue", &s->queue},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i].name) == 0) {
            *known[i].value = value;
            return true;
        }
    }
    return false;
}

/* Gilbert's model: a burst ends with probability 1/burst at each packet, and begins so often that the mean loss is right. */
static bool is_lost(struct path *path)
{
    double share = path->settings.loss / 100;
    double draw = uniform(&path->loss_random); /* always one, so that later packets do not depend on the settings */
    if (share <= 0) return false;
    if (share >= 1) return true;
    if (path->settings.burst <= 1) return draw < share;
    double leave = 1 / path->settings.burst;
    double enter = leave * share / (1 - share);
    path->in_burst = path->in_burst ? draw >= leave : draw < enter;
    return path->in_burst;
}

bool path_admit(struct path *path, size_t bytes, uint64_t now, uint64_t *due)
{
    const struct settings *s = &path->settings;
    double jitter = uniform(&path->jitter_random) * s->jitter;
    path->counters.in_packets++;
    path->counters.in_bytes += bytes;
    if (is_lost(path)) {
        path->counters.lost++;
        return false;
    }
    uint64_t sent = now;
    if (s->rate > 0) {
        uint64_t begins = path->line_free > now ? path->line_free : now;
        if (begins - now > (uint64_t)(s->queue * MS)) {
            path->counters.dropped++;
            return false;
        }
        sent = path->line_free = begins + (uint64_t)((double)bytes * 8 / s->rate * MS);
    }
    *due = sent + (uint64_t)((s->delay + jitter) * MS);
    return true;
}

void path_left(struct path *path, size_t bytes, uint64_t now)
{
    if (path->counters.first_ns == 0) path->counters.first_ns = now;
    path->counters.out_packets++;
    path->counters.out_bytes += bytes;
}
