# frozen_string_literal: true

module CachekitCore
  # Compresses payloads into envelopes, with LZ4 and an XXH3-64 checksum. One is enough for a
  # whole program.
  #
  # @example
  #   storage = CachekitCore::ByteStorage.new(format: "json")
  #   envelope = storage.store('{"name":"Ada"}')
  #   storage.retrieve(envelope) # => "{\"name\":\"Ada\"}"
  class ByteStorage < Resource
    include Compresses

    KIND = "byte_storage"
    HANDLES = handles(KIND)
    private_constant :KIND, :HANDLES

    # @!method self.open(format: "msgpack", level: 1, max_payload: nil)
    #   Makes a storage and, with a block, yields it and closes it.
    #   @return [ByteStorage, Object] the storage, or what the block returned

    # @param format [String, Symbol] what payloads are, if {#store} is not told; UTF-8
    # @param level [Integer] how hard to compress: 1, the fastest, to 9
    # @param max_payload [Integer, nil] limit of a payload in bytes; nil is 512 MiB
    # @raise [InvalidInputError, InputTooLargeError, OutOfMemoryError, ForkedError]
    def initialize(format: "msgpack", level: DEFAULT_LEVEL, max_payload: nil)
      super()
      format = Arguments.format(format)
      pointer = Native.cachekit_byte_storage_new(format)
      Results.failed(Native.cachekit_start.nonzero? || OutOfMemoryError::CODE) if pointer.null?

      own(HANDLES.new(pointer))
      self.level = level
      self.max_payload = max_payload || MAX_PAYLOAD_SIZE
    end

    # @param data [String] a payload
    # @param format [String, Symbol, nil] what it is; nil is the format of the storage
    # @return [String] an envelope
    # @raise [InputTooLargeError, InvalidInputError, OutOfMemoryError, InvalidHandleError,
    #   ForkedError]
    def store(data, format: nil)
      data = Arguments.bytes(data, "data")
      format = Arguments.format(format)
      if data.bytesize <= Results::Scratch::ENTRY
        result = Results.small(false) do |out, out_len|
          Native.cachekit_byte_storage_store_into(handle, data, data.bytesize, format, out, out_len)
        end
        return result if result
      end
      function, data = Native.for(:cachekit_byte_storage_store, data)
      Results.allocated(false) do |pointer, out_len|
        Native.public_send(function, handle, data, data.bytesize, format, pointer, out_len)
      end
    end

    # @param envelope [String] of any format
    # @return [String] its payload
    # @raise [CacheMiss] it is damaged, or not an envelope
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def retrieve(envelope)
      envelope = Arguments.bytes(envelope, "envelope")
      if envelope.bytesize <= Results::Scratch::ENTRY
        result = Results.small(true) do |out, out_len|
          Native.cachekit_byte_storage_retrieve_into(handle, envelope, envelope.bytesize,
                                                     out, out_len)
        end
        return result if result
      end
      function, envelope = Native.for(:cachekit_byte_storage_retrieve, envelope,
                                      expansion: Native::EXPANSION)
      Results.allocated(true) do |pointer, out_len|
        Native.public_send(function, handle, envelope, envelope.bytesize, pointer, out_len)
      end
    end

    # Stores many payloads in one call.
    # @param payloads [Enumerable<String, nil>]
    # @param format [String, Symbol, nil] what they are; nil is the format of the storage
    # @return [Array<String, CachekitError, nil>] for each payload its envelope, nil for nil,
    #   or the error of one that failed
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def store_many(payloads, format: nil)
      format = Arguments.format(format)
      Batch.new(payloads.map { |data| ["", data] }, reading: false)
           .call(:cachekit_byte_storage_store_many, handle, format)
    end

    # Retrieves many payloads in one call.
    # @param envelopes [Enumerable<String, nil>] such as the answer of MGET
    # @return [Array<String, CachekitError, nil>] for each envelope its payload, nil for nil,
    #   or the error of one that failed, which is a {CacheMiss} if it is about the envelope
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def retrieve_many(envelopes)
      Batch.new(envelopes.map { |envelope| ["", envelope] }, reading: true)
           .call(:cachekit_byte_storage_retrieve_many, handle)
    end

    # @param envelope [String]
    # @return [Boolean] whether {#retrieve} would return a payload; it decompresses it to
    #   find out, and is not counted in the metrics
    # @raise [OutOfMemoryError, InvalidHandleError, ForkedError]
    def validate(envelope)
      function, envelope = Native.for(:cachekit_byte_storage_validate,
                                      Arguments.bytes(envelope, "envelope"),
                                      expansion: Native::EXPANSION)
      Results.check(Native.public_send(function, handle, envelope, envelope.bytesize), true)
      true
    rescue CacheMiss
      false
    end

    # @param data [String] a payload
    # @return [Float] original size / compressed size that {#store} would reach, 0.0 for an
    #   empty payload; it compresses it to find out
    # @raise [InputTooLargeError, OutOfMemoryError, InvalidHandleError, ForkedError]
    def estimate_compression(data)
      function, data = Native.for(:cachekit_byte_storage_estimate_compression,
                                  Arguments.bytes(data, "data"))
      ratio = FFI::MemoryPointer.new(:double)
      Results.check(Native.public_send(function, handle, data, data.bytesize, ratio))
      ratio.get_double(0)
    end
  end
end
