"""multiprocessing by fork, in a parent that has loaded the library and uses it
afterwards only."""

import multiprocessing
import os

import cachekit


def work(_):
    return os.getpid(), cachekit.round_trips(5)


def use(_):
    return cachekit.code_of_use()


if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")
    print("threads after the load:", cachekit.threads())
    with fork.Pool(2) as pool:
        done = pool.map(work, range(50), chunksize=1)
    print("round trips:", len(done))
    # A process has one number to begin with, and counts on from it.
    print("instances:", len({instance for _, instance in done}))
    print("the parent, after its children:", cachekit.code_of_use())
    with fork.Pool(2) as pool:
        print("children after the parent:", sorted(set(pool.map(use, range(10)))))
    print("the parent, after all:", cachekit.code_of_use())
