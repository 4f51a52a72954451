# frozen_string_literal: true

module CachekitCore
  # The version of this gem, and of the C library that belongs to it.
  VERSION = [Declarations::VERSION_MAJOR, Declarations::VERSION_MINOR,
             Declarations::VERSION_PATCH].join(".").freeze

  # The sizes and limits, MAX_PAYLOAD_SIZE and others, are constants of this module too.
  Declarations.constants.each do |name|
    value = Declarations.const_get(name)
    const_set(name, value) if value.is_a?(Integer) && !name.start_with?("VERSION_")
  end
end
