# frozen_string_literal: true

module CachekitCore
  # Encrypts and decrypts with AES-256-GCM and keys of the caller's. It counts its
  # encryptions, so that no nonce repeats; one is enough for a whole program.
  class Encryptor < Resource
    include Encrypts

    KIND = "encryptor"
    HANDLES = handles(KIND)
    private_constant :KIND, :HANDLES

    # @!method self.open
    #   Makes an encryptor and, with a block, yields it and closes it.
    #   @return [Encryptor, Object] the encryptor, or what the block returned

    # @raise [RngFailureError, OutOfMemoryError, InvalidInputError, ForkedError]
    def initialize
      super
      @rotation_needed = false
      error = FFI::MemoryPointer.new(:int)
      pointer = Native.cachekit_encryptor_new(error)
      Results.failed(error.get_int(0)) if pointer.null?

      own(HANDLES.new(pointer))
    end

    # @param key [String] 32 bytes
    # @param plaintext [String]
    # @param aad [String] what the ciphertext is bound to, such as the cache key; the reader
    #   has to pass the same
    # @return [String] nonce, ciphertext and tag: 28 bytes more than the plaintext
    # @raise [InvalidKeyLengthError, InputTooLargeError, CounterExhaustedError]
    # @raise [InvalidHandleError, ForkedError]
    def encrypt(key, plaintext, aad)
      key = Arguments.key(key)
      plaintext = Arguments.bytes(plaintext, "plaintext")
      function, key, aad, plaintext =
        Native.for(:cachekit_encrypt, key, Arguments.bytes(aad, "aad"), plaintext)
      size = plaintext.bytesize
      Arguments.too_long("plaintext", plaintext, MAX_PAYLOAD_SIZE) if size > MAX_PAYLOAD_SIZE
      Results.sized(size + CIPHERTEXT_OVERHEAD, false, self) do |out, out_len|
        Native.public_send(function, handle, key, key.bytesize, aad, aad.bytesize,
                           plaintext, plaintext.bytesize, out, out_len)
      end
    end

    # @param key [String] 32 bytes
    # @param ciphertext [String]
    # @param aad [String] what was passed to {#encrypt}
    # @return [String] the plaintext
    # @raise [CacheMiss] it is not authentic, or too short
    # @raise [InvalidKeyLengthError, InvalidHandleError, ForkedError]
    def decrypt(key, ciphertext, aad)
      key = Arguments.key(key)
      ciphertext = Arguments.bytes(ciphertext, "ciphertext")
      function, key, aad, ciphertext =
        Native.for(:cachekit_decrypt, key, Arguments.bytes(aad, "aad"), ciphertext)
      Results.sized(Results.plaintext_size(ciphertext), true) do |out, out_len|
        Native.public_send(function, handle, key, key.bytesize, aad, aad.bytesize,
                           ciphertext, ciphertext.bytesize, out, out_len)
      end
    end

    # @return [Integer] the number of encryptions made, 0 to 2^32
    # @raise [InvalidHandleError]
    def counter = Native.cachekit_encryptor_get_counter(handle)
  end
end
