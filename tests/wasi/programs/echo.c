/* Answers what connections send, until each one ends: `echo one-by-one N`, or `echo together N`, all N at once, by poll.
   The listener is descriptor 3. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTENER = 3, MOST = 256 };

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* Echoes what there is; 0 at the end. */
static int echo(int connection) {
    static char buffer[65536];
    ssize_t length = recv(connection, buffer, sizeof buffer, 0);
    if (length < 0) fail("recv");
    for (ssize_t sent = 0; sent < length;) {
        ssize_t part = send(connection, buffer + sent, length - sent, 0);
        if (part < 0) fail("send");
        sent += part;
    }
    return length > 0;
}

static void finish(int connection) {
    if (shutdown(connection, SHUT_WR) && errno != ENOTCONN) fail("shutdown");
    if (close(connection)) fail("close");
}

static void one_by_one(int count) {
    while (count--) {
        int connection = accept(LISTENER, NULL, NULL);
        if (connection < 0) fail("accept");
        while (echo(connection)) {}
        finish(connection);
    }
}

static void together(int count) {
    static struct pollfd polled[MOST + 1];
    int open = 0, finished = 0, most = 0;
    if (fcntl(LISTENER, F_SETFL, O_NONBLOCK)) fail("fcntl");
    polled[0] = (struct pollfd){.fd = LISTENER, .events = POLLIN};
    while (finished < count) {
        if (poll(polled, open + 1, -1) < 0) fail("poll");
        for (int index = open; index > 0; index--) {
            if (polled[index].revents && !echo(polled[index].fd)) {
                finish(polled[index].fd);
                polled[index] = polled[open--];
                finished++;
            }
        }
        if (polled[0].revents) {
            int connection;
            while ((connection = accept(LISTENER, NULL, NULL)) >= 0) {
                if (open == MOST) return;
                polled[++open] = (struct pollfd){.fd = connection, .events = POLLIN};
            }
            if (errno != EAGAIN) fail("accept");
        }
        if (open > most) most = open;
    }
    printf("%d at once\n", most);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int count = atoi(argv[2]);
    if (!strcmp(argv[1], "together") && count <= MOST) together(count);
    else one_by_one(count);
}
