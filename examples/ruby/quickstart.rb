#!/usr/bin/env ruby
# frozen_string_literal: true

# Compresses and encrypts a value for one place in the cache, and opens it again.

require_relative "clone" # with the gem installed: require "cachekit_core"

def main
  value = '[{"id":1,"name":"Ada","role":"reader"},' \
          '{"id":2,"name":"Grace","role":"reader"},' \
          '{"id":3,"name":"Radia","role":"reader"},' \
          '{"id":4,"name":"Barbara","role":"reader"}]'
  # A key for this run. A real one comes from where you keep secrets: see Keyring.from_env.
  CachekitCore::Keyring.open(CachekitCore.generate_key, tenant: "acme") do |keyring|
    sealed = keyring.seal("users:all", value, format: "json")
    opened = keyring.open("users:all", sealed, format: "json")
    puts "#{value.bytesize} bytes, #{sealed.bytesize} sealed, #{opened.bytesize} opened", opened

    # The cache key is authenticated: copied to another one, the entry does not open.
    begin
      keyring.open("users:other", sealed, format: "json")
    rescue CachekitCore::CacheMiss => e
      puts "under another cache key: #{e.name}: #{e.message}"
    end
  end
end

begin
  main if $PROGRAM_NAME == __FILE__
rescue CachekitCore::LibraryNotFoundError => e
  abort "#{e.message}\n  run make, or name it in CACHEKIT_LIBRARY"
end
