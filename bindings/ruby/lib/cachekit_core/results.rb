# frozen_string_literal: true

module CachekitCore
  # Where results come from, and errors.
  # @api private
  module Results
    # Memory that is used again for small results, since to allocate it costs as much as the
    # call: one call with one copy, instead of two calls and four objects.
    class Scratch
      SIZE = 65_536 # of out
      ENTRY = SIZE / 4 # the largest entry whose payload is expected to fit

      attr_reader :out, :out_len, :key_index, :pointer

      def initialize
        @out = FFI::MemoryPointer.new(SIZE, 1, false)
        @out_len = FFI::MemoryPointer.new(:size_t)
        @key_index = FFI::MemoryPointer.new(:size_t)
        @pointer = FFI::MemoryPointer.new(:pointer)
      end
    end

    # Those that nobody uses now. Array#pop and #push are atomic, also between fibers and the
    # handlers of signals. What is not given back, because the thread was killed, is collected.
    FREE = [] # rubocop:disable Style/MutableConstant
    KEPT = 32
    private_constant :FREE, :KEPT

    ROTATION_NEEDED = Declarations::Code::ROTATION_NEEDED # the one code that is a warning

    class << self
      # A result in the scratch memory. Yields out, out_len and key_index for the call.
      # @return [String, nil] nil if it does not fit
      def small(reading, owner = nil)
        scratch = FREE.pop || Scratch.new
        scratch.out_len.put_ulong(0, Scratch::SIZE)
        code = yield scratch.out, scratch.out_len, scratch.key_index
        if code.zero? || code == ROTATION_NEEDED
          result = scratch.out.get_bytes(0, scratch.out_len.get_ulong(0))
          give_back(scratch)
          owner&.__send__(:warn_of_rotation) unless code.zero?
          return result
        end
        give_back(scratch)
        code == BufferTooSmallError::CODE ? nil : failed(code, reading)
      end

      # A burst of threads leaves no more than a few.
      def give_back(scratch)
        FREE.push(scratch) if FREE.size < KEPT
      end

      # A result that the library allocates. Yields pointer, out_len and key_index.
      # @return [String]
      def allocated(reading, owner = nil)
        pointer = FFI::MemoryPointer.new(:pointer)
        out_len = FFI::MemoryPointer.new(:size_t)
        key_index = FFI::MemoryPointer.new(:size_t)
        begin
          code = yield pointer, out_len, key_index
          check(code, reading, owner)
          pointer.read_pointer.get_bytes(0, out_len.get_ulong(0))
        ensure # also if another thread ended this one
          Native.cachekit_free_buffer(pointer.read_pointer)
        end
      end

      # A result whose size, or a bound that it nearly has, is known, written where it stays.
      # Yields out, out_len and key_index.
      # @return [String]
      def sized(size, reading, owner = nil)
        out = "\0".b * size
        scratch = FREE.pop || Scratch.new
        scratch.out_len.put_ulong(0, size)
        code = yield out, scratch.out_len, scratch.key_index
        length = scratch.out_len.get_ulong(0)
        give_back(scratch)
        check(code, reading, owner)
        length == size ? out : out.byteslice(0, length)
      end

      # The size of what a ciphertext holds; more than is allowed is left to the library to
      # refuse, without memory for it.
      def plaintext_size(ciphertext)
        found = ciphertext.bytesize - CIPHERTEXT_OVERHEAD
        found.between?(0, MAX_PAYLOAD_SIZE) ? found : 0
      end

      # @return [void]
      def check(code, reading = false, owner = nil)
        return if code.zero?
        return owner&.__send__(:warn_of_rotation) if code == ROTATION_NEEDED

        failed(code, reading)
      end

      # Raises the error of a code, with what the last call of this thread found.
      def failed(code, reading = false)
        raise error(code, Native.cachekit_last_error_detail, reading)
      end

      # @return [CachekitError]
      def error(code, detail, reading)
        kind = (reading ? BY_CODE_OF_ENTRY : BY_CODE)[code]
        return CachekitError.new("#{text(code, detail)} (#{code})") if kind.nil?

        kind.new(text(code, code == ForkedError::CODE ? FORKED : detail))
      end

      # @return [String] the text of a code, and what was found
      def text(code, detail)
        [Native.cachekit_error_string(code), detail].reject(&:empty?)
                                                    .join(": ").force_encoding(Encoding::UTF_8)
      end
    end

    FORKED = "use it only in the children (workers), after the fork"
    private_constant :FORKED
  end
  private_constant :Results
end
