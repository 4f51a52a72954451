#!/usr/bin/env ruby
# frozen_string_literal: true

# Compresses and encrypts a value, then brings it back.
#
# examples/c/quickstart.c in Ruby: the ffi gem and the C library. The library
# is build/libcachekit_core.so, or what CACHEKIT_LIBRARY names.

begin
  require "ffi"
rescue LoadError
  puts "skipped: the ffi gem is missing (gem install ffi, or Debian's ruby-ffi)"
  exit
end

module Cachekit
  KEY_SIZE = 32
  OVERHEAD = 28 # by which a ciphertext is longer than its plaintext

  # A call that did not do its work.
  class Error < StandardError; end

  # Code -> exception, named after the code. RotationNeeded is never raised:
  # that call did its work.
  ERRORS = {
    1 => :InvalidInput,
    2 => :ChecksumMismatch,
    3 => :DecompressionFailed,
    4 => :DecryptionFailed,
    5 => :RotationNeeded,
    6 => :CounterExhausted,
    7 => :InvalidKeyLength,
    8 => :BufferTooSmall,
    9 => :NullPointer,
    10 => :InputTooLarge,
    11 => :DecompressionBomb,
    12 => :SizeValidationFailed,
    13 => :RngFailure,
    14 => :DomainTooLong,
    15 => :SaltTooLong,
    16 => :InvalidHandle,
    17 => :OutOfMemory,
    18 => :Forked,
    19 => :Internal
  }.transform_values { |name| const_set(name, Class.new(Error)) }.freeze

  # Loads the library at its first use. A pre-forking server (puma) may load it
  # before it forks, and use it in the workers alone.
  def self.library
    @library ||= Module.new do
      extend FFI::Library
      path = ENV.fetch("CACHEKIT_LIBRARY", "")
      path = File.expand_path("../../build/libcachekit_core.so", __dir__) if path.empty?
      ffi_lib path
      attach_function :cachekit_error_string, [:int], :string
      attach_function :cachekit_free_buffer, [:pointer], :void
      attach_function :cachekit_wipe, %i[pointer size_t], :void
      attach_function :cachekit_byte_storage_new, [:string], :pointer
      attach_function :cachekit_byte_storage_free, [:pointer], :void
      attach_function :cachekit_byte_storage_store,
                      %i[pointer buffer_in size_t string pointer pointer], :int
      attach_function :cachekit_byte_storage_retrieve,
                      %i[pointer buffer_in size_t pointer pointer], :int
      attach_function :cachekit_derive_key,
                      %i[pointer size_t buffer_in size_t buffer_in size_t pointer], :int
      attach_function :cachekit_encryptor_new, [:pointer], :pointer
      attach_function :cachekit_encryptor_free, [:pointer], :void
      %i[cachekit_encrypt cachekit_decrypt].each do |name|
        attach_function name, %i[pointer pointer size_t buffer_in size_t buffer_in size_t
                                 pointer pointer], :int
      end
    end
  rescue LoadError => e
    abort "cannot load the library: #{e.message}\n  run make, or name it in CACHEKIT_LIBRARY"
  end

  def self.check(code)
    return if code.zero?

    text = library.cachekit_error_string(code)
    return warn("cachekit: #{text}; make a new encryptor") if ERRORS[code] == RotationNeeded

    raise ERRORS.fetch(code, Error), text
  end

  # Yields places for a result that the library allocates; copies and frees it.
  def self.take
    out = FFI::MemoryPointer.new(:pointer)
    size = FFI::MemoryPointer.new(:size_t)
    check(yield(out, size))
    out.read_pointer.read_bytes(size.get(:size_t, 0))
  ensure
    library.cachekit_free_buffer(out.read_pointer)
  end

  # LZ4 and a checksum, in an envelope.
  class ByteStorage
    def initialize(default_format = nil)
      @handle = Cachekit.library.cachekit_byte_storage_new(default_format)
    end

    def free = Cachekit.library.cachekit_byte_storage_free(@handle)

    def store(data)
      Cachekit.take do |out, size|
        Cachekit.library.cachekit_byte_storage_store(@handle, data, data.bytesize, nil, out, size)
      end
    end

    def retrieve(envelope)
      Cachekit.take do |out, size|
        Cachekit.library.cachekit_byte_storage_retrieve(@handle, envelope, envelope.bytesize,
                                                        out, size)
      end
    end
  end

  # 32 bytes that can be wiped; Ruby's own strings cannot.
  class Key
    attr_reader :pointer

    def initialize
      @pointer = FFI::MemoryPointer.new(:uint8, KEY_SIZE)
    end

    # A key for this run. A real one comes from where you keep secrets.
    def self.random
      File.open("/dev/urandom", "rb") do |file|
        new.tap { |key| key.pointer.write_bytes(file.read(KEY_SIZE)) }
      end
    end

    def derive(salt, domain)
      Key.new.tap do |key|
        Cachekit.check(Cachekit.library.cachekit_derive_key(
                         pointer, KEY_SIZE, salt, salt.bytesize, domain, domain.bytesize,
                         key.pointer
                       ))
      end
    end

    def wipe = Cachekit.library.cachekit_wipe(pointer, KEY_SIZE)
  end

  # AES-256-GCM with nonces that do not repeat.
  class Encryptor
    def initialize
      error = FFI::MemoryPointer.new(:int)
      @handle = Cachekit.library.cachekit_encryptor_new(error)
      Cachekit.check(error.read_int)
    end

    def free = Cachekit.library.cachekit_encryptor_free(@handle)

    def encrypt(key, plaintext, aad)
      call(:cachekit_encrypt, key, plaintext, aad, plaintext.bytesize + OVERHEAD)
    end

    def decrypt(key, ciphertext, aad)
      call(:cachekit_decrypt, key, ciphertext, aad, [ciphertext.bytesize - OVERHEAD, 0].max)
    end

    private

    def call(function, key, data, aad, capacity)
      out = FFI::MemoryPointer.new(:uint8, [capacity, 1].max)
      size = FFI::MemoryPointer.new(:size_t)
      size.put(:size_t, 0, capacity)
      Cachekit.check(Cachekit.library.public_send(function, @handle, key.pointer, KEY_SIZE,
                                                  aad, aad.bytesize, data, data.bytesize,
                                                  out, size))
      out.read_bytes(size.get(:size_t, 0))
    end
  end
end

def main
  value = '[{"id":1,"name":"Ada","role":"reader"},' \
          '{"id":2,"name":"Grace","role":"reader"},' \
          '{"id":3,"name":"Radia","role":"reader"},' \
          '{"id":4,"name":"Barbara","role":"reader"}]'
  cache_key = "users:all"
  storage = Cachekit::ByteStorage.new
  encryptor = Cachekit::Encryptor.new
  master = Cachekit::Key.random
  key = master.derive("acme", "encryption")
  master.wipe

  envelope = storage.store(value)
  sealed = encryptor.encrypt(key, envelope, cache_key)
  back = storage.retrieve(encryptor.decrypt(key, sealed, cache_key))
  puts "#{value.bytesize} bytes: #{envelope.bytesize} in an envelope, " \
       "#{sealed.bytesize} encrypted, #{back.bytesize} back", back

  # The cache key is authenticated too: for another key this entry does not open.
  begin
    encryptor.decrypt(key, sealed, "users:other")
  rescue Cachekit::DecryptionFailed => e
    puts "under another cache key: DecryptionFailed: #{e.message}"
  end
ensure
  [master, key].compact.each(&:wipe)
  [encryptor, storage].compact.each(&:free)
end

begin
  main if $PROGRAM_NAME == __FILE__
rescue Cachekit::Error => e
  abort "cachekit: #{e.class.name.delete_prefix("Cachekit::")}: #{e.message}"
end
