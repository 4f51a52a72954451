# frozen_string_literal: true

require "set"

module CachekitCore
  # Writes Ruby values as canonical MessagePack, by the rules of docs/interop.md.
  # @api private
  class MessagePack
    DEPTH = 100 # of arrays and maps inside each other
    INTEGERS = (-(2**63)..(2**64) - 1)
    private_constant :DEPTH, :INTEGERS

    # @param arguments [Boolean] whether these are the arguments of a key: then equal numbers
    #   are equal, and there may be sets and times
    def initialize(arguments:)
      @arguments = arguments
    end

    # @return [String]
    def encode(value, depth = 0)
      case value
      when nil then "\xC0".b
      when true then "\xC3".b
      when false then "\xC2".b
      when Integer then integer(value)
      when Float then float(value)
      when Symbol then string(value.name)
      when String then string(value)
      when Array then array(value, depth)
      when Hash then map(value, depth)
      when Set, Time then argument(value, depth)
      else refuse("a #{value.class} has no form in MessagePack")
      end
    end

    private

    def refuse(why)
      raise InvalidInputError, Results.text(InvalidInputError::CODE, why)
    end

    def integer(value)
      case value
      when 0..0x7F then [value].pack("C")
      when -0x20..-1 then [value].pack("c")
      when 0x80..0xFF then [0xCC, value].pack("CC")
      when 0x100..0xFFFF then [0xCD, value].pack("CS>")
      when 0x1_0000..0xFFFF_FFFF then [0xCE, value].pack("CL>")
      when 0x1_0000_0000..INTEGERS.last then [0xCF, value].pack("CQ>")
      when -0x80..-0x21 then [0xD0, value].pack("Cc")
      when -0x8000..-0x81 then [0xD1, value].pack("Cs>")
      when -0x8000_0000..-0x8001 then [0xD2, value].pack("Cl>")
      when INTEGERS.first..-0x8000_0001 then [0xD3, value].pack("Cq>")
      else refuse("an integer is below -2^63 or above 2^64-1")
      end
    end

    def float(value)
      refuse("a float is not a number or infinite") unless value.finite?
      return integer(value.to_i) if @arguments && integral?(value)

      [0xCB, value].pack("CG")
    end

    def integral?(value) = value == value.floor && INTEGERS.cover?(value.to_i)

    # Text is str, in UTF-8; what has the encoding ASCII-8BIT is bin.
    def string(value)
      return sized(value, [nil, 0xC4, 0xC5, 0xC6]) if value.encoding == Encoding::BINARY

      text = value.encode(Encoding::UTF_8)
      refuse("a string is not UTF-8; bytes have the encoding ASCII-8BIT") unless text.valid_encoding?
      return [0xA0 | text.bytesize].pack("C") << text.b if text.bytesize < 32

      sized(text, [nil, 0xD9, 0xDA, 0xDB])
    rescue EncodingError
      refuse("a string cannot be written in UTF-8")
    end

    def sized(bytes, headers)
      header(bytes.bytesize, headers) << bytes.b
    end

    # The first of the headers stands for sizes up to 15, and has them inside.
    def header(size, (tiny, byte, short, long))
      return [tiny | size].pack("C") if tiny && size < 16
      return [byte, size].pack("CC") if byte && size <= 0xFF
      return [short, size].pack("CS>") if size <= 0xFFFF
      return [long, size].pack("CL>") if size <= 0xFFFF_FFFF

      refuse("more than 2^32-1 bytes or elements")
    end

    def array(value, depth) = elements(value.map { |element| inside(element, depth) })

    def elements(encoded) = header(encoded.size, [0x90, nil, 0xDC, 0xDD]) << encoded.join

    def inside(value, depth)
      refuse("nested more than #{DEPTH} levels deep") if depth == DEPTH

      encode(value, depth + 1)
    end

    def map(value, depth)
      pairs = value.map { |key, element| [name(key), inside(element, depth)] }
      keys = pairs.map(&:first)
      refuse("a map has the same key twice, as a String and as a Symbol") if keys.uniq.size < keys.size

      header(pairs.size, [0x80, nil, 0xDE, 0xDF]) <<
        pairs.sort_by(&:first).map { |key, element| string(key.dup.force_encoding("UTF-8")) << element }.join
    end

    # @return [String] the bytes of a map's key
    def name(key)
      key = key.name if key.is_a?(Symbol)
      unless key.is_a?(String) && key.encoding != Encoding::BINARY
        refuse("a key of a map is not text; bytes have the encoding ASCII-8BIT")
      end
      key.encode(Encoding::UTF_8).b
    rescue EncodingError
      refuse("a string cannot be written in UTF-8")
    end

    def argument(value, depth)
      unless @arguments
        refuse("a #{value.class} can be an argument, not a value: " \
               "store it as an array, a number or text")
      end
      return float(seconds(value)) if value.is_a?(Time)

      elements(value.map { |element| inside(element, depth) }.uniq.sort)
    end

    # Microseconds, rounded down, and one division.
    def seconds(time) = (time.to_r * 1_000_000).floor.to_f / 1_000_000
  end
  private_constant :MessagePack
end
