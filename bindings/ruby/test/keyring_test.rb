# frozen_string_literal: true

require_relative "helper"

class KeyringTest < Minitest::Test
  include Helper

  def test_round_trips
    keyring do |k|
      SIZES.each do |size|
        [noise(size), json(size), "\0" * size].each do |data|
          sealed = k.seal("users:1", data, format: :json)
          assert_equal data.b, k.open("users:1", sealed, format: "json"), size
          assert_equal [Encoding::BINARY] * 2, [sealed, k.open("users:1", sealed, format: :json)].map(&:encoding)
          assert_equal [data.b, 0], k.open_with_index("users:1", sealed, format: "json")
          encrypted = k.encrypt(data, "aad")
          assert_equal size + CachekitCore::CIPHERTEXT_OVERHEAD, encrypted.bytesize
          assert_equal data.b, k.decrypt(encrypted, "aad")
          assert_equal [data.b, 0], k.decrypt_with_index(encrypted, "aad")
          assert_equal data.b, k.decrypt_at(0, encrypted, "aad")
        end
      end
    end
  end

  SIZES = [0, 1, 23, 640, 4096, 16_384, 16_385, 65_536, 1_048_576, 2_000_000].freeze
  private_constant :SIZES

  def test_entries_are_bound_to_their_place
    keyring do |k|
      sealed = k.seal("users:1", "x")
      assert_equal "x", k.open("users:1", sealed)
      assert_raises(CachekitCore::DecryptionFailedError) { k.open("users:2", sealed) }
      assert_raises(CachekitCore::DecryptionFailedError) { k.open("users:1", sealed, format: "json") }
      keyring(tenant: "other") do |other|
        assert_raises(CachekitCore::DecryptionFailedError) { other.open("users:1", sealed) }
      end
      ["", "x", sealed[0, 27], sealed.chop, "#{sealed}x"].each do |bytes|
        assert_raises(CachekitCore::CacheMiss, bytes) { k.open("users:1", bytes) }
        assert_raises(CachekitCore::CacheMiss, bytes) { k.decrypt(bytes, "aad") }
      end
      # Authentic, and not an envelope.
      inside = k.encrypt("no envelope", CachekitCore.aad("acme", "users:1"))
      assert_raises(CachekitCore::InvalidEntryError) { k.open("users:1", inside) }
    end
  end

  def test_replacing_the_master_key
    old = keyring { |k| k.seal("k", "old") }
    aad = "aad"
    encrypted = keyring { |k| k.encrypt("old", aad) }
    CachekitCore::Keyring.open(EARLIER, tenant: "acme", decrypt_only: [MASTER]) do |k|
      assert_equal 2, k.key_count
      assert_equal ["old", 1], k.open_with_index("k", old)
      assert_equal [["old", 1]], k.open_many_with_index({ "k" => old })
      assert_equal ["old", 1], k.decrypt_with_index(encrypted, aad)
      assert_equal "old", k.decrypt_at(1, encrypted, aad)
      assert_raises(CachekitCore::DecryptionFailedError) { k.decrypt_at(0, encrypted, aad) }
      assert_raises(CachekitCore::InvalidInputError) { k.decrypt_at(2, encrypted, aad) }
      assert_raises(CachekitCore::InvalidInputError) { k.decrypt_at(-1, encrypted, aad) }
      expected = [EARLIER, MASTER].map do |master|
        CachekitCore.key_fingerprint(CachekitCore.derive_tenant_keys(master, "acme").encryption)
      end
      assert_equal expected, k.fingerprints
    end
  end

  def test_constructor
    error = assert_raises(CachekitCore::InvalidKeyLengthError) { CachekitCore::Keyring.new("short", tenant: "t") }
    assert_match(/5 bytes/, error.message)
    assert_raises(CachekitCore::InvalidKeyLengthError) do
      CachekitCore::Keyring.new(MASTER, tenant: "t", decrypt_only: ["short"])
    end
    assert_raises(CachekitCore::InvalidInputError) { CachekitCore::Keyring.new(MASTER, tenant: "") }
    assert_raises(CachekitCore::SaltTooLongError) { CachekitCore::Keyring.new(MASTER, tenant: "t" * 1025) }
    assert_raises(CachekitCore::InvalidInputError) do
      CachekitCore::Keyring.new(MASTER, tenant: "t", decrypt_only: [MASTER])
    end
    many = Array.new(4) { |i| i.to_s * 32 }
    assert_raises(CachekitCore::InvalidInputError) do
      CachekitCore::Keyring.new(MASTER, tenant: "t", decrypt_only: many)
    end
    assert_equal 4, CachekitCore::Keyring.new(MASTER, tenant: "t", decrypt_only: many.first(3)).key_count
  end

  def test_from_env
    variables = %w[CACHEKIT_MASTER_KEY CACHEKIT_PREVIOUS_MASTER_KEYS]
    before = ENV.values_at(*variables)
    sealed = CachekitCore::Keyring.open(MASTER, tenant: "default") { |k| k.seal("k", "x") }
    ENV["CACHEKIT_MASTER_KEY"] = EARLIER.unpack1("H*")
    ENV["CACHEKIT_PREVIOUS_MASTER_KEYS"] = " #{MASTER.unpack1("H*")} ,"
    inside = CachekitCore::Keyring.from_env(level: 3, max_payload: 1000) do |k|
      assert_equal [3, 1000, 2], [k.level, k.max_payload, k.key_count]
      assert_equal ["x", 1], k.open_with_index("k", sealed)
      k
    end
    assert_predicate inside, :closed?
    refute_predicate CachekitCore::Keyring.from_env(tenant: "acme"), :closed?
    ENV["CACHEKIT_MASTER_KEY"] = "zz" * 32
    assert_raises(CachekitCore::InvalidInputError) { CachekitCore::Keyring.from_env }
    ENV.delete("CACHEKIT_MASTER_KEY")
    error = assert_raises(CachekitCore::InvalidInputError) { CachekitCore::Keyring.from_env }
    assert_match(/CACHEKIT_MASTER_KEY/, error.message)
  ensure
    variables.zip(before) { |name, value| ENV[name] = value }
  end

  def test_limits
    keyring(max_payload: 100, level: 9) do |k|
      assert_equal [100, 9], [k.max_payload, k.level]
      large = keyring { |other| other.seal("k", noise(101)) }
      assert_raises(CachekitCore::InputTooLargeError) { k.seal("k", "x" * 101) }
      assert_raises(CachekitCore::EntryTooLargeError) { k.open("k", large) }
      k.max_payload = 101
      assert_equal noise(101), k.open("k", large)
      assert_raises(CachekitCore::InvalidInputError) { k.level = 0 }
      long = "k" * (CachekitCore::MAX_CACHE_KEY_SIZE + 1)
      error = assert_raises(CachekitCore::InputTooLargeError) { k.open(long, large) }
      refute_kind_of CachekitCore::CacheMiss, error
      assert_raises(CachekitCore::InputTooLargeError) { k.seal(long, "x") }
      assert_equal "x", k.open(long.chop, k.seal(long.chop, "x"))
    end
  end

  def test_keys
    key = CachekitCore.generate_key
    assert_equal [32, Encoding::BINARY], [key.bytesize, key.encoding]
    refute_equal key, CachekitCore.generate_key
    assert_equal key, CachekitCore.parse_master_key(key.unpack1("H*"))
    assert_equal key, CachekitCore.parse_master_key(key.unpack1("H*").upcase)
    ["z" * 64, " #{"a" * 64}", "0x#{"a" * 64}", "a" * 65, "#{"a" * 64}\n"].each do |text|
      error = assert_raises(CachekitCore::InvalidInputError, text) { CachekitCore.parse_master_key(text) }
      refute_includes error.message, "aa"
    end
    ["", "a" * 62].each do |text|
      assert_raises(CachekitCore::CachekitError, text) { CachekitCore.parse_master_key(text) }
    end
    assert_raises(CachekitCore::InvalidInputError) { CachekitCore.parse_master_key("a\0" * 32) }

    keys = CachekitCore.derive_tenant_keys(key, "acme")
    assert_equal CachekitCore.derive_key(key, "acme", "encryption"), keys.encryption
    assert_equal CachekitCore.derive_key(key, "acme", "authentication"), keys.authentication
    assert_equal CachekitCore.derive_key(key, "acme", "cache_keys"), keys.cache_keys
    assert_equal "#<CachekitCore::TenantKeys>", keys.inspect
    assert_equal "#<CachekitCore::TenantKeys>", keys.to_s
    assert_output("#<CachekitCore::TenantKeys>\n") { pp keys }
    assert_equal 16, CachekitCore.key_fingerprint(key).bytesize
    assert_raises(CachekitCore::DomainTooLongError) { CachekitCore.derive_key(key, "acme", "d" * 256) }
    assert_raises(CachekitCore::InvalidInputError) { CachekitCore.derive_key(key, "", "d") }
  end

  def test_encryptor
    key = CachekitCore.generate_key
    CachekitCore::Encryptor.open do |encryptor|
      SIZES.each do |size|
        sealed = encryptor.encrypt(key, noise(size), "aad")
        assert_equal noise(size), encryptor.decrypt(key, sealed, "aad")
        assert_raises(CachekitCore::DecryptionFailedError) { encryptor.decrypt(key, sealed, "AAD") }
      end
      assert_equal SIZES.size, encryptor.counter
      assert_raises(CachekitCore::InvalidEntryError) { encryptor.decrypt(key, "x" * 27, "") }
      [31, 33, 0].each do |size|
        assert_raises(CachekitCore::InvalidKeyLengthError) { encryptor.encrypt("k" * size, "", "") }
        assert_raises(CachekitCore::InvalidKeyLengthError) { encryptor.decrypt("k" * size, "x" * 40, "") }
      end
      aad = CachekitCore.aad("acme", "users:1", format: :json, compressed: false, original_type: "str")
      assert_equal "x", encryptor.decrypt(key, encryptor.encrypt(key, "x", aad), aad)
    end
  end

  # No nonce twice, whoever encrypts.
  def test_nonces
    keyring do |k|
      nonces = Array.new(2000) { |i| (i.odd? ? k.seal("k", "x") : k.encrypt("x", "")).byteslice(0, 12) }
      nonces += k.seal_many([%w[k x]] * 100).map { |sealed| sealed.byteslice(0, 12) }
      assert_equal nonces.size, nonces.uniq.size
      assert_equal nonces.size, k.counter
    end
  end
end
