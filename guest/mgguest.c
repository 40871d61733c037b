/*
 * mgguest - the whole user space of a small migration test guest (it is /init).
 *
 * It prints a counter and the guest's clocks to the serial port, dirties and
 * verifies memory, writes and verifies a virtio disk, gets its address by DHCP
 * if asked to, answers ping (the kernel does) and an echo, and powers off when
 * the ACPI power button is pressed.  All behaviour comes from "mg.*" words on the kernel
 * command line (see README.md) and can be changed at run time by typing
 * commands on the serial port.
 *
 * Lines on the serial port (one write(2) each, so they never interleave):
 *   MG READY ...           everything asked for has been set up
 *   T <n> <mono_us> <real_us>            a tick, n goes up by one, never back
 *   GAP <ms> before tick <n>             guest saw a hole in CLOCK_MONOTONIC
 *   S key=value ...        once a second: what was done in that second
 *   CORRUPT <mem|disk> ... a word was not what was last written there
 *   NET <if> <addr>/<bits> gw=<addr> mtu=<n>  the address in use (static or DHCP)
 *   DIALLED tcp=N udp=N    the connections to mg.dial are made
 *   F <n>xxx...            one of a flood of long lines, if asked for
 *   POWEROFF               the power button was pressed
 *   OK/ERR ...             reply to a command
 *
 * Build: gcc -O2 -static -pthread (see build.sh).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/input.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;
typedef uint32_t u32;
#define PAGE 4096
#define MIB  (1 << 20)

/* ---- parameters: name, default, text ------------------------------------ */
static volatile long p_tick = 10;     /* ms between ticks, 0 = none              */
static volatile long p_mem;           /* MiB allocated and filled at start       */
static volatile long p_hot;           /* MiB of it that is dirtied (0 = all)     */
static volatile long p_rate;          /* MiB/s dirtied (whole pages counted)     */
static volatile long p_full;          /* 1 = rewrite whole page, 0 = 16 bytes    */
static volatile long p_rand;          /* 1 = dirty pages in random order         */
static volatile long p_verify = 20;   /* MiB/s of whole-page verification        */
static volatile long p_diskmb = 16;   /* MiB of the disk used                    */
static volatile long p_diskrate = 4;  /* MiB/s written, and as much verified     */
static volatile long p_flood;         /* 1 = lines without pause                 */
static long p_free;                   /* MiB touched at start and then freed     */
static long p_echo = 7;               /* port of the echo, TCP and UDP           */
static long p_dials;                  /* connections made to s_dial, of each     */
static char s_fill[16] = "rand";      /* page body: rand | text | zero           */
static char s_disk[32], s_ip[32], s_gw[32], s_beacon[40], s_dial[40], s_if[16] = "eth0";

static struct { const char *name; volatile long *v; } ints[] = {
    {"tick", &p_tick}, {"mem", &p_mem}, {"hot", &p_hot}, {"rate", &p_rate},
    {"full", &p_full}, {"rand", &p_rand}, {"verify", &p_verify},
    {"diskmb", &p_diskmb}, {"diskrate", &p_diskrate}, {"flood", &p_flood}, {"free", &p_free},
    {"echo", &p_echo}, {"dials", &p_dials},
};
static struct { const char *name; char *s; size_t n; } strs[] = {
    {"fill", s_fill, sizeof s_fill}, {"disk", s_disk, sizeof s_disk},
    {"ip", s_ip, sizeof s_ip}, {"gw", s_gw, sizeof s_gw},
    {"beacon", s_beacon, sizeof s_beacon}, {"dial", s_dial, sizeof s_dial}, {"if", s_if, sizeof s_if},
};
#define N(a) (sizeof(a) / sizeof *(a))

/* ---- counters, added to by the workers, reported and reset by stats() ---- */
static u64 c_dirty, c_verify, c_dw, c_dr, c_echo, c_conns, c_corrupt;
static void add(u64 *c, u64 n) { __atomic_add_fetch(c, n, __ATOMIC_RELAXED); }
static u64 take(u64 *c) { return __atomic_exchange_n(c, 0, __ATOMIC_RELAXED); }

static int con = 1;
static void say(const char *f, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *f, ...)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    char b[400];
    va_list ap;
    va_start(ap, f);
    int n = vsnprintf(b, sizeof b - 1, f, ap);
    va_end(ap);
    if (n > (int)sizeof b - 2) n = sizeof b - 2;
    b[n++] = '\n';
    pthread_mutex_lock(&m);
    if (write(con, b, n) < 0) {}
    pthread_mutex_unlock(&m);
}
static u64 now_us(clockid_t c)
{
    struct timespec t;
    clock_gettime(c, &t);
    return (u64)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
static void msleep(long ms) { usleep(ms * 1000); }
static pthread_mutex_t set_m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t set_c = PTHREAD_COND_INITIALIZER;
static void until(volatile long *a, volatile long *b)  /* one of them is above 0; a guest at rest costs its host nothing */
{
    pthread_mutex_lock(&set_m);
    while (*a <= 0 && *b <= 0) pthread_cond_wait(&set_c, &set_m);
    pthread_mutex_unlock(&set_m);
}
static void set(volatile long *p, long v)
{
    pthread_mutex_lock(&set_m);
    *p = v;
    pthread_cond_broadcast(&set_c);
    pthread_mutex_unlock(&set_m);
}
static void spawn(void *(*f)(void *))
{
    pthread_t t;
    if (pthread_create(&t, 0, f, 0)) say("ERR pthread_create");
}
static u64 xs(u64 *s)                      /* xorshift64 */
{
    u64 x = *s;
    x ^= x << 13; x ^= x >> 7; x ^= x << 17;
    return *s = x;
}
static u64 tag(u64 page, u64 gen)          /* what a page's first word must be */
{
    return ((page << 32) + gen + 1) * 0x9E3779B97F4A7C15ull ^ 0xD1B54A32D192ED03ull;
}

/* ---- memory worker -------------------------------------------------------
 * Every page: word 0 = tag(page, gen), word 511 = ~tag, the 510 words between
 * are a function of (page, full ? gen : 0).  gen[] says what was last written,
 * so a page that comes back older, newer, zeroed or swapped is seen.
 */
static u64 *mem;
static u32 *gen, *bodygen;
static u64 pages;

/* Two instructions a word (Knuth's MMIX generator): filling memory is most of what a guest does until it is up. */
static inline __attribute__((always_inline)) int words(u64 s, u64 *w, int kind, int check, u64 *want)
{
    u64 mask = kind == 't' ? 0xFF : 0, top = s & ~mask;
    for (int i = 1; i < 511; i++) {
        if (kind == 'r') s = s * 6364136223846793005ull + 1442695040888963407ull;
        u64 v = kind == 'z' ? 0 : kind == 't' ? top + (i & 15) : s;
        if (!check) w[i] = v;
        else if (w[i] != v) { *want = v; return i; }
    }
    return 0;
}
static void body(u64 pg, u32 g, u64 *w, int check)
{
    u64 s = tag(pg, g) | 1, want;
    int kind = s_fill[0], bad;             /* 'r'and, 't'ext, 'z'ero */
    if (check) bad = kind == 'z' ? words(s, w, 'z', 1, &want) : kind == 't' ? words(s, w, 't', 1, &want) : words(s, w, 'r', 1, &want);
    else bad = kind == 'z' ? words(s, w, 'z', 0, &want) : kind == 't' ? words(s, w, 't', 0, &want) : words(s, w, 'r', 0, &want);
    if (!bad) return;
    add(&c_corrupt, 1);
    say("CORRUPT mem page %llu word %d is %llx want %llx gen %u", (long long)pg, bad, (long long)w[bad], (long long)want, g);
}
static int ends(u64 pg)
{
    u64 *w = mem + pg * 512, t = tag(pg, gen[pg]);
    if (w[0] == t && w[511] == ~t) return 1;
    add(&c_corrupt, 1);
    say("CORRUPT mem page %llu ends %llx %llx want %llx gen %u", (long long)pg,
        (long long)w[0], (long long)w[511], (long long)t, gen[pg]);
    return 0;
}
static void touch(u64 pg)
{
    u64 *w = mem + pg * 512;
    if (p_full) body(pg, bodygen[pg] = gen[pg] + 1, w, 0);
    w[0] = tag(pg, ++gen[pg]);
    w[511] = ~w[0];
}
static void *mem_worker(void *unused)
{
    u64 r = 88172645463325252ull, next = 0, scrub = 0, t0 = now_us(CLOCK_MONOTONIC);
    double owe_d = 0, owe_v = 0;
    (void)unused;
    for (;;) {
        until(&p_rate, &p_verify);
        msleep(10);
        u64 t = now_us(CLOCK_MONOTONIC);
        double dt = (t - t0) / 1e6;
        t0 = t;
        if (dt > 0.1) dt = 0.1;            /* do not catch up after a pause */
        u64 hot = p_hot > 0 && (u64)p_hot * 256 < pages ? (u64)p_hot * 256 : pages;
        owe_d += p_rate * 256.0 * dt;
        owe_v += p_verify * 256.0 * dt;
        u64 end = t + 50000, n = 0, v = 0; /* a slice is at most 50 ms long */
        for (; owe_d >= 1; owe_d--, n++) {
            u64 pg = p_rand ? xs(&r) % hot : next++ % hot;
            ends(pg);
            touch(pg);
            if ((n & 63) == 63 && now_us(CLOCK_MONOTONIC) > end) { owe_d = 0; break; }
        }
        for (; owe_v >= 1; owe_v--, v++) {
            u64 pg = scrub++ % pages;
            if (ends(pg)) body(pg, bodygen[pg], mem + pg * 512, 1);
            if ((v & 15) == 15 && now_us(CLOCK_MONOTONIC) > end) { owe_v = 0; break; }
        }
        add(&c_dirty, n);
        add(&c_verify, v);
    }
    return 0;
}
static void mem_setup(void)
{
    if (p_free > 0) {                      /* leave non-zero but free pages behind */
        size_t n = (size_t)p_free * MIB;
        u64 *f = mmap(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), s = 1;
        if (f == MAP_FAILED) { say("ERR mg.free: %s", strerror(errno)); }
        else {
            for (size_t i = 0; i < n / 8; i++) f[i] = xs(&s);
            munmap(f, n);
        }
    }
    if (p_mem <= 0) return;
    pages = (u64)p_mem * 256;
    mem = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    gen = calloc(pages, 4);
    bodygen = calloc(pages, 4);
    if (mem == MAP_FAILED || !gen || !bodygen) { say("ERR mg.mem: %s", strerror(errno)); pages = 0; return; }
    for (u64 i = 0; i < pages; i++) {
        body(i, 0, mem + i * 512, 0);
        mem[i * 512] = tag(i, 0);
        mem[i * 512 + 511] = ~tag(i, 0);
    }
    spawn(mem_worker);
}

/* ---- disk worker: 64 KiB blocks, O_DIRECT, write one, verify one ---------- */
#define BLK 65536
static void *disk_worker(void *unused)
{
    u64 blocks = (u64)p_diskmb * MIB / BLK, r = 7, wr = 0;
    u32 *g = calloc(blocks, 4);
    u64 *b = aligned_alloc(PAGE, BLK);
    int fd = -1;
    (void)unused;
    for (int i = 0; i < 100 && (fd = open(s_disk, O_RDWR | O_DIRECT)) < 0; i++) msleep(20);
    if (fd < 0) { say("ERR open %s: %s", s_disk, strerror(errno)); return 0; }
    for (;;) {
        until(&p_diskrate, &p_diskrate);
        long rate = p_diskrate;
        u64 k = wr++ % blocks, s = tag(k, g[k] + 1);
        for (int i = 0; i < BLK / 8; i++) b[i] = xs(&s);
        if (pwrite(fd, b, BLK, k * BLK) != BLK) { say("ERR disk write: %s", strerror(errno)); msleep(500); continue; }
        g[k]++;
        add(&c_dw, BLK);
        if (wr % 16 == 0 && fdatasync(fd)) say("ERR disk flush: %s", strerror(errno));
        k = xs(&r) % (wr < blocks ? wr : blocks);
        if (pread(fd, b, BLK, k * BLK) != BLK) { say("ERR disk read: %s", strerror(errno)); msleep(500); continue; }
        s = tag(k, g[k]);
        for (int i = 0; i < BLK / 8; i++)
            if (b[i] != xs(&s)) {
                add(&c_corrupt, 1);
                say("CORRUPT disk block %llu word %d gen %u", (long long)k, i, g[k]);
                break;
            }
        add(&c_dr, BLK);
        if (rate > 0) usleep((u64)BLK * 1000000 / ((u64)rate * MIB));
    }
    return 0;
}

/* ---- network: address set with ioctls, static or leased by DHCP ------------ */
static void set_addr(u32 addr, u32 mask, u32 gw, int mtu)   /* network byte order */
{
    int s = socket(AF_INET, SOCK_DGRAM, 0), bits = __builtin_popcount(mask);
    char ta[INET_ADDRSTRLEN], tg[INET_ADDRSTRLEN] = "-";
    struct ifreq q = {0};
    struct sockaddr_in *a = (void *)&q.ifr_addr;
    snprintf(q.ifr_name, IFNAMSIZ, "%.15s", s_if);
    a->sin_family = AF_INET;
    a->sin_addr.s_addr = addr;
    inet_ntop(AF_INET, &addr, ta, sizeof ta);
    if (ioctl(s, SIOCSIFADDR, &q) < 0) say("ERR address %s: %s", ta, strerror(errno));
    a->sin_addr.s_addr = mask;
    ioctl(s, SIOCSIFNETMASK, &q);
    if (mtu > 0) {
        q.ifr_mtu = mtu;
        if (ioctl(s, SIOCSIFMTU, &q) < 0) say("ERR mtu %d: %s", mtu, strerror(errno));
    }
    if (gw) {
        struct rtentry rt = {0};
        struct sockaddr_in *g = (void *)&rt.rt_gateway;
        rt.rt_dst.sa_family = rt.rt_genmask.sa_family = g->sin_family = AF_INET;
        g->sin_addr.s_addr = gw;
        rt.rt_flags = RTF_UP | RTF_GATEWAY;
        inet_ntop(AF_INET, &gw, tg, sizeof tg);
        if (ioctl(s, SIOCADDRT, &rt) < 0 && errno != EEXIST) say("ERR route %s: %s", tg, strerror(errno));
    }
    close(s);
    say("NET %s %s/%d gw=%s mtu=%d", s_if, ta, bits, tg, mtu);
}
static void if_up(const char *name)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq q = {0};
    snprintf(q.ifr_name, IFNAMSIZ, "%.15s", name);
    for (int i = 0; i < 100 && ioctl(s, SIOCGIFFLAGS, &q) < 0; i++) msleep(20);
    q.ifr_flags |= IFF_UP | IFF_RUNNING;
    if (ioctl(s, SIOCSIFFLAGS, &q) < 0) say("ERR up %s: %s", name, strerror(errno));
    close(s);
}
static void net_setup(void)
{
    char *slash = strchr(s_ip, '/');
    int bits = slash ? atoi(slash + 1) : 24;
    struct in_addr a = {0}, g = {0};
    if (slash) *slash = 0;
    inet_pton(AF_INET, s_ip, &a);
    if (s_gw[0]) inet_pton(AF_INET, s_gw, &g);
    set_addr(a.s_addr, htonl(bits ? ~0u << (32 - bits) : 0), g.s_addr, 0);
}

/* DHCP over an ordinary UDP socket bound to the interface: the broadcast flag asks
 * the server to answer to 255.255.255.255, which the kernel delivers to a socket of
 * an interface that has no address yet. */
struct lease { u32 addr, mask, gw, server, seconds; int mtu; };
#define DHCP_LEN 300
static size_t dhcp_packet(unsigned char *p, const unsigned char *mac, u32 xid, int type, const struct lease *l)
{
    static const unsigned char cookie[] = {99, 130, 83, 99}, want[] = {55, 4, 1, 3, 26, 51};
    memset(p, 0, DHCP_LEN);
    p[0] = 1; p[1] = ARPHRD_ETHER; p[2] = 6; p[10] = 0x80;      /* BOOTREQUEST, broadcast flag */
    memcpy(p + 4, &xid, 4);
    memcpy(p + 28, mac, 6);
    memcpy(p + 236, cookie, 4);
    unsigned char *o = p + 240;
    *o++ = 53; *o++ = 1; *o++ = type;
    if (type == 3) {                                             /* DHCPREQUEST */
        *o++ = 50; *o++ = 4; memcpy(o, &l->addr, 4); o += 4;
        *o++ = 54; *o++ = 4; memcpy(o, &l->server, 4); o += 4;
    }
    memcpy(o, want, sizeof want);
    o[sizeof want] = 255;
    return DHCP_LEN;
}
static int dhcp_parse(const unsigned char *p, ssize_t n, const unsigned char *mac, u32 xid, struct lease *l)
{
    int type = 0;
    if (n < 241 || p[0] != 2 || memcmp(p + 4, &xid, 4) || memcmp(p + 28, mac, 6)) return 0;
    memset(l, 0, sizeof *l);
    memcpy(&l->addr, p + 16, 4);
    for (ssize_t i = 240; i + 1 < n && p[i] != 255;) {
        int code = p[i], len = code ? p[i + 1] : 0;
        const unsigned char *v = p + i + 2;
        if (!code) { i++; continue; }
        if (i + 2 + len > n) break;
        if (code == 53 && len == 1) type = *v;
        if (code == 1 && len == 4) memcpy(&l->mask, v, 4);
        if (code == 3 && len >= 4) memcpy(&l->gw, v, 4);
        if (code == 54 && len == 4) memcpy(&l->server, v, 4);
        if (code == 51 && len == 4) { memcpy(&l->seconds, v, 4); l->seconds = ntohl(l->seconds); }
        if (code == 26 && len == 2) l->mtu = v[0] << 8 | v[1];
        i += 2 + len;
    }
    return type;
}
static int dhcp_ask(int s, const unsigned char *mac, u32 xid, int type, struct lease *l)
{
    unsigned char p[1500];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = INADDR_BROADCAST};
    size_t n = dhcp_packet(p, mac, xid, type, l);
    if (sendto(s, p, n, 0, (void *)&to, sizeof to) < 0) { msleep(200); return 0; }
    u64 end = now_us(CLOCK_MONOTONIC) + 1000000;
    for (u64 t; (t = now_us(CLOCK_MONOTONIC)) < end;) {
        struct pollfd f = {.fd = s, .events = POLLIN};
        struct lease got;
        if (poll(&f, 1, (end - t) / 1000 + 1) <= 0) break;
        int answer = dhcp_parse(p, recv(s, p, sizeof p, 0), mac, xid, &got);
        if (answer == 2 || answer == 5) { *l = got; return answer; }     /* OFFER, ACK */
        if (answer == 6) return answer;                                  /* NAK */
    }
    return 0;
}
static volatile int leased;
static void *dhcp_worker(void *unused)
{
    int one = 1, s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_port = htons(68)};
    struct ifreq q = {0};
    unsigned char mac[6];
    struct lease l = {0}, used = {0};
    (void)unused;
    snprintf(q.ifr_name, IFNAMSIZ, "%.15s", s_if);
    if (ioctl(s, SIOCGIFHWADDR, &q) < 0) { say("ERR dhcp %s: %s", s_if, strerror(errno)); return 0; }
    memcpy(mac, q.ifr_hwaddr.sa_data, 6);
    setsockopt(s, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, s_if, strlen(s_if) + 1);
    if (bind(s, (void *)&me, sizeof me)) { say("ERR dhcp bind: %s", strerror(errno)); return 0; }
    u32 xid = now_us(CLOCK_REALTIME) ^ (u32)mac[5] << 24;
    for (int known = 0;;) {
        xid += 0x9E37;
        if (!known && dhcp_ask(s, mac, xid, 1, &l) != 2) continue;
        int answer = dhcp_ask(s, mac, xid, 3, &l);
        if (answer != 5) { known = 0; continue; }
        if (l.addr != used.addr || l.mask != used.mask || l.gw != used.gw) {
            set_addr(l.addr, l.mask, l.gw, l.mtu);
            used = l;
        }
        leased = known = 1;
        if (l.seconds == 0xFFFFFFFF) break;                              /* lent for ever */
        sleep(l.seconds > 20 ? l.seconds / 2 : 10);
    }
    close(s);
    return 0;
}
/* ---- echo: on TCP and UDP, and on the connections that the guest makes itself (mg.dial) ---- */
#define MAXFD 8192
static int ep = -1;
static char is_udp[MAXFD];
static int watch(int fd, int udp)          /* 0: it is one too many */
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= MAXFD || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e)) { close(fd); return 0; }
    is_udp[fd] = udp;
    return 1;
}
static int echo_socket(int type)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(p_echo)};
    int one = 1, fd = socket(AF_INET, type, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (void *)&a, sizeof a) || (type == SOCK_STREAM && listen(fd, 1024))) { say("ERR echo: %s", strerror(errno)); close(fd); return -1; }
    return fd;
}
static void *echo_worker(void *unused)
{
    int tcp = echo_socket(SOCK_STREAM), udp = echo_socket(SOCK_DGRAM), k;
    struct epoll_event e[64];
    (void)unused;
    if (tcp < 0 || udp < 0) return 0;
    watch(tcp, 0);
    watch(udp, 1);
    while ((k = epoll_wait(ep, e, 64, -1)) >= 0 || errno == EINTR) {
        for (int i = 0; i < k; i++) {
            int fd = e[i].data.fd;
            char b[4096];
            struct sockaddr_in from;
            socklen_t size = sizeof from;
            ssize_t n;
            if (fd == tcp) {
                int c = accept(tcp, 0, 0);
                if (c >= 0 && watch(c, 0)) add(&c_conns, 1);
            } else if (fd == udp) {
                if ((n = recvfrom(udp, b, sizeof b, 0, (void *)&from, &size)) > 0 && sendto(udp, b, n, 0, (void *)&from, size) == n) add(&c_echo, n);
            } else if ((n = read(fd, b, sizeof b)) > 0 && write(fd, b, n) == n) add(&c_echo, n);
            else if (!is_udp[fd]) close(fd);    /* a datagram that nobody took is no end */
        }
    }
    return 0;
}
static void *dial_worker(void *unused)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    char *colon = strchr(s_dial, ':');
    long tcp = 0, udp = 0;
    (void)unused;
    if (!colon) { say("ERR dial=%s is not IP:PORT", s_dial); return 0; }
    *colon = 0;
    inet_pton(AF_INET, s_dial, &to.sin_addr);
    to.sin_port = htons(atoi(colon + 1));
    while (tcp < p_dials) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (void *)&to, sizeof to)) { close(fd); msleep(200); }
        else if (watch(fd, 0)) tcp++;
        else break;
    }
    while (udp < p_dials) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (fd < 0 || connect(fd, (void *)&to, sizeof to) || write(fd, "hello\n", 6) != 6) { close(fd); msleep(200); }
        else if (watch(fd, 1)) udp++;
        else break;
    }
    say("DIALLED tcp=%ld udp=%ld", tcp, udp);
    return 0;
}

/* ---- commands typed on the serial port ------------------------------------ */
static void command(char *l)
{
    char *v = strchr(l, ' ');
    if (v) *v++ = 0;
    for (size_t i = 0; v && i < N(ints); i++)
        if (!strcmp(l, ints[i].name)) { set(ints[i].v, atol(v)); say("OK %s=%ld", l, *ints[i].v); return; }
    if (!strcmp(l, "get")) {
        char b[300]; int n = 0;
        for (size_t i = 0; i < N(ints); i++) n += snprintf(b + n, sizeof b - n, " %s=%ld", ints[i].name, *ints[i].v);
        say("OK%s", b);
    } else if (!strcmp(l, "devs")) {       /* what hot-plug is seen by the guest */
        static const char *dirs[] = {"/sys/block", "/sys/class/net", "/sys/bus/pci/devices"};
        for (size_t i = 0; i < N(dirs); i++) {
            char b[300]; int n = 0; struct dirent *e; DIR *d = opendir(dirs[i]);
            while (d && (e = readdir(d))) if (e->d_name[0] != '.' && n < 270) n += snprintf(b + n, sizeof b - n, " %s", e->d_name);
            if (d) closedir(d);
            b[n] = 0;
            say("OK %s:%s", dirs[i], b);
        }
    } else if (!strcmp(l, "poweroff")) { sync(); reboot(RB_POWER_OFF); }
    else if (!strcmp(l, "reboot")) { sync(); reboot(RB_AUTOBOOT); }
    else say("ERR unknown command %s", l);
}
static void *cmd_worker(void *unused)
{
    char l[128]; int n = 0; char c;
    (void)unused;
    while (read(con, &c, 1) == 1) {
        if (c != '\n' && c != '\r') { if (n < (int)sizeof l - 1) l[n++] = c; continue; }
        l[n] = 0;
        if (n) command(l);
        n = 0;
    }
    return 0;
}
static void *flood_worker(void *unused)
{
    (void)unused;
    for (u64 n = 1;; n++) {
        until(&p_flood, &p_flood);
        say("F %llu %0300d", (long long)n, 0);
    }
    return 0;
}
static void *stats(void *unused)
{
    (void)unused;
    for (;;) {
        u64 t0 = now_us(CLOCK_MONOTONIC);
        sleep(1);
        u64 now = now_us(CLOCK_MONOTONIC);
        double dt = (now - t0) / 1e6;
        say("S t=%.2f dirty=%.1fMiB/s verify=%.1fMiB/s diskw=%.1fMiB/s diskr=%.1fMiB/s echo=%lluB conns=%llu corrupt=%llu",
            now / 1e6, take(&c_dirty) / 256.0 / dt, take(&c_verify) / 256.0 / dt,
            take(&c_dw) / dt / MIB, take(&c_dr) / dt / MIB, (long long)take(&c_echo),
            (long long)c_conns, (long long)c_corrupt);
    }
    return 0;
}

/* ---- ACPI power button: the polite way to be asked to stop ------------------ */
static void *button_worker(void *unused)
{
    struct pollfd p[8];
    int n = 0;
    (void)unused;
    for (int i = 0; i < 8; i++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/input/event%d", i);
        int fd = open(path, O_RDONLY);
        if (fd >= 0) p[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    if (!n) { say("ERR no power button"); return 0; }
    while (poll(p, n, -1) >= 0)
        for (int i = 0; i < n; i++) {
            struct input_event e;
            if (!p[i].revents || read(p[i].fd, &e, sizeof e) != sizeof e) continue;
            if (e.type != EV_KEY || e.code != KEY_POWER || !e.value) continue;
            say("POWEROFF");
            tcdrain(con);
            sync();
            reboot(RB_POWER_OFF);
        }
    return 0;
}

/* ---- start-up -------------------------------------------------------------- */
static void modules(void)                  /* /mod/NN-name.ko, in name order, again while some came in */
{
    struct dirent **e;
    int n = scandir("/mod", &e, 0, alphasort), left = n, before;
    do {
        before = left;
        left = 0;
        for (int i = 0; i < n; i++) {
            char p[300];
            if (!strstr(e[i]->d_name, ".ko")) continue;
            snprintf(p, sizeof p, "/mod/%s", e[i]->d_name);
            int fd = open(p, O_RDONLY), failed = fd < 0 || syscall(SYS_finit_module, fd, "", 0);
            if (failed && errno != EEXIST) { left++; if (left == before) say("ERR module %s: %s", p, strerror(errno)); }
            else e[i]->d_name[0] = 0;      /* in: not tried again */
            close(fd);
        }
    } while (left > 0 && left < before);
}
static void parse(void)
{
    static char b[4096];
    int fd = open("/proc/cmdline", O_RDONLY), n = fd < 0 ? -1 : (int)read(fd, b, sizeof b - 1);
    close(fd);
    if (n < 0) return;
    b[n] = 0;
    for (char *w = strtok(b, " \n"); w; w = strtok(0, " \n")) {
        char *v = strchr(w, '=');
        int known = 0;
        if (strncmp(w, "mg.", 3) || !v) continue;
        *v++ = 0;
        for (size_t i = 0; i < N(ints); i++) if (!strcmp(w + 3, ints[i].name)) { *ints[i].v = atol(v); known = 1; }
        for (size_t i = 0; i < N(strs); i++) if (!strcmp(w + 3, strs[i].name)) { snprintf(strs[i].s, strs[i].n, "%s", v); known = 1; }
        if (!known) say("ERR unknown parameter %s", w);
    }
}
int main(void)
{
    struct termios tio;
    mount("proc", "/proc", "proc", 0, 0);
    mount("sys", "/sys", "sysfs", 0, 0);
    mount("dev", "/dev", "devtmpfs", 0, 0);
    con = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
    if (con < 0) con = open("/dev/console", O_RDWR | O_NOCTTY);
    if (!tcgetattr(con, &tio)) { cfmakeraw(&tio); tcsetattr(con, TCSANOW, &tio); }
    say("MG START");
    parse();
    modules();
    spawn(button_worker);
    if (s_ip[0]) {
        if_up("lo");
        if_up(s_if);
        if (strcmp(s_ip, "dhcp")) net_setup();
        else {
            spawn(dhcp_worker);
            for (int i = 0; i < 1000 && !leased; i++) msleep(10);
        }
        struct rlimit files = {MAXFD, MAXFD};
        setrlimit(RLIMIT_NOFILE, &files);
        ep = epoll_create1(0);
        spawn(echo_worker);
        if (s_dial[0]) spawn(dial_worker);
    }
    mem_setup();
    if (s_disk[0]) spawn(disk_worker);
    spawn(cmd_worker);
    spawn(stats);
    spawn(flood_worker);
    say("MG READY mono=%.2f mem=%ldMiB ip=%s disk=%s", now_us(CLOCK_MONOTONIC) / 1e6,
        p_mem, s_ip[0] ? s_ip : "-", s_disk[0] ? s_disk : "-");

    int bs = -1;                           /* beacon: one UDP datagram per tick */
    struct sockaddr_in to = {.sin_family = AF_INET};
    char *colon = strchr(s_beacon, ':');
    if (colon) {
        *colon = 0;
        inet_pton(AF_INET, s_beacon, &to.sin_addr);
        to.sin_port = htons(atoi(colon + 1));
        bs = socket(AF_INET, SOCK_DGRAM, 0);
    }
    u64 next = now_us(CLOCK_MONOTONIC), last = next;
    for (u64 n = 1;; n++) {
        if (p_tick <= 0) { until(&p_tick, &p_tick); last = next = now_us(CLOCK_MONOTONIC); }
        next += p_tick * 1000;
        u64 t = now_us(CLOCK_MONOTONIC);
        if (next > t) usleep(next - t); else next = t;
        t = now_us(CLOCK_MONOTONIC);
        if (t - last > (u64)p_tick * 1000 + 40000) say("GAP %llu before tick %llu", (long long)(t - last) / 1000, (long long)n);
        last = t;
        say("T %llu %llu %llu", (long long)n, (long long)t, (long long)now_us(CLOCK_REALTIME));
        if (bs >= 0) {
            char b[40]; int k = snprintf(b, sizeof b, "%llu %llu", (long long)n, (long long)t);
            sendto(bs, b, k, MSG_DONTWAIT, (void *)&to, sizeof to);
        }
    }
}
