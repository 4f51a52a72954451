"""Processes that fork, and processes that end."""

import subprocess
import sys

import pytest
from support import python

# Python itself warns of every fork beside threads, and the library has some.
BEGINNING = """
import gc, multiprocessing, os, sys, warnings
warnings.filterwarnings("ignore", ".*multi-threaded.*", DeprecationWarning)
import cachekit_core
from cachekit_core import ByteStorage, Encryptor, ForkedError, Keyring

def in_child(work):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
"""


def test_loaded_before_the_fork():
    printed = python(
        BEGINNING
        + """
cachekit_core.load()
def work():
    with Keyring(b"k" * 32, tenant="t") as keyring:
        print(keyring.open("k", keyring.seal("k", b"data")))
in_child(work)
in_child(work)
work()
"""
    )
    assert printed == "b'data'\n" * 3


def test_while_another_thread_loads():
    """Its lock is not one of the child."""
    printed = python(
        BEGINNING
        + """
import threading
from cachekit_core import _library
loading, forked = threading.Event(), threading.Event()
find = _library._find
def slow(path):
    loading.set()
    forked.wait()
    return find(path)
_library._find = slow
thread = threading.Thread(target=cachekit_core.load)
thread.start()
loading.wait()
def work():
    _library._find = find
    with Keyring(b"k" * 32, tenant="t") as keyring:
        print(keyring.open("k", keyring.seal("k", b"data")))
in_child(work)
forked.set()
thread.join()
work()
"""
    )
    assert printed == "b'data'\n" * 2


def test_loading_starts_nothing():
    printed = python(
        BEGINNING
        + """
def threads():
    return len(os.listdir("/proc/self/task"))
def mapped():
    with open("/proc/self/maps") as file:
        return "libcachekit_core" in file.read()
print(threads(), mapped())
cachekit_core.load()
print(threads(), mapped())
cachekit_core.start()
print(threads() > 1, mapped())
"""
    )
    assert printed == "1 False\n1 True\nTrue True\n"


def test_used_before_the_fork():
    printed = python(
        BEGINNING
        + """
storage, encryptor, keyring = ByteStorage(), Encryptor(), Keyring(b"k" * 32, tenant="t")
envelope, sealed = storage.store(b"data"), keyring.seal("k", b"data")
def work():
    global storage, encryptor
    calls = [
        ByteStorage, Encryptor,
        lambda: Keyring(b"k" * 32, tenant="t"),
        lambda: Keyring.from_env(),
        lambda: storage.store(b"data"),
        lambda: storage.retrieve(envelope),
        lambda: storage.store_many([b"data"]),
        lambda: storage.validate(envelope),
        lambda: storage.metrics(),
        lambda: encryptor.encrypt(b"k" * 32, b"data", b""),
        lambda: keyring.seal("k", b"data"),
        lambda: keyring.open("k", sealed),
        lambda: keyring.open_many([("k", sealed)]),
        lambda: cachekit_core.checksum(b"data"),
        lambda: cachekit_core.compress(b"data"),
        lambda: cachekit_core.generate_key(),
        lambda: cachekit_core.start(),
    ]
    for call in calls:
        try:
            call()
        except ForkedError as error:
            assert "only in the children" in str(error) and error.code == 18
        else:
            raise AssertionError(call)
    print(len(calls), "refused")
    keyring.close()
    encryptor = None
    del storage
    gc.collect()
    print("freed")
in_child(work)
print(storage.retrieve(envelope), keyring.open("k", sealed))
"""
    )
    assert printed == "17 refused\nfreed\nb'data' b'data'\n"


def test_a_forked_child_that_ends_like_any_process():
    printed = python(
        BEGINNING
        + """
keyring = Keyring(b"k" * 32, tenant="t")
sys.stdout.flush()
child = os.fork()
if child == 0:
    sys.exit(7)  # runs the finalisers
print(os.waitpid(child, 0)[1] >> 8)
"""
    )
    assert printed == "7\n"


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_multiprocessing(tmp_path, method):
    if method == "forkserver" and sys.implementation.name != "cpython":
        pytest.skip("PyPy's forkserver")
    program = tmp_path / "program.py"
    program.write_text(
        BEGINNING
        + f"""
def work(data):
    try:
        return ByteStorage().retrieve(ByteStorage().store(data))
    except ForkedError:
        return "forked"
if __name__ == "__main__":
    ByteStorage().store(b"before")
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(pool.map(work, [b"a", b"b"]))
"""
    )
    # A file, and not -c: the processes that it spawns import it.
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("['forked', 'forked']\n" if method == "fork" else "[b'a', b'b']\n")


def test_objects_that_live_until_the_end():
    printed = python(
        BEGINNING
        + """
class Holder:
    def __del__(self):
        self.keyring.close()
holder, keyring = Holder(), Keyring(b"k" * 32, tenant="t")
holder.keyring = keyring
cycle = [ByteStorage()]
cycle.append(cycle)
sys.cachekit_survivor = Encryptor()
import threading
threading.Thread(target=ByteStorage).start()
print("end")
"""
    )
    assert printed == "end\n"
