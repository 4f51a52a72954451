# frozen_string_literal: true

module CachekitCore
  # What an envelope says about its payload; {CachekitCore.inspect_envelope} makes it.
  #
  # @!attribute [r] original_size
  #   @return [Integer] of the payload, in bytes
  # @!attribute [r] compressed_size
  #   @return [Integer] of the LZ4 block, in bytes
  # @!attribute [r] checksum
  #   @return [String] XXH3-64 of the payload, 8 bytes, big-endian
  # @!attribute [r] format
  #   @return [String] UTF-8
  EnvelopeInfo = Struct.new(:original_size, :compressed_size, :checksum, :format,
                            keyword_init: true) do
    # @return [Float] original size / compressed size; 0.0 if there is no block
    def ratio = compressed_size.zero? ? 0.0 : original_size.to_f / compressed_size
  end

  class << self
    # @param data [String]
    # @return [String] the XXH3-64 of data, 8 bytes, big-endian. It detects accidents; it does
    #   not stop a forger.
    def checksum(data)
      function, data = Native.for(:cachekit_checksum, Arguments.bytes(data, "data"))
      bytes_of(CHECKSUM_SIZE) { |out| Native.public_send(function, data, data.bytesize, out) }
    end

    # @param data [String]
    # @param expected [String] 8 bytes
    # @return [Boolean] whether data has that checksum
    # @raise [InvalidInputError] expected has another length
    # @raise [ForkedError]
    def verify_checksum(data, expected)
      expected = Arguments.bytes(expected, "expected")
      if expected.bytesize != CHECKSUM_SIZE
        raise InvalidInputError, Results.text(
          InvalidInputError::CODE, "expected has #{expected.bytesize} bytes, a checksum #{CHECKSUM_SIZE}"
        )
      end

      checksum(data) == expected.b
    end

    # Makes an envelope with the format "msgpack", without a {ByteStorage} and its metrics.
    # @param data [String]
    # @return [String]
    # @raise [InputTooLargeError, OutOfMemoryError, ForkedError]
    def compress(data)
      data = Arguments.bytes(data, "data")
      # Before memory is taken for it.
      Arguments.too_long("data", data, MAX_PAYLOAD_SIZE) if data.bytesize > MAX_PAYLOAD_SIZE
      function, data = Native.for(:cachekit_compress, data)
      Results.sized(compressed_bound(data.bytesize), false) do |out, out_len|
        Native.public_send(function, data, data.bytesize, out, out_len)
      end
    end

    # @param envelope [String] of any format
    # @return [String] its payload
    # @raise [CacheMiss] it is damaged, or not an envelope
    # @raise [OutOfMemoryError, ForkedError]
    def decompress(envelope)
      envelope = Arguments.bytes(envelope, "envelope")
      function, envelope = Native.for(:cachekit_decompress, envelope, expansion: Native::EXPANSION)
      size = header(envelope)[:original_size]
      Results.sized(size, true) do |out, out_len|
        Native.public_send(function, envelope, envelope.bytesize, out, out_len)
      end
    end

    # @param size [Integer] of a payload, in bytes
    # @return [Integer] the size of the largest envelope that {compress} can make of it
    def compressed_bound(size)
      Native.cachekit_compressed_bound(Arguments.integer(size, "size", (2**64) - 1))
    end

    # Reads the header of an envelope without decompressing it. Nothing of it is checked
    # against the payload: whoever wrote the envelope can have written anything.
    # @param envelope [String]
    # @return [EnvelopeInfo]
    # @raise [CacheMiss] it is not an envelope, or claims too much
    # @raise [ForkedError]
    def inspect_envelope(envelope)
      # The pointer to the format points into the String, which so must stay as it is.
      envelope = Arguments.held(Arguments.bytes(envelope, "envelope"))
      info = header(envelope)
      format = info[:format_len].zero? ? +"" : info[:format].get_bytes(0, info[:format_len])
      EnvelopeInfo.new(original_size: info[:original_size], compressed_size: info[:compressed_size],
                       checksum: info[:checksum].to_ptr.get_bytes(0, CHECKSUM_SIZE),
                       format: format.force_encoding(Encoding::UTF_8)).freeze
    end

    # Checks that bytes from a cache are exactly one well-formed MessagePack document, nested
    # at most 100 levels deep, before a parser gets them.
    # @param data [String]
    # @return [void]
    # @raise [CacheMiss] they are not
    # @raise [ForkedError]
    def msgpack_check(data)
      data = Arguments.bytes(data, "data")
      Results.check(Native.cachekit_msgpack_check(data, data.bytesize), true)
    end

    private

    def header(envelope)
      info = Declarations::EnvelopeInfo.new
      info[:struct_size] = Declarations::EnvelopeInfo.size
      Results.check(Native.cachekit_envelope_inspect(envelope, envelope.bytesize, info.to_ptr), true)
      info
    end

    # A result of a fixed size.
    def bytes_of(size)
      out = "\0".b * size
      Results.check(yield(out))
      out
    end
  end
end
