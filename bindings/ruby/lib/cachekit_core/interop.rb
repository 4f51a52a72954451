# frozen_string_literal: true

module CachekitCore
  # Keys and values that programs in other languages share: in Python they are those of
  # <tt>@cache(interop="get_user", namespace="users")</tt> of the package cachekit.
  #
  # | Ruby | MessagePack |
  # |---|---|
  # | nil, true, false | nil, true, false |
  # | Integer, -2^63 to 2^64-1 | integer |
  # | Float, finite | float64; as an argument, 2.0 is the integer 2 |
  # | String | str in UTF-8; in the encoding ASCII-8BIT, bin |
  # | Symbol | str |
  # | Array, Hash (keys: text or Symbol) | array, map |
  # | Set, Time: as arguments only | sorted array, seconds since 1970 |
  #
  # A UUID is text with hyphens in lower case.
  module Interop
    class << self
      # The cache key of a call: the arguments in the order of the function's declaration,
      # with the defaults filled in.
      #
      # @example
      #   CachekitCore::Interop.key("users", "get_user", 42)
      #   # => "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"
      #
      # @param namespace [String] [a-z0-9][a-z0-9._-]{0,63} without ".."; "ns" and "nsapi" are
      #   reserved
      # @param operation [String] of the same form
      # @param arguments [Array<Object>] the arguments; those which Python takes as *args are
      #   one Array among them
      # @param keywords [Hash] what Python takes as **kwargs: if there are any, one map behind
      #   the arguments. If such a function gets none, the last argument is an empty Hash.
      # @return [String] text of at most 194 characters
      # @raise [InvalidInputError] a bad name, or an argument without such a form
      # @raise [InputTooLargeError, OutOfMemoryError, ForkedError]
      def key(namespace, operation, *arguments, **keywords)
        namespace = Arguments.text(namespace, "namespace")
        operation = Arguments.text(operation, "operation")
        arguments += [keywords] unless keywords.empty?
        encoded = MessagePack.new(arguments: true).encode(arguments)
        Results.sized(Declarations::INTEROP_KEY_BUFFER_SIZE, false) do |out, out_len|
          Native.cachekit_interop_key(namespace, operation, encoded, encoded.bytesize, out, out_len)
        end.chop.force_encoding(Encoding::UTF_8) # the NUL
      end

      # @param value [Object]
      # @return [String] the value as one canonical MessagePack document
      # @raise [InvalidInputError] it has no such form
      def encode(value) = MessagePack.new(arguments: false).encode(value)

      # Reads a value, after it has been checked. It needs the gem msgpack.
      # @param document [String] one MessagePack document
      # @return [Object] with text in UTF-8 and bytes in ASCII-8BIT
      # @raise [CacheMiss] it is not one well-formed document
      # @raise [LoadError] the gem msgpack is missing
      def decode(document)
        require "msgpack"
        CachekitCore.msgpack_check(document)
        # An extension type that nobody registered stays as it is.
        ::MessagePack::Factory.new.unpacker(allow_unknown_ext: true).feed(document).read
      rescue ::EOFError, ::MessagePack::UnpackError
        raise InvalidEntryError, Results.text(InvalidEntryError.code, "it cannot be read")
      end

      # Encrypts a value for its key.
      # @param keyring [Keyring] its tenant is "default", unless the other side names one
      # @param key [String] what {key} made
      # @param value [Object]
      # @return [String]
      # @raise [InvalidInputError, InputTooLargeError, CounterExhaustedError]
      # @raise [InvalidHandleError, ForkedError]
      def seal(keyring, key, value) = keyring.seal_interop(key, encode(value))

      # Decrypts a value. It needs the gem msgpack.
      # @param keyring [Keyring]
      # @param key [String] what {key} made
      # @param sealed [String]
      # @return [Object]
      # @raise [CacheMiss] it does not open
      # @raise [InvalidHandleError, ForkedError, LoadError]
      def open(keyring, key, sealed) = decode(keyring.open_interop(key, sealed))
    end
  end
end
