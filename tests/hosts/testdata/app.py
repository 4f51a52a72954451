"""What gunicorn --preload serves: the parent imports it, the workers call it."""

import os

import cachekit


def application(environ, start_response):
    parent = os.getppid()
    answer = "%d %d %s %d %s\n" % (os.getpid(), parent, cachekit.loaded(parent),
                                   cachekit.threads(parent), cachekit.round_trips(20))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
