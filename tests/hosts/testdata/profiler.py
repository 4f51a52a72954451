"""A profiler's timer, with a handler installed after the load and one installed
after the first use, through a second of calls each."""

import signal
import time

import cachekit

ticks = 0


def tick(number, frame):
    global ticks
    ticks += 1


def second_of_calls(when):
    global ticks
    ticks = 0
    signal.signal(signal.SIGPROF, tick)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    end = time.monotonic() + 1
    while time.monotonic() < end or ticks < 10:
        cachekit.round_trips(20)
    signal.setitimer(signal.ITIMER_PROF, 0)
    print(when, flush=True)


second_of_calls("installed after the load")
signal.signal(signal.SIGPROF, signal.SIG_DFL)
second_of_calls("installed after the first use")
