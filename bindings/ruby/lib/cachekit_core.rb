# frozen_string_literal: true

# Compresses and encrypts what a program keeps in a cache, by the C library cachekit_core.
#
# A {Keyring} seals and opens entries: compressed, encrypted, and bound to their cache key.
# A {ByteStorage} only compresses, an {Encryptor} only encrypts, and {Interop} makes the keys
# and values that programs in other languages share.
#
# Strings. Every input is a String of which the bytes count, whatever its encoding says; it is
# never changed, and may be frozen. Every result is a new String in the encoding
# +ASCII-8BIT+, unless its documentation says otherwise: +force_encoding+ makes text of it.
#
# Threads. Every method may be called from any thread, and two threads may use one object.
# A call with {GVL_RELEASED_FROM} bytes or more lets other Ruby threads run meanwhile.
# Ractors other than the main one cannot use it, because the ffi gem cannot be used there.
#
# Forks. Requiring this file and making nothing lets a process fork as it likes. Once an
# object has been made or a function called, use the library in this process only: a child
# that is forked after that gets {ForkedError}. With puma's +preload_app!+ make objects in
# the workers, at first use or in +on_worker_boot+.
module CachekitCore
  # From so many bytes of input on, a call releases the global VM lock (GVL), so that other
  # threads run meanwhile. Where that pays: two threads that store 16 KiB each are 1.2 times
  # as fast without the lock, and 1.6 times with 1 MiB. What it costs: 0.1 to 0.2 us, and
  # beside a thread that computes up to 100 ms, until that thread's turn is over; 1 MiB
  # takes 1.6 ms to store and 0.6 ms to retrieve. So it is released for what would hold up
  # others for longer than about a millisecond.
  GVL_RELEASED_FROM = 1_048_576
end

require_relative "cachekit_core/error"
require_relative "cachekit_core/errors"
require_relative "cachekit_core/declarations"
require_relative "cachekit_core/constants"
require_relative "cachekit_core/library"
require_relative "cachekit_core/arguments"
require_relative "cachekit_core/results"
require_relative "cachekit_core/metrics"
require_relative "cachekit_core/envelopes"
require_relative "cachekit_core/keys"
require_relative "cachekit_core/resource"
require_relative "cachekit_core/batch"
require_relative "cachekit_core/byte_storage"
require_relative "cachekit_core/encryptor"
require_relative "cachekit_core/keyring"
require_relative "cachekit_core/message_pack"
require_relative "cachekit_core/interop"
