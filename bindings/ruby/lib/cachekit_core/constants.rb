# frozen_string_literal: true

module CachekitCore
  # The version of this gem, and of the C library that belongs to it.
  VERSION = [Declarations::VERSION_MAJOR, Declarations::VERSION_MINOR,
             Declarations::VERSION_PATCH].join(".").freeze

  # The sizes and limits, MAX_PAYLOAD_SIZE and others, are constants of this module too, but for
  # those of buffers, which this gem takes itself.
  Declarations.constants.grep_v(/\AVERSION_|BUFFER_SIZE\z|\AMAX_DETAIL_SIZE\z/).each do |name|
    value = Declarations.const_get(name)
    const_set(name, value) if value.is_a?(Integer)
  end
end
