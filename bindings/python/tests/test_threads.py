"""Threads that share objects, and the first use by several at once."""

import threading

from support import python

from cachekit_core import ByteStorage, Encryptor, InvalidHandleError, Keyring

KEY = b"k" * 32


def together(count, work):
    """Runs work(number) in so many threads that begin at once; raises what one of them did."""
    barrier, failures = threading.Barrier(count), []

    def run(number):
        try:
            barrier.wait()
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_one_object_for_all():
    storage, encryptor, keyring = ByteStorage(), Encryptor(), Keyring(KEY, tenant="t")

    def work(number):
        for turn in range(60):
            # Some are below the size from which on the GIL is let go of, some above.
            data = bytes([number, turn]) * (100 if turn % 3 else 60_000)
            assert storage.retrieve(storage.store(data)) == data
            assert encryptor.decrypt(KEY, encryptor.encrypt(KEY, data, b"a"), b"a") == data
            assert keyring.open("k", keyring.seal("k", data)) == data
            items = [("a", data), ("b", None), ("c", data[:50])]
            sealed = keyring.seal_many(items)
            assert keyring.open_many(zip("abc", sealed)) == [data, None, data[:50]]

    together(8, work)
    assert encryptor.counter == 8 * 60 and keyring.counter == 8 * 60 * 3


def test_nonces_do_not_repeat():
    encryptor, nonces = Encryptor(), []

    def work(_):
        nonces.extend([encryptor.encrypt(KEY, b"", b"")[:12] for _ in range(2000)])

    together(4, work)
    assert len(set(nonces)) == len(nonces) == 8000


def test_close_while_in_use():
    for size in (10, 200_000):
        keyring = Keyring(KEY, tenant="t")
        data = bytes(size)
        entered = threading.Semaphore(0)

        def work(number, keyring=keyring, data=data, entered=entered):
            if number == 0:
                for _ in range(20):
                    entered.acquire()
                keyring.close()
                return
            try:
                while True:
                    assert keyring.open("k", keyring.seal("k", data)) == data
                    entered.release()
            except InvalidHandleError:
                pass

        together(4, work)
        assert keyring.closed


def test_objects_that_threads_leave_behind():
    def work(_):
        for _ in range(300):
            ByteStorage().store(b"x")
            Keyring(KEY, tenant="t").seal("k", b"x")

    together(4, work)


def test_the_first_use_by_many_threads():
    printed = python(
        """
        import threading
        import cachekit_core
        barrier, found = threading.Barrier(16), []
        def work():
            barrier.wait()
            found.append(cachekit_core.ByteStorage().store(b"data"))
        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(found), len(set(found)))
        """
    )
    assert printed == "16 1\n"
