/* A place of its own in the network for each of the two peers: a namespace with one device in it. */
#ifndef PLACE_H
#define PLACE_H

struct place {
    int namespace; /* file descriptor; the namespace lives as long as it is open or a process is inside */
    int device;    /* file descriptor of a TUN device: IP packets, without blocking */
};

/* Makes a namespace with the device "call0", which has the address `own` and leads to `other` (IPv4).
 * Ends the program with a message where that is not possible. Afterwards this process is inside. */
struct place place_make(const char *own, const char *other);

#endif
