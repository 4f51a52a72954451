# frozen_string_literal: true

require_relative "helper"

# How the library is found. Each in a process of its own.
class LibraryTest < Minitest::Test
  include Helper

  REPORT = "begin; CachekitCore.load%s; puts CachekitCore.library_version; rescue LoadError => e; puts e.class, e.message; end"

  def test_version
    assert_equal CachekitCore::VERSION, CachekitCore.library_version
    assert_match(/\Ago1\./, CachekitCore.build_info)
  end

  # Requiring loads nothing; so does what needs no library.
  def test_at_first_use
    out = ruby('maps = -> { File.read("/proc/self/maps").include?("libcachekit_core") }; p maps.call; CachekitCore.checksum("x"); p maps.call')
    assert_equal "false\ntrue\n", out
  end

  def test_named_and_missing
    out = ruby(format(REPORT, ""), environment: { "CACHEKIT_LIBRARY" => "/nonexistent/lib.so" })
    assert_match(
      %r{\ACachekitCore::LibraryNotFoundError\ncannot load.*\n  /nonexistent/lib\.so: .*No such file.*\nInstall it, or name it in .*CACHEKIT_LIBRARY}, out
    )
    out = ruby(format(REPORT, '("/nonexistent/other.so")'))
    assert_match(%r{\n  /nonexistent/other\.so: }, out)
  end

  # The argument comes first, then the variable.
  def test_argument
    real = ENV.fetch("CACHEKIT_LIBRARY")
    out = ruby("CachekitCore.load(#{real.dump}); puts CachekitCore.load",
               environment: { "CACHEKIT_LIBRARY" => "/nonexistent/lib.so" })
    assert_equal "#{real}\n", out
    out = ruby("begin; CachekitCore.load; CachekitCore.load('/bin/sh'); rescue RuntimeError => e; puts e.message; end")
    assert_match(/has been loaded already/, out)
  end

  # The system's, of which this one has none; the file beside lib/cachekit_core is the first.
  def test_looked_for
    missing("a library is bundled or installed") if File.exist?("#{LIB}/cachekit_core/libcachekit_core.so")
    out = ruby(format(REPORT, ""), environment: { "CACHEKIT_LIBRARY" => "" })
    missing("the system has the library") if out.start_with?(CachekitCore::VERSION)
    assert_match(
      %r{\n  #{LIB}/cachekit_core/libcachekit_core\.so: .*\n  libcachekit_core\.so\.0: .*\n  libcachekit_core\.so: }, out
    )
  end

  # The same on other systems, as far as this Ruby can be made to believe that it is there.
  def test_looked_for_elsewhere
    { "dylib" => %w[libcachekit_core.dylib libcachekit_core.0.dylib libcachekit_core.dylib],
      "dll" => %w[libcachekit_core.dll libcachekit_core.dll] }.each do |suffix, names|
      out, status = Open3.capture2({ "CACHEKIT_LIBRARY" => "" }, RbConfig.ruby, "-I#{LIB}", "-e", <<~RUBY)
        require "ffi"
        FFI::Platform.send(:remove_const, :LIBSUFFIX)
        FFI::Platform::LIBSUFFIX = "#{suffix}"
        require "cachekit_core"
        puts CachekitCore.const_get(:Library).send(:candidates, nil)
      RUBY
      assert_predicate status, :success?
      assert_equal ["#{LIB}/cachekit_core/#{names[0]}", *names[1..]], out.split("\n")
    end
  end

  # A later call tries again.
  def test_second_try
    real = ENV.fetch("CACHEKIT_LIBRARY")
    out = ruby("begin; CachekitCore.checksum('x'); rescue LoadError; puts 'missing'; end; ENV['CACHEKIT_LIBRARY'] = #{real.dump}; p CachekitCore.checksum('x').bytesize",
               environment: { "CACHEKIT_LIBRARY" => "/nonexistent/lib.so" })
    assert_equal "missing\n8\n", out
  end

  def compiled(code)
    compiler = program("cc")
    Dir.mktmpdir do |folder|
      File.write("#{folder}/x.c", code)
      assert system(compiler, "-shared", "-fPIC", "#{folder}/x.c", "-o", "#{folder}/x.so")
      yield "#{folder}/x.so"
    end
  end

  def test_other_versions
    { 99 => "0.0.99", 200 => "0.2.0", 10_100 => "1.1.0" }.each do |number, text|
      compiled("unsigned cachekit_version_number(void) { return #{number}; }") do |path|
        out = ruby(format(REPORT, ""), environment: { "CACHEKIT_LIBRARY" => path })
        assert_includes out, "it is version #{text}; 0.1, from #{CachekitCore::VERSION} on, is needed"
      end
    end
  end

  def test_other_libraries
    number = CachekitCore::VERSION.split(".").map(&:to_i).inject { |sum, part| (sum * 100) + part }
    { "unsigned cachekit_version_number(void) { return #{number}; }" => "it has no cachekit_version_string",
      "int x;" => "it is another library" }.each do |code, why|
      compiled(code) do |path|
        assert_includes ruby(format(REPORT, ""), environment: { "CACHEKIT_LIBRARY" => path }), why
      end
    end
  end

  def test_musl
    explained = CachekitCore.const_get(:Library).send(:explain,
                                                      "Error: initial-exec TLS resolves to dynamic definition")
    assert_match(/musl \(Alpine\).*LD_PRELOAD=/m, explained)
  end

  # What is declared is what the library exports.
  def test_functions
    nm = program("nm")
    out, status = Open3.capture2(nm, "-D", "--defined-only", ENV.fetch("CACHEKIT_LIBRARY"))
    assert_predicate status, :success?
    exported = out.scan(/ T (cachekit_\w+)/).flatten.sort
    assert_equal exported, CachekitCore::Declarations::FUNCTIONS.keys.map(&:to_s).sort
    assert_empty NATIVE::BLOCKING - CachekitCore::Declarations::FUNCTIONS.keys
  end

  # What batch.rb writes as words of a pointer's size.
  def test_layout_of_items
    item = CachekitCore::Declarations::Item
    assert_equal((0..7).map { |i| i * FFI::Pointer.size }, item.members.map { |member| item.offset_of(member) })
    assert_equal 8 * FFI::Pointer.size, item.size
  end
end
