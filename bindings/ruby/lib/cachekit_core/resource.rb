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

    # @param kind [String] what the names of the library's functions call such an object
    # @return [Class] a class of handles
    # @api private
    def self.handles(kind)
      Class.new(Handle) { self.free_function = :"cachekit_#{kind}_free" }
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

    # What the object has done. A seal counts as a store and an encryption, an open as a
    # decryption and a retrieval.
    # @return [Hash] +:store+, +:retrieve+, +:encrypt+ and +:decrypt+, each a Hash of
    #   +:operations+, +:errors+, +:bytes_in+, +:bytes_out+, +:timed_operations+, +:total_ns+
    #   and +:last_ns+, and +:last_compression_ratio+ and +:hardware_accelerated+
    # @raise [InvalidHandleError, ForkedError]
    def metrics = MetricsOf.hash(metrics_struct)

    # @param name [String, nil] whose metrics these are, as a label
    # @return [String] the metrics as text for Prometheus, in UTF-8
    # @raise [InvalidInputError, InputTooLargeError, InvalidHandleError, ForkedError]
    def metrics_text(name = nil) = MetricsOf.text(metrics_struct, name)

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

    # Calls the function of that name for this kind of object.
    def native(name, *arguments)
      Native.public_send(:"cachekit_#{self.class.const_get(:KIND)}_#{name}", handle, *arguments)
    end

    def metrics_struct = MetricsOf.struct { |out| native(:get_metrics, out) }

    # What a number is asked of must be open: the library says 0 where it is not.
    def handle
      return @handle unless @closed

      raise InvalidHandleError, Results.text(InvalidHandleError::CODE, "closed")
    end
  end

  # What compresses: {ByteStorage} and {Keyring}.
  module Compresses
    # @return [Integer] how hard it compresses, 1 to 9; readers need not know
    attr_reader :level
    # @return [Integer] the limit of a payload, in bytes
    attr_reader :max_payload

    # @param level [Integer] 1, the fastest, to 9, which makes the smallest envelopes
    # @raise [InvalidInputError, InvalidHandleError, ForkedError]
    def level=(level)
      Arguments.integer(level, "level", MAX_LEVEL)
      Results.check(native(:set_level, level))
      @level = level
    end

    # @param bytes [Integer] limit of a payload, 1 to 512 MiB. What claims more is refused
    #   before memory is taken for it.
    # @raise [InvalidInputError, InvalidHandleError, ForkedError]
    def max_payload=(bytes)
      Arguments.integer(bytes, "max_payload", MAX_PAYLOAD_SIZE)
      Results.check(native(:set_max_payload, bytes))
      @max_payload = bytes
    end
  end

  # What encrypts, and so needs to be replaced after a number of encryptions: {Encryptor}
  # and {Keyring}.
  module Encrypts
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
