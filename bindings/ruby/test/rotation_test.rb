# frozen_string_literal: true

require_relative "helper"

# With a library that says of each encryption what the real one says after 2^31.
class RotationTest < Minitest::Test
  include Helper

  WARNING = /\A.*rotation_test\.rb:\d+: warning: cachekit_core: rotation needed: .*make a new one.*\n\z/

  # Yields while these functions warn.
  def warning(*functions)
    originals = functions.to_h { |function| [function, NATIVE.method(function)] }
    verbosely(nil) do
      originals.each do |function, original|
        NATIVE.define_singleton_method(function) do |*arguments|
          code = original.call(*arguments)
          code.zero? ? 5 : code
        end
      end
    end
    yield
  ensure
    verbosely(nil) { originals.each { |function, original| NATIVE.define_singleton_method(function, original) } }
  end

  def verbosely(level)
    before, $VERBOSE = $VERBOSE, level
    yield
  ensure
    $VERBOSE = before
  end

  KEYRING = {
    cachekit_keyring_seal_into: ->(k) { k.open("k", k.seal("k", "x" * 10)) == "x" * 10 },
    cachekit_keyring_seal: ->(k) { k.open("k", k.seal("k", "x" * 50_000)) == "x" * 50_000 },
    cachekit_keyring_seal_without_gvl: ->(k) { k.open("k", k.seal("k", "x" * 2_000_000)) == "x" * 2_000_000 },
    cachekit_keyring_encrypt: ->(k) { k.decrypt(k.encrypt("x", "aad"), "aad") == "x" },
    cachekit_keyring_seal_interop: ->(k) { k.open_interop("u:g:0", k.seal_interop("u:g:0", "\xC0")) == "\xC0".b }
  }.freeze

  # The output is returned, and each object warns once.
  def test_keyring
    KEYRING.each do |function, use|
      k = CachekitCore::Keyring.new(MASTER, tenant: "acme")
      refute_predicate k, :rotation_needed?
      warning(function) do
        out, err = capture_io { assert use.call(k), function }
        assert_empty out
        assert_match WARNING, err, function
        assert_silent { assert use.call(k) }
        assert_predicate k, :rotation_needed?
      end
      refute_predicate CachekitCore::Keyring.new(MASTER, tenant: "acme"), :rotation_needed?
    end
  end

  def test_encryptor
    encryptor = CachekitCore::Encryptor.new
    warning(:cachekit_encrypt) do
      _, err = capture_io { assert_equal 29, encryptor.encrypt(MASTER, "x", "").bytesize }
      assert_match WARNING, err
      assert_silent { encryptor.encrypt(MASTER, "x", "") }
      assert_predicate encryptor, :rotation_needed?
    end
  end

  def test_from_the_counter
    encryptor = CachekitCore::Encryptor.new
    [[(2**31) - 1, false], [2**31, true], [2**32, true]].each do |count, needed|
      NATIVE.stub(:cachekit_encryptor_get_counter, count) { assert_equal needed, encryptor.rotation_needed? }
    end
  end

  # One of the items of a batch warns, in C.
  def test_batch
    compiler = program("cc")
    Dir.mktmpdir do |folder|
      assert system(compiler, "-I#{ROOT}/include", "-shared", "-fPIC", "-Wl,--no-as-needed", "#{ROOT}/tests/warns.c",
                    "-o", "#{folder}/warns.so", ENV.fetch("CACHEKIT_LIBRARY"), "-ldl",
                    "-Wl,-rpath,#{File.dirname(ENV.fetch("CACHEKIT_LIBRARY"))}")
      out = ruby(<<~CODE, environment: { "CACHEKIT_LIBRARY" => "#{folder}/warns.so" }, stderr: /\A-e:\d+: warning: cachekit_core: rotation needed.*\n\z/)
        k = CachekitCore::Keyring.new("m" * 32, tenant: "t")
        2.times do
          sealed = k.seal_many([["a", "x"], ["b", "y"]])
          p k.open_many(%w[a b].zip(sealed)), k.rotation_needed?
        end
      CODE
      assert_equal %(["x", "y"]\ntrue\n) * 2, out
    end
  end

  def test_exhausted
    k = CachekitCore::Keyring.new(MASTER, tenant: "acme")
    NATIVE.stub(:cachekit_keyring_encrypt, 6) do
      assert_raises(CachekitCore::CounterExhaustedError) { k.encrypt("x", "aad") }
    end
  end
end
