# frozen_string_literal: true

module CachekitCore
  # The keys of one tenant: seals entries, compressed, encrypted and bound to their cache key,
  # and opens them again, also those that up to three earlier master keys sealed.
  #
  # @example
  #   CachekitCore::Keyring.from_env(tenant: "acme") do |keyring|
  #     sealed = keyring.seal("users:1", '{"name":"Ada"}', format: "json")
  #     keyring.open("users:1", sealed, format: "json") # => "{\"name\":\"Ada\"}"
  #   end
  class Keyring < Resource
    include Compresses
    include Encrypts

    KIND = "keyring"
    HANDLES = handles(KIND)
    private_constant :KIND, :HANDLES

    # @!method self.open(master, tenant:, decrypt_only: [], level: 1, max_payload: nil)
    #   Makes a keyring and, with a block, yields it and closes it.
    #   @return [Keyring, Object] the keyring, or what the block returned

    # Makes a keyring of the master keys in the environment variables CACHEKIT_MASTER_KEY and
    # CACHEKIT_PREVIOUS_MASTER_KEYS (up to three, separated by commas), and, with a block,
    # yields it and closes it. The keys do not enter Ruby's memory.
    #
    # @param tenant [String]
    # @param level [Integer] as for {#initialize}
    # @param max_payload [Integer, nil] as for {#initialize}
    # @yieldparam keyring [Keyring]
    # @return [Keyring, Object] the keyring, or what the block returned
    # @raise [InvalidInputError] no key is set, or one is not hexadecimal
    # @raise [InvalidKeyLengthError, SaltTooLongError, RngFailureError, OutOfMemoryError]
    # @raise [ForkedError]
    def self.from_env(tenant: "default", level: DEFAULT_LEVEL, max_payload: nil)
      tenant = Arguments.bytes(tenant, "tenant")
      keyring = allocate
      keyring.__send__(:take, level, max_payload) do |out|
        Native.cachekit_keyring_from_env(tenant, tenant.bytesize, out)
      end
      return keyring unless block_given?

      keyring.__send__(:closing) { yield keyring }
    end

    # The master keys are not kept: the keys of the tenant are derived from them.
    #
    # @param master [String] the current master key: 16 bytes or more; 32 are advised
    # @param tenant [String] 1 to 1024 bytes
    # @param decrypt_only [Array<String>] up to three earlier master keys
    # @param level [Integer] how hard to compress: 1, the fastest, to 9
    # @param max_payload [Integer, nil] limit of a payload in bytes; nil is 512 MiB
    # @raise [InvalidKeyLengthError, InvalidInputError, SaltTooLongError]
    # @raise [RngFailureError, OutOfMemoryError, ForkedError]
    def initialize(master, tenant:, decrypt_only: [], level: DEFAULT_LEVEL, max_payload: nil)
      super()
      master = Arguments.bytes(master, "master")
      tenant = Arguments.bytes(tenant, "tenant")
      raise TypeError, "decrypt_only is a #{decrypt_only.class}, not an Array" unless decrypt_only.is_a?(Array)

      take(level, max_payload) do |out|
        with_keys(decrypt_only) do |keys, sizes, count|
          Native.cachekit_keyring_new(master, master.bytesize, keys, sizes, count,
                                      tenant, tenant.bytesize, out)
        end
      end
    end

    # Seals data for one place in the cache: copied to another cache key, the entry does not
    # open.
    # @param cache_key [String]
    # @param data [String] a payload
    # @param format [String, Symbol] what it is
    # @return [String] an entry
    # @raise [InputTooLargeError, InvalidInputError, CounterExhaustedError]
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def seal(cache_key, data, format: "msgpack")
      cache_key = Arguments.cache_key(cache_key)
      data = Arguments.bytes(data, "data")
      format = Arguments.format(format)
      if data.bytesize <= Results::Scratch::ENTRY
        result = Results.small(false, self) do |out, out_len|
          Native.cachekit_keyring_seal_into(handle, format, cache_key, cache_key.bytesize,
                                            data, data.bytesize, out, out_len)
        end
        return result if result
      end
      function, cache_key, data = Native.for(:cachekit_keyring_seal, cache_key, data)
      Results.allocated(false, self) do |pointer, out_len|
        Native.public_send(function, handle, format, cache_key, cache_key.bytesize,
                           data, data.bytesize, pointer, out_len)
      end
    end

    # Opens what {#seal} made for the same tenant, cache key and format.
    # @param cache_key [String]
    # @param sealed [String] an entry
    # @param format [String, Symbol]
    # @return [String] the payload
    # @raise [CacheMiss] it does not open: another key, tenant, cache key or format, or damage
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    # @raise [InvalidInputError, InputTooLargeError] the format or the cache key is wrong
    def open(cache_key, sealed, format: "msgpack")
      open_entry(cache_key, sealed, format) { nil }
    end

    # As {#open}, and says which key opened the entry. If it is above 0, an earlier master key
    # did: seal the payload again.
    # @param cache_key [String]
    # @param sealed [String] an entry
    # @param format [String, Symbol]
    # @return [Array(String, Integer)] the payload, and the index of the key
    # @raise [CacheMiss, OutOfMemoryError, InvalidHandleError, ForkedError]
    def open_with_index(cache_key, sealed, format: "msgpack")
      index = nil
      data = open_entry(cache_key, sealed, format) { |found| index = found }
      [data, index]
    end

    # Seals many payloads in one call.
    # @param items [Enumerable<Array(String, String)>] cache keys and payloads, such as a Hash;
    #   a payload of nil is left out
    # @param format [String, Symbol] what they are
    # @return [Array<String, CachekitError, nil>] for each item its entry, nil for nil, or the
    #   error of one that failed
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def seal_many(items, format: "msgpack")
      format = Arguments.format(format)
      Batch.new(items.to_a, reading: false, owner: self)
           .call(:cachekit_keyring_seal_many, handle, format)
    end

    # Opens many entries in one call.
    # @param items [Enumerable<Array(String, String)>] cache keys and entries, such as
    #   +keys.zip(redis.mget(keys))+; an entry of nil, which is not in the cache, is left out
    # @param format [String, Symbol]
    # @return [Array<String, CachekitError, nil>] for each item its payload, nil for nil, or
    #   the error of one that did not open, which is a {CacheMiss} if it is about the entry
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def open_many(items, format: "msgpack")
      format = Arguments.format(format)
      Batch.new(items.to_a, reading: true).call(:cachekit_keyring_open_many, handle, format)
    end

    # As {#open_many}, and says which keys opened the entries.
    # @param items [Enumerable<Array(String, String)>]
    # @param format [String, Symbol]
    # @return [Array<Array(String, Integer), CachekitError, nil>]
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def open_many_with_index(items, format: "msgpack")
      format = Arguments.format(format)
      Batch.new(items.to_a, reading: true)
           .call(:cachekit_keyring_open_many, handle, format) { |data, index| [data, index] }
    end

    # Encrypts with the current key, without compression.
    # @param plaintext [String]
    # @param aad [String] what the ciphertext is bound to; {CachekitCore.aad} makes one
    # @return [String] 28 bytes more than the plaintext
    # @raise [InputTooLargeError, CounterExhaustedError, InvalidHandleError, ForkedError]
    def encrypt(plaintext, aad)
      plaintext = Arguments.bytes(plaintext, "plaintext")
      function, aad, plaintext =
        Native.for(:cachekit_keyring_encrypt, Arguments.bytes(aad, "aad"), plaintext)
      size = plaintext.bytesize
      Arguments.too_long("plaintext", plaintext, MAX_PAYLOAD_SIZE) if size > MAX_PAYLOAD_SIZE
      Results.sized(size + CIPHERTEXT_OVERHEAD, false, self) do |out, out_len|
        Native.public_send(function, handle, aad, aad.bytesize, plaintext, plaintext.bytesize,
                           out, out_len)
      end
    end

    # Decrypts with the current key, then with the others.
    # @param ciphertext [String]
    # @param aad [String]
    # @return [String] the plaintext
    # @raise [CacheMiss] it is not authentic, or too short
    # @raise [InvalidHandleError, ForkedError]
    def decrypt(ciphertext, aad) = decrypt_with_index(ciphertext, aad).first

    # As {#decrypt}, and says which key succeeded.
    # @param ciphertext [String]
    # @param aad [String]
    # @return [Array(String, Integer)] the plaintext, and the index of the key
    # @raise [CacheMiss, InvalidHandleError, ForkedError]
    def decrypt_with_index(ciphertext, aad)
      ciphertext = Arguments.bytes(ciphertext, "ciphertext")
      function, aad, ciphertext =
        Native.for(:cachekit_keyring_decrypt, Arguments.bytes(aad, "aad"), ciphertext)
      index = nil
      plaintext = Results.sized(Results.plaintext_size(ciphertext), true) do |out, out_len, key_index|
        code = Native.public_send(function, handle, aad, aad.bytesize,
                                  ciphertext, ciphertext.bytesize, out, out_len, key_index)
        index = key_index.get_ulong(0)
        code
      end
      [plaintext, index]
    end

    # As {#decrypt}, with one key and no other.
    # @param index [Integer] of the key, below {#key_count}
    # @param ciphertext [String]
    # @param aad [String]
    # @return [String] the plaintext
    # @raise [CacheMiss, InvalidHandleError, ForkedError]
    # @raise [InvalidInputError] there is no such key
    def decrypt_at(index, ciphertext, aad)
      Arguments.integer(index, "index", key_count - 1)
      ciphertext = Arguments.bytes(ciphertext, "ciphertext")
      function, aad, ciphertext =
        Native.for(:cachekit_keyring_decrypt_at, Arguments.bytes(aad, "aad"), ciphertext)
      Results.sized(Results.plaintext_size(ciphertext), true) do |out, out_len|
        Native.public_send(function, handle, index, aad, aad.bytesize,
                           ciphertext, ciphertext.bytesize, out, out_len)
      end
    end

    # Encrypts a value that programs in other languages read; {Interop.seal} takes Ruby's.
    # @param interop_key [String] what {Interop.key} made
    # @param value [String] one MessagePack document
    # @return [String] 28 bytes more than the value
    # @raise [InvalidInputError] it is not one document
    # @raise [InputTooLargeError, CounterExhaustedError, InvalidHandleError, ForkedError]
    def seal_interop(interop_key, value)
      interop_key = Arguments.interop_key(interop_key)
      value = Arguments.bytes(value, "value")
      Arguments.too_long("value", value, MAX_PAYLOAD_SIZE) if value.bytesize > MAX_PAYLOAD_SIZE
      function, value = Native.for(:cachekit_keyring_seal_interop, value)
      Results.sized(value.bytesize + CIPHERTEXT_OVERHEAD, false, self) do |out, out_len|
        Native.public_send(function, handle, interop_key, value, value.bytesize, out, out_len)
      end
    end

    # Decrypts such a value.
    # @param interop_key [String]
    # @param sealed [String]
    # @return [String] one MessagePack document, which has been checked
    # @raise [CacheMiss] it is not authentic, or not one document
    # @raise [InvalidHandleError, ForkedError]
    # @raise [InvalidInputError, InputTooLargeError] the interop key is not one
    def open_interop(interop_key, sealed) = open_interop_with_index(interop_key, sealed).first

    # As {#open_interop}, and says which key succeeded.
    # @param interop_key [String]
    # @param sealed [String]
    # @return [Array(String, Integer)] the document, and the index of the key
    # @raise [CacheMiss, InvalidHandleError, ForkedError, InvalidInputError, InputTooLargeError]
    def open_interop_with_index(interop_key, sealed)
      interop_key = Arguments.interop_key(interop_key)
      function, sealed =
        Native.for(:cachekit_keyring_open_interop, Arguments.bytes(sealed, "sealed"))
      index = nil
      value = Results.sized(Results.plaintext_size(sealed), true) do |out, out_len, key_index|
        code = Native.public_send(function, handle, interop_key, sealed, sealed.bytesize,
                                  out, out_len, key_index)
        index = key_index.get_ulong(0)
        code
      end
      [value, index]
    end

    # @return [Array<String>] the fingerprints of the keys, 16 bytes each, the current one first
    # @raise [InvalidHandleError, ForkedError]
    def fingerprints
      Array.new(key_count) do |index|
        out = "\0".b * FINGERPRINT_SIZE
        Results.check(Native.cachekit_keyring_fingerprint(handle, index, out))
        out
      end
    end

    # @return [Integer] the number of keys, 1 to 4
    # @raise [InvalidHandleError]
    def key_count = Native.cachekit_keyring_key_count(handle)

    # @return [Integer] the number of encryptions made, seals too, 0 to 2^32
    # @raise [InvalidHandleError]
    def counter = Native.cachekit_keyring_get_counter(handle)

    private

    # Yields the place of the handle for the call that makes it.
    def take(level, max_payload)
      @rotation_needed = false
      out = FFI::MemoryPointer.new(:pointer)
      Results.check(yield(out))
      own(HANDLES.new(out.read_pointer))
      self.level = level
      self.max_payload = max_payload || MAX_PAYLOAD_SIZE
    end

    # C's arrays of the keys, in memory that is wiped afterwards, and their number. Other
    # threads may change the keys and their Array meanwhile.
    def with_keys(keys)
      keys = keys.map { |key| Arguments.held(Arguments.bytes(key, "a key in decrypt_only")) }
      copies = keys.map { |key| FFI::MemoryPointer.new(:uint8, [key.bytesize, 1].max) }
      copies.zip(keys) { |copy, key| copy.put_bytes(0, key) }
      places = FFI::MemoryPointer.new(:pointer, [keys.size, 1].max)
      places.write_array_of_pointer(copies)
      sizes = FFI::MemoryPointer.new(:size_t, [keys.size, 1].max)
      keys.each_with_index { |key, i| sizes.put(:size_t, i * sizes.type_size, key.bytesize) }
      yield places, sizes, keys.size
    ensure
      copies&.each { |copy| Native.cachekit_wipe(copy, copy.size) }
    end

    # Yields the index of the key.
    def open_entry(cache_key, sealed, format)
      cache_key = Arguments.cache_key(cache_key)
      sealed = Arguments.bytes(sealed, "sealed")
      format = Arguments.format(format)
      if sealed.bytesize <= Results::Scratch::ENTRY
        result = Results.small(true) do |out, out_len, key_index|
          code = Native.cachekit_keyring_open_into(
            handle, format, cache_key, cache_key.bytesize, sealed, sealed.bytesize,
            out, out_len, key_index
          )
          yield key_index.get_ulong(0)
          code
        end
        return result if result
      end
      function, cache_key, sealed = Native.for(:cachekit_keyring_open, cache_key, sealed,
                                               expansion: Native::EXPANSION)
      Results.allocated(true) do |pointer, out_len, key_index|
        code = Native.public_send(function, handle, format, cache_key, cache_key.bytesize,
                                  sealed, sealed.bytesize, pointer, out_len, key_index)
        yield key_index.get_ulong(0)
        code
      end
    end
  end
end
