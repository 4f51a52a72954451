# frozen_string_literal: true

module CachekitCore
  # The items of a call that takes many.
  #
  # The library gets the addresses of the payloads. Ruby may move a short String, which lies
  # inside its object, while memory is compacted; so short ones are copied to one place first,
  # and of long ones, whose bytes lie elsewhere and stay there, the address is taken. An item
  # is eight words of a pointer's size; a test compares that with the struct.
  # @api private
  class Batch
    COPIED_BELOW = 4096 # bytes; Ruby embeds Strings up to 640
    ITEM_SIZE = Declarations::Item.size
    private_constant :COPIED_BELOW, :ITEM_SIZE

    # What fails for all items at once, if none of them succeeded.
    WHOLE = [InvalidHandleError, OutOfMemoryError, ForkedError, NullPointerError, InternalError].map(&:code).freeze
    private_constant :WHOLE

    # @param pairs [Array] of cache keys and data; an item of nil data is left out
    # @param owner [Resource, nil] who warns of rotation
    def initialize(pairs, reading:, owner: nil)
      @pairs = pairs
      @reading = reading
      @owner = owner
      @strings = []
      pairs.each { |pair| add(pair) }
      @count = @strings.size / 2
    end

    # @param function [Symbol]
    # @param arguments [Array] those before the items
    # @yieldparam key_index [Integer] of each result
    # @return [Array<String, CachekitError, nil>]
    def call(function, *arguments, &)
      large = Native.large?(@strings, @reading ? Native::EXPANSION : 1)
      function = Native.without_gvl(function) if large
      items = FFI::MemoryPointer.new([@count * ITEM_SIZE, 1].max, 1, false)
      items.put_bytes(0, packed)
      results = FFI::MemoryPointer.new(:pointer)
      begin
        code = Native.public_send(function, *arguments, items, @count, ITEM_SIZE, results)
        Results.failed(code) if WHOLE.include?(code) && results.read_pointer.null?
        detail = Native.cachekit_last_error_detail.sub(/\Aitems\[\d+\]: /, "") if code != 0
        align(take(items.get_bytes(0, @count * ITEM_SIZE), results.read_pointer, detail, &))
      ensure
        Native.cachekit_free_buffer(results.read_pointer)
      end
    end

    private

    def add(pair)
      unless pair.is_a?(Array) && pair.size == 2
        found = pair.is_a?(Array) ? "an Array of #{pair.size}" : pair.class
        raise TypeError, "an item is #{found}, not an Array of a cache key and data"
      end

      key, data = pair
      key = Arguments.cache_key(key)
      @strings.push(key, Arguments.bytes(data, "data")) unless data.nil?
    end

    # The items in C's layout: addresses and lengths, and zeros for what the call sets.
    # (Few calls of Ruby for each item: they are what a small item costs.)
    def packed
      short = @strings.select { |string| string.bytesize < COPIED_BELOW }
      bytes = short.pack("a*" * short.size)
      @copies = FFI::MemoryPointer.new([bytes.bytesize, 1].max, 1, false)
      @copies.put_bytes(0, bytes)
      address = @copies.address
      words = []
      @held = []
      @strings.each do |string|
        size = string.bytesize
        if size < COPIED_BELOW
          words.push(address, size)
          address += size
        else
          @held << (string = Arguments.held(string))
          words.push([string].pack("p").unpack1("J"), string.bytesize)
        end
      end
      # Else some of the addresses would lie outside.
      raise ThreadError, "an item was changed meanwhile" if address != @copies.address + bytes.bytesize

      words.pack("J4x#{4 * FFI::Pointer.size}" * @count)
    end

    # The result of each item.
    def take(items, results, detail)
      start = results.address
      words = items.unpack("x#{4 * FFI::Pointer.size}J4" * @count)
      Array.new(@count) do |i|
        i *= 4
        code = words[i + 3]
        if code.zero? || code == Results::ROTATION_NEEDED
          @owner&.__send__(:warn_of_rotation) unless code.zero?
          data = results.get_bytes(words[i] - start, words[i + 1])
          next block_given? ? yield(data, words[i + 2]) : data
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
