#!/usr/bin/env ruby
# frozen_string_literal: true

# Compresses and encrypts a value for one place in the cache, and opens it again.
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
  ROTATION_NEEDED = 5 # the one code that is a warning

  # A call that did not do its work: the code of cachekit.h, its name there, and what the
  # call found.
  class Error < StandardError
    attr_reader :code, :name

    def initialize(code)
      detail = Cachekit.library.cachekit_last_error_detail # of this thread's last failure
      super([Cachekit.library.cachekit_error_string(code), detail].reject(&:empty?).join(": "))
      @code = code
      @name = Cachekit.library.cachekit_error_name(code)
    end
  end

  # Loads the library at its first use. A pre-forking server (puma) may load it
  # before it forks, and use it in the workers alone.
  def self.library
    @library ||= Module.new do
      extend FFI::Library
      path = ENV.fetch("CACHEKIT_LIBRARY", "")
      path = File.expand_path("../../build/libcachekit_core.so", __dir__) if path.empty?
      ffi_lib path
      attach_function :cachekit_error_string, [:int], :string
      attach_function :cachekit_error_name, [:int], :string
      attach_function :cachekit_last_error_detail, [], :string
      attach_function :cachekit_free_buffer, [:pointer], :void
      attach_function :cachekit_wipe, %i[pointer size_t], :void
      attach_function :cachekit_generate_key, [:pointer], :int
      attach_function :cachekit_keyring_new,
                      %i[pointer size_t pointer pointer size_t buffer_in size_t pointer], :int
      attach_function :cachekit_keyring_free, [:pointer], :void
      attach_function :cachekit_keyring_seal,
                      %i[pointer string buffer_in size_t buffer_in size_t pointer pointer], :int
      attach_function :cachekit_keyring_open,
                      %i[pointer string buffer_in size_t buffer_in size_t pointer pointer pointer],
                      :int
    end
  rescue LoadError => e
    abort "cannot load the library: #{e.message}\n  run make, or name it in CACHEKIT_LIBRARY"
  end

  def self.check(code)
    return if code.zero?
    return warn("cachekit: make a new Keyring soon") if code == ROTATION_NEEDED

    raise Error, code
  end

  # One tenant's keys: seals entries, and opens what was sealed under them.
  class Keyring
    def initialize(master, tenant)
      out = FFI::MemoryPointer.new(:pointer)
      Cachekit.check(Cachekit.library.cachekit_keyring_new(
                       master, master.size, nil, nil, 0, tenant, tenant.bytesize, out
                     ))
      @handle = out.read_pointer
    end

    # A master key for this run. A real one comes from where you keep secrets.
    def self.random(tenant)
      master = FFI::MemoryPointer.new(:uint8, KEY_SIZE) # can be wiped, unlike a string
      Cachekit.check(Cachekit.library.cachekit_generate_key(master))
      new(master, tenant)
    ensure
      Cachekit.library.cachekit_wipe(master, KEY_SIZE) if master
    end

    def free = Cachekit.library.cachekit_keyring_free(@handle)

    def seal(cache_key, data, format = "json")
      call(:cachekit_keyring_seal, cache_key, data, format)
    end

    def open(cache_key, sealed, format = "json")
      call(:cachekit_keyring_open, cache_key, sealed, format, nil)
    end

    private

    # Copies and frees the result, which the library allocates.
    def call(function, cache_key, data, format, *last)
      out = FFI::MemoryPointer.new(:pointer)
      size = FFI::MemoryPointer.new(:size_t)
      Cachekit.check(Cachekit.library.public_send(
                       function, @handle, format, cache_key, cache_key.bytesize,
                       data, data.bytesize, out, size, *last
                     ))
      out.read_pointer.read_bytes(size.get(:size_t, 0))
    ensure
      Cachekit.library.cachekit_free_buffer(out.read_pointer)
    end
  end
end

def main
  value = '[{"id":1,"name":"Ada","role":"reader"},' \
          '{"id":2,"name":"Grace","role":"reader"},' \
          '{"id":3,"name":"Radia","role":"reader"},' \
          '{"id":4,"name":"Barbara","role":"reader"}]'
  keyring = Cachekit::Keyring.random("acme")
  sealed = keyring.seal("users:all", value)
  opened = keyring.open("users:all", sealed)
  puts "#{value.bytesize} bytes, #{sealed.bytesize} sealed, #{opened.bytesize} opened", opened

  # The cache key is authenticated: copied to another one, the entry does not open.
  begin
    keyring.open("users:other", sealed)
  rescue Cachekit::Error => e
    puts "under another cache key: #{e.name}: #{e.message}"
  end
ensure
  keyring&.free
end

begin
  main if $PROGRAM_NAME == __FILE__
rescue Cachekit::Error => e
  abort "cachekit: #{e.name}: #{e.message}"
end
