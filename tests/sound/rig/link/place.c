#define _GNU_SOURCE
#include "place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICE "call0"
#define LARGEST_PACKET_OF_DEVICE 1500
/* Packets that the kernel keeps while this process does not run. */
#define QUEUE_OF_DEVICE 2000

static int or_end(int result, const char *what)
{
    if (result >= 0) return result;
    perror(what);
    exit(1);
}

static struct ifreq request(const char *device)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, device, sizeof request.ifr_name - 1);
    return request;
}

static void bring_up(int socket, const char *device)
{
    struct ifreq up = request(device);
    or_end(ioctl(socket, SIOCGIFFLAGS, &up), device);
    up.ifr_flags |= IFF_UP | IFF_RUNNING;
    or_end(ioctl(socket, SIOCSIFFLAGS, &up), device);
}

static void set_address(int socket, unsigned long what, const char *address)
{
    struct ifreq set = request(DEVICE);
    struct sockaddr_in in = {.sin_family = AF_INET};
    or_end(inet_pton(AF_INET, address, &in.sin_addr) == 1 ? 0 : -1, address);
    memcpy(&set.ifr_addr, &in, sizeof in);
    or_end(ioctl(socket, what, &set), address);
}

struct place place_make(const char *own, const char *other)
{
    struct place place;
    or_end(unshare(CLONE_NEWNET), "a network namespace (this needs root)");
    place.namespace = or_end(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "/proc/thread-self/ns/net");
    place.device = or_end(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
    struct ifreq tun = request(DEVICE);
    tun.ifr_flags = IFF_TUN | IFF_NO_PI;
    or_end(ioctl(place.device, TUNSETIFF, &tun), DEVICE);

    int control = or_end(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    bring_up(control, "lo");
    set_address(control, SIOCSIFADDR, own);
    set_address(control, SIOCSIFDSTADDR, other);
    struct ifreq size = request(DEVICE);
    size.ifr_mtu = LARGEST_PACKET_OF_DEVICE;
    or_end(ioctl(control, SIOCSIFMTU, &size), DEVICE);
    struct ifreq queue = request(DEVICE);
    queue.ifr_qlen = QUEUE_OF_DEVICE;
    or_end(ioctl(control, SIOCSIFTXQLEN, &queue), DEVICE);
    bring_up(control, DEVICE);
    close(control);
    return place;
}
