# frozen_string_literal: true

module CachekitCore
  # The items of a call that takes many.
  #
  # The library gets the addresses of the payloads. Ruby may move a short String, which lies
  # inside its object, while memory is compacted; so short ones are copied to one place first,
  # and of long ones, whose bytes lie elsewhere and stay there, the address is taken.
  # @api private
  class Batch
    COPIED_BELOW = 4096 # bytes; Ruby embeds Strings up to 640
    ITEM_SIZE = Declarations::Item.size
    WORDS = 8 # of a pointer's size in each item, the last of which is the error
    private_constant :COPIED_BELOW, :ITEM_SIZE, :WORDS

    # Errors of all items.
    WHOLE = [InvalidHandleError, OutOfMemoryError, ForkedError, NullPointerError].map(&:code).freeze
    private_constant :WHOLE

    # @param pairs [Array] of cache keys and data; an item of nil data is left out
    # @param owner [Resource, nil] who warns of rotation
    def initialize(pairs, reading:, owner: nil)
      @pairs = pairs
      @reading = reading
      @owner = owner
      @strings = pairs.flat_map { |pair| strings(pair) }
      @count = @strings.size / 2
    end

    # @param function [Symbol]
    # @param arguments [Array] those before the items
    # @yieldparam key_index [Integer] of each result
    # @return [Array<String, CachekitError, nil>]
    def call(function, *arguments, &)
      function, *@strings = Native.for(function, *@strings,
                                       expansion: @reading ? Native::EXPANSION : 1)
      items = FFI::MemoryPointer.new(:uint8, [@count * ITEM_SIZE, 1].max)
      items.put_bytes(0, packed)
      results = FFI::MemoryPointer.new(:pointer)
      begin
        code = Native.public_send(function, *arguments, items, @count, ITEM_SIZE, results)
        Results.failed(code) if WHOLE.include?(code)
        detail = Native.cachekit_last_error_detail.sub(/\Aitems\[\d+\]: /, "") if code != 0
        align(take(items.get_bytes(0, @count * ITEM_SIZE), results.read_pointer, detail,
                   &))
      ensure
        Native.cachekit_free_buffer(results.read_pointer)
      end
    end

    private

    def strings(pair)
      unless pair.is_a?(Array) && pair.size == 2
        raise TypeError, "an item is a #{pair.class}, not an Array of a cache key and data"
      end

      key, data = pair
      Arguments.cache_key(key)
      data.nil? ? [] : [key, Arguments.bytes(data, "data")]
    end

    # The items in C's layout: addresses and lengths, and zeros for what the call sets.
    def packed
      short, = @strings.partition { |string| string.bytesize < COPIED_BELOW }
      @copies = FFI::MemoryPointer.new(:uint8, [short.sum(&:bytesize), 1].max, false)
      @copies.put_bytes(0, short.map(&:b).join)
      next_copy = @copies.address
      words = @strings.flat_map do |string|
        size = string.bytesize
        next [[string].pack("p").unpack1("J"), size] if size >= COPIED_BELOW

        next_copy += size
        [next_copy - size, size]
      end
      words.each_slice(4).flat_map { |item| [*item, 0, 0, 0, 0] }.pack("J*")
    end

    # The result of each item.
    def take(items, results, detail)
      items.unpack("J*").each_slice(WORDS).map do |*, out, out_len, key_index, code|
        if code.zero? || code == Results::ROTATION_NEEDED
          @owner&.__send__(:warn_of_rotation) unless code.zero?
          data = results.get_bytes(out - results.address, out_len)
          next block_given? ? yield(data, key_index) : data
        end
        error = Results.error(code, detail || "", @reading)
        detail = nil # it is that of the first one
        error
      end
    end

    def align(results)
      return results if results.size == @pairs.size

      taken = results.each
      @pairs.map { |_, data| data.nil? ? nil : taken.next }
    end
  end
  private_constant :Batch
end
