# frozen_string_literal: true

module CachekitCore
  # Checks what the caller passes, so that an error which the library then reports of an
  # entry is about the entry.
  # @api private
  module Arguments
    module_function

    # @return [String] the value, of which the bytes count
    def bytes(value, name)
      return value if value.instance_of?(String)
      # A class below String may answer bytesize as it likes, and C would read that much.
      return String.new(value) if String === value # rubocop:disable Style/CaseEquality

      raise TypeError, "#{name} is a #{value.class}, not a String"
    end

    # A String that stays as it is while other threads run: frozen, or one of our own, which
    # shares its memory with the value until somebody changes that.
    def held(value) = value.frozen? ? value : String.new(value)

    def cache_key(value)
      value = bytes(value, "cache_key")
      too_long("cache_key", value, MAX_CACHE_KEY_SIZE) if value.bytesize > MAX_CACHE_KEY_SIZE
      value
    end

    # @return [String, nil] a format, of a String or Symbol
    def format(value)
      return value if value.nil?

      value = value.name if value.is_a?(Symbol)
      value = bytes(value, "format")
      too_long("format", value, MAX_FORMAT_SIZE) if value.bytesize > MAX_FORMAT_SIZE
      text(value, "format")
    end

    # @return [String] the bytes of the value, which are UTF-8 without a NUL, and {held}: C
    #   looks for the end of a text, so what is in it may not change either
    def text(value, name)
      value = held(bytes(value, name))
      whole = value.encoding == Encoding::UTF_8 ? value : value.dup.force_encoding(Encoding::UTF_8)
      return whole if whole.valid_encoding? && !whole.include?("\0")

      raise InvalidInputError, Results.text(
        InvalidInputError::CODE, "#{name} is not UTF-8, or has a NUL in it"
      )
    end

    # The longest interop key, without the NUL that the size counts.
    INTEROP_KEY_SIZE = Declarations::INTEROP_KEY_BUFFER_SIZE - 1

    def interop_key(value)
      value = bytes(value, "interop_key")
      too_long("interop_key", value, INTEROP_KEY_SIZE) if value.bytesize > INTEROP_KEY_SIZE
      text(value, "interop_key")
    end

    # @return [String] the value, which has 32 bytes
    def key(value)
      value = bytes(value, "key")
      return value if value.bytesize == KEY_SIZE

      raise InvalidKeyLengthError, Results.text(
        InvalidKeyLengthError::CODE, "#{value.bytesize} bytes, #{KEY_SIZE} needed"
      )
    end

    # @return [Integer] the value, if a C number of that type holds it
    def integer(value, name, limit)
      raise TypeError, "#{name} is a #{value.class}, not an Integer" unless value.is_a?(Integer)
      return value if value.between?(0, limit)

      raise InvalidInputError, Results.text(
        InvalidInputError::CODE, "#{name} is #{value}, at most #{limit}"
      )
    end

    def too_long(name, value, limit)
      raise InputTooLargeError, Results.text(
        InputTooLargeError::CODE, "#{name} has #{value.bytesize} bytes, at most #{limit}"
      )
    end
  end
  private_constant :Arguments
end
