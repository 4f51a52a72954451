# frozen_string_literal: true

module CachekitCore
  # Above all errors of the C library. errors.rb has one class for each code.
  class CachekitError < StandardError
    # @return [Integer] the code of this class, as cachekit.h has it
    def self.code = const_get(:CODE)

    # @return [String] the name of the code, such as "CACHEKIT_CHECKSUM_MISMATCH"
    def self.code_name = const_get(:NAME)

    # @return [Integer] the code, as cachekit.h has it
    def code = self.class.code

    # @return [String] the name of the code, such as "CACHEKIT_CHECKSUM_MISMATCH"
    def name = self.class.code_name
  end

  # In every error that means: treat the entry as if it were not in the cache. It is a module,
  # so that <tt>rescue CachekitCore::CacheMiss</tt> also gets those that are an
  # {InvalidInputError} or {InputTooLargeError} of an entry.
  module CacheMiss; end
end
