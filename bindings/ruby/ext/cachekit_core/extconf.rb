# frozen_string_literal: true

# Writes the Makefile by which gem install builds the C library, which is Go inside, and
# puts it where lib/cachekit_core/library.rb looks first.

gem = File.expand_path("../..", __dir__)
go = ENV.fetch("GO", "go")
cc = ENV.fetch("CC", "cc")
{ "Go 1.26 or later (https://go.dev/dl)" => go, "a C compiler, such as gcc" => cc.split.first,
  "make" => "make" }.each do |what, program|
  next if program.include?("/") && File.executable?(program)
  next if ENV.fetch("PATH", "").split(File::PATH_SEPARATOR).any? { |dir| File.executable?(File.join(dir, program)) }

  abort "cachekit_core: where there is no gem for the platform, it is built from source, which needs #{what}: " \
        "\"#{program}\" is not installed"
end
suffix = { "linux" => "so", "darwin" => "dylib" }.find { |system, _| RUBY_PLATFORM.include?(system) }&.last
abort "cachekit_core: the library can be built on Linux and macOS only" if suffix.nil?

File.write "Makefile", <<~MAKEFILE
  all:
  \tenv -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C '#{gem}/source' BUILD='#{__dir__}/build' GO='#{go}' CC='#{cc}' all

  install: all
  \tcp -L '#{__dir__}/build/libcachekit_core.#{suffix}' '#{gem}/lib/cachekit_core/'
  \trm -rf '#{__dir__}/build'

  clean:
  \trm -rf '#{__dir__}/build'

  .PHONY: all install clean
MAKEFILE
