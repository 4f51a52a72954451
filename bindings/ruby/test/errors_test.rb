# frozen_string_literal: true

require_relative "helper"

class ErrorsTest < Minitest::Test
  include Helper

  MISSES = [2, 3, 4, 11, 12].freeze

  # The classes against the library's own table.
  def test_table
    codes = (1..).take_while { |code| NATIVE.cachekit_error_name(code) != "CACHEKIT_UNKNOWN" }
    assert_equal codes - [5], CachekitCore::BY_CODE.keys.sort # 5 is the warning
    CachekitCore::BY_CODE.each do |code, kind|
      error = kind.new
      assert_equal [code, NATIVE.cachekit_error_name(code)], [error.code, error.name]
      assert_kind_of CachekitCore::CachekitError, error
      assert_kind_of StandardError, error
      assert_equal MISSES.include?(code), error.is_a?(CachekitCore::CacheMiss), error.name
      text = code == 18 ? NATIVE.cachekit_error_string(code) : "#{NATIVE.cachekit_error_string(code)}: found"
      results = CachekitCore.const_get(:Results)
      assert results.error(code, "found", false).message.start_with?(text)
      assert_equal NATIVE.cachekit_error_string(code), results.error(code, "", false).message unless code == 18
    end
  end

  def test_errors_of_entries
    { 1 => CachekitCore::InvalidEntryError, 10 => CachekitCore::EntryTooLargeError }.each do |code, kind|
      error = CachekitCore.const_get(:Results).error(code, "", true)
      assert_instance_of kind, error
      assert_equal code, error.code
      assert_kind_of CachekitCore::BY_CODE[code], error
      assert_kind_of CachekitCore::CacheMiss, error
    end
  end

  def test_unknown_code
    error = CachekitCore.const_get(:Results).error(99, "", false)
    assert_instance_of CachekitCore::CachekitError, error
    assert_equal "unknown error (99)", error.message
  end

  def test_reason
    error = assert_raises(CachekitCore::CacheMiss) { CachekitCore.decompress(CachekitCore.compress("x" * 100)[0, 20]) }
    assert_match(/\Ainvalid input: .*byte/, error.message)
    assert_equal Encoding::UTF_8, error.message.encoding
  end

  # No text shows bytes of a key, a payload or a cache key.
  def test_secrets
    secret = "s3cr3t-" * 5
    texts = []
    texts << assert_raises(CachekitCore::CachekitError) { CachekitCore.parse_master_key(secret * 2) }.message
    keyring do |k|
      texts << assert_raises(CachekitCore::CachekitError) { k.open(secret, secret * 3) }.message
      texts << assert_raises(CachekitCore::CachekitError) { k.decrypt_at(0, secret, secret) }.message
      texts << k.inspect << k.to_s
    end
    texts << assert_raises(CachekitCore::CachekitError) { CachekitCore.inspect_envelope(secret) }.message
    texts << assert_raises(CachekitCore::CachekitError) do
      CachekitCore::Encryptor.new.encrypt(secret, secret, secret)
    end.message
    texts << assert_raises(TypeError) { keyring { |k| k.seal(secret, [secret]) } }.message
    texts << assert_raises(CachekitCore::CachekitError) do
      CachekitCore::Interop.key("u", "g", Float::NAN, secret)
    end.message
    texts.each { |text| refute_includes text, "s3cr3t" }
  end
end
