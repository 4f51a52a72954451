# frozen_string_literal: true

# The library as a host loads it: when this file is required, symbols looked up,
# nothing called.

require "ffi"

module Cachekit
  extend FFI::Library
  ffi_lib ENV.fetch("CACHEKIT_LIBRARY")
  attach_function :keyring_new, :cachekit_keyring_new,
                  %i[buffer_in size_t pointer pointer size_t buffer_in size_t pointer], :int
  attach_function :keyring_free, :cachekit_keyring_free, [:pointer], :void
  attach_function :seal, :cachekit_keyring_seal,
                  %i[pointer string buffer_in size_t buffer_in size_t pointer pointer], :int
  attach_function :open, :cachekit_keyring_open,
                  %i[pointer string buffer_in size_t buffer_in size_t pointer pointer pointer], :int
  attach_function :free_buffer, :cachekit_free_buffer, [:pointer], :void
  attach_function :build_info, :cachekit_build_info, [], :string

  # The code is in the message.
  class Error < StandardError; end

  def self.check(code)
    raise Error, code.to_s unless code.zero?
  end

  def self.take
    out = FFI::MemoryPointer.new(:pointer)
    size = FFI::MemoryPointer.new(:size_t)
    check(yield(out, size))
    out.read_pointer.read_bytes(size.get(:size_t, 0))
  ensure
    free_buffer(out.read_pointer)
  end

  # Seals and opens count values under a new keyring, and returns the first 8
  # bytes of their nonces in hexadecimal digits: the keyring's instance.
  def self.round_trips(count)
    place = FFI::MemoryPointer.new(:pointer)
    check(keyring_new("k" * 32, 32, nil, nil, 0, "acme", 4, place))
    keyring = place.read_pointer
    instances = count.times.map do |i|
      value = %({"id":#{i}}) * (i + 1)
      key = "users:#{i}"
      sealed = take { |*out| seal(keyring, "msgpack", key, key.size, value, value.size, *out) }
      back = take do |*out|
        open(keyring, "msgpack", key, key.size, sealed, sealed.bytesize, *out, nil)
      end
      raise "value #{i} came back as #{back}" unless back == value

      sealed.byteslice(0, 8).unpack1("H*")
    end
    raise "instances #{instances.uniq}" unless instances.uniq.size == 1

    instances.first
  ensure
    keyring_free(keyring)
  end

  # The code of a use of the library, 0 if all is well.
  def self.code_of_use
    round_trips(1)
    0
  rescue Error => e
    Integer(e.message)
  end

  # Whether a process has the library.
  def self.loaded?(pid) = File.read("/proc/#{pid}/maps").include?("libcachekit_core.so")

  # The number of threads of a process.
  def self.threads(pid = "self") = Dir.children("/proc/#{pid}/task").size
end
