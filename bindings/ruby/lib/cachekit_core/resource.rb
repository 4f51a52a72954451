# frozen_string_literal: true

module CachekitCore
  # What has a handle of the library: {ByteStorage}, {Encryptor} and {Keyring}. The garbage
  # collector frees what was not closed. Copying and dumping are refused.
  # @abstract
  class Resource
    # Frees a handle when nobody has it any more, also in a forked process, where the library
    # allows that.
    class Handle < FFI::AutoPointer
      class << self
        attr_accessor :free_function

        # Called by FFI.
        def release(pointer) = Native.public_send(free_function, pointer)
      end
    end
    private_constant :Handle

    # @param free_function [Symbol]
    # @return [Class] a class of handles
    # @api private
    def self.handles(free_function)
      Class.new(Handle) { self.free_function = free_function }
    end
    private_class_method :handles

    # Makes an object and, with a block, yields it and closes it.
    # @yieldparam object [Resource]
    # @return [Resource, Object] the object, or what the block returned
    def self.open(*arguments, **options)
      object = new(*arguments, **options)
      return object unless block_given?

      object.__send__(:closing) { yield object }
    end

    # Frees the object and wipes its keys. Calls that have begun finish. It may be closed
    # again.
    # @return [void]
    def close
      @closed = true
      @handle.free
      nil
    end

    # @return [Boolean]
    def closed? = @closed

    # @return [String] shows no keys
    def inspect = "#<#{self.class}#{" (closed)" if @closed}>"

    # @api private
    def initialize_copy(_other)
      raise TypeError, "a #{self.class} cannot be copied; threads may share it"
    end

    # @api private
    def marshal_dump
      raise TypeError, "a #{self.class} cannot be dumped"
    end

    private

    def own(handle)
      @closed = false
      @handle = handle
    end

    def closing
      yield
    ensure
      close
    end

    # What a number is asked of must be open: the library says 0 where it is not.
    def handle
      return @handle unless @closed

      raise InvalidHandleError, Results.text(InvalidHandleError::CODE, "closed")
    end
  end

  # What encrypts, and so wears out: {Encryptor} and {Keyring}.
  module Wears
    # @return [Boolean] whether 2^31 encryptions have been made: then make a new object in
    #   the place of this one, which refuses after 2^32
    def rotation_needed? = @rotation_needed || counter >= ROTATION_FROM

    ROTATION_FROM = 2**31
    private_constant :ROTATION_FROM

    private

    # Once for each object. What was encrypted is complete.
    def warn_of_rotation
      return if @rotation_needed

      @rotation_needed = true
      Kernel.warn("cachekit_core: rotation needed: this #{self.class} has made 2^31 encryptions; " \
                  "make a new one, which may have the same keys", uplevel: outside)
    end

    # How many frames above warn_of_rotation the caller of this gem is.
    def outside
      frames = caller_locations(2)
      1 + (frames.index { |place| !place.absolute_path.to_s.start_with?(__dir__) } || 0)
    end
  end
end
