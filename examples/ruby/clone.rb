# frozen_string_literal: true

# Lets the examples find the gem and the library in a clone of this repository. A program that
# uses the installed gem needs nothing of this but the last line.

$LOAD_PATH.unshift(File.expand_path("../../bindings/ruby/lib", __dir__))
if ENV.fetch("CACHEKIT_LIBRARY", "").empty?
  ENV["CACHEKIT_LIBRARY"] = File.expand_path("../../build/libcachekit_core.so", __dir__)
end

begin
  require "cachekit_core"
rescue LoadError => e
  raise unless e.path == "ffi"

  puts "skipped: the ffi gem is missing (gem install ffi, or Debian's ruby-ffi)"
  exit
end
