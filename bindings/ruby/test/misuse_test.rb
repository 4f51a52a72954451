# frozen_string_literal: true

require_relative "helper"

class MisuseTest < Minitest::Test
  include Helper

  def storage = @storage ||= CachekitCore::ByteStorage.new

  def encryptor = @encryptor ||= CachekitCore::Encryptor.new

  def ring = @ring ||= CachekitCore::Keyring.new(MASTER, tenant: "acme")

  KEY = "k" * 32
  INTEROP_KEY = "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"

  # Every method that takes bytes, with each of these replaced by what is none.
  CALLS = {
    store: ->(t, *a) { t.storage.store(*a) }, retrieve: ->(t, *a) { t.storage.retrieve(*a) },
    validate: ->(t, *a) { t.storage.validate(*a) }, estimate: ->(t, *a) { t.storage.estimate_compression(*a) },
    encrypt: ->(t, *a) { t.encryptor.encrypt(*a) }, decrypt: ->(t, *a) { t.encryptor.decrypt(*a) },
    seal: ->(t, *a) { t.ring.seal(*a) }, open: ->(t, *a) { t.ring.open(*a) },
    open_with_index: ->(t, *a) { t.ring.open_with_index(*a) },
    ring_encrypt: ->(t, *a) { t.ring.encrypt(*a) }, ring_decrypt: ->(t, *a) { t.ring.decrypt(*a) },
    seal_interop: ->(t, *a) { t.ring.seal_interop(*a) }, open_interop: ->(t, *a) { t.ring.open_interop(*a) },
    checksum: ->(_, *a) { CachekitCore.checksum(*a) }, verify: ->(_, *a) { CachekitCore.verify_checksum(*a) },
    compress: ->(_, *a) { CachekitCore.compress(*a) }, decompress: ->(_, *a) { CachekitCore.decompress(*a) },
    inspect: ->(_, *a) { CachekitCore.inspect_envelope(*a) }, check: ->(_, *a) { CachekitCore.msgpack_check(*a) },
    derive: ->(_, *a) { CachekitCore.derive_key(*a) }, tenant: ->(_, *a) { CachekitCore.derive_tenant_keys(*a) },
    fingerprint: ->(_, *a) { CachekitCore.key_fingerprint(*a) }, parse: ->(_, *a) { CachekitCore.parse_master_key(*a) },
    aad: ->(_, *a) { CachekitCore.aad(*a) }, decode: ->(_, *a) { CachekitCore::Interop.decode(*a) },
    interop_key: ->(_, *a) { CachekitCore::Interop.key(*a) }
  }.freeze
  ARGUMENTS = {
    encrypt: [KEY, "x", "aad"], decrypt: [KEY, "x" * 40, "aad"], seal: %w[k x], open: %w[k x],
    open_with_index: %w[k x], ring_encrypt: %w[x aad], ring_decrypt: %w[x aad],
    seal_interop: [INTEROP_KEY, "\xC0"], open_interop: [INTEROP_KEY, "x"], verify: ["x", "c" * 8],
    derive: [KEY, "s", "d"], tenant: [KEY, "t"], aad: %w[t k], interop_key: %w[users get]
  }.freeze

  # What a class below String says of its length is not read.
  def test_classes_below_string
    lying = Class.new(String) { def bytesize = super + 10_000 }
    CALLS.each do |name, call|
      arguments = ARGUMENTS.fetch(name, ["x"])
      assert_equal(*[arguments, arguments.map { |argument| lying.new(argument) }].map do |given|
        found = call.call(self, *given)
        found.is_a?(String) ? found.bytesize : found.inspect
      rescue CachekitCore::CachekitError => e
        e.message
      end, name)
    end
    assert_equal 3, ring.open("k", ring.seal(lying.new("k"), lying.new("abc"))).bytesize
    entries = ring.seal_many([[lying.new("k"), lying.new("abc")], ["l", lying.new("d" * 9000)]])
    assert_equal ["abc", "d" * 9000], ring.open_many([["k", lying.new(entries[0])], ["l", entries[1]]])
    old = CachekitCore::Keyring.new(MASTER, tenant: "acme", decrypt_only: [lying.new("z" * 32)])
    assert_equal CachekitCore.key_fingerprint(CachekitCore.derive_tenant_keys("z" * 32, "acme").encryption),
                 old.fingerprints[1]
  end

  def test_wrong_types
    CALLS.each do |name, call|
      arguments = ARGUMENTS.fetch(name, ["x"])
      arguments.each_index do |i|
        [nil, 1, [], {}, Object.new, 1.5].each do |wrong|
          bad = arguments.dup
          bad[i] = wrong
          assert_raises(TypeError, "#{name}(#{bad})") { call.call(self, *bad) }
        end
      end
    end
    assert_raises(TypeError) { CachekitCore::Keyring.new(nil, tenant: "t") }
    assert_raises(TypeError) { CachekitCore::Keyring.new(MASTER, tenant: nil) }
    assert_raises(TypeError) { CachekitCore::Keyring.new(MASTER, tenant: "t", decrypt_only: [1]) }
    assert_raises(TypeError) { CachekitCore::Keyring.new(MASTER, tenant: "t", decrypt_only: KEY) }
    assert_raises(ArgumentError) { CachekitCore::Keyring.new(MASTER) }
    assert_raises(TypeError) { storage.store("x", format: 1) }
    assert_raises(TypeError) { CachekitCore.compressed_bound("x") }
    assert_raises(CachekitCore::InvalidInputError) { CachekitCore.compressed_bound(-1) }
    assert_raises(CachekitCore::InvalidInputError) { CachekitCore.compressed_bound(2**64) }
  end

  def test_closed
    all = { storage => %i[metrics metrics_text], encryptor => %i[metrics metrics_text counter rotation_needed?],
            ring => %i[metrics metrics_text counter rotation_needed? fingerprints key_count] }
    all.each_key do |object|
      refute_predicate object, :closed?
      assert_nil object.close
      assert_nil object.close
      assert_predicate object, :closed?
      assert_match(/closed/, object.inspect)
    end
    all.each { |object, names| names.each { |name| assert_closed { object.public_send(name) } } }
    %i[store retrieve validate estimate encrypt decrypt seal open open_with_index ring_encrypt ring_decrypt
       seal_interop open_interop].each do |name|
      assert_closed { CALLS[name].call(self, *ARGUMENTS.fetch(name, ["x" * 40])) }
    end
    [2_000_000, 20_000].each { |size| assert_closed { storage.store("x" * size) } }
    assert_closed { storage.level = 2 }
    assert_closed { ring.max_payload = 2 }
    assert_closed { storage.store_many(["x"]) }
  end

  def assert_closed(&)
    error = assert_raises(CachekitCore::InvalidHandleError, &)
    refute_kind_of CachekitCore::CacheMiss, error
    assert_match(/closed/, error.message)
  end

  def test_a_block_closes
    [CachekitCore::ByteStorage, CachekitCore::Encryptor].each do |kind|
      assert_predicate kind.open { |object| object }, :closed?
      object = nil
      assert_raises(RuntimeError) do
        kind.open do |o|
          object = o
          raise "x"
        end
      end
      assert_predicate object, :closed?
      refute_predicate kind.open, :closed?
    end
  end

  def test_no_copies
    [storage, encryptor, ring].each do |object|
      assert_raises(TypeError) { object.dup }
      assert_raises(TypeError) { object.clone }
      assert_raises(TypeError) { Marshal.dump(object) }
    end
  end

  # Inputs stay as they are, and may be frozen.
  def test_frozen_inputs
    [10, 30_000, 2_000_000].each do |size|
      data = noise(size).freeze
      assert_equal data, storage.retrieve(storage.store(data).freeze)
      assert_equal data, ring.open("k", ring.seal("k", data).freeze)
      assert_equal data, ring.decrypt(ring.encrypt(data, "aad").freeze, "aad")
      assert_equal data, noise(size)
    end
  end

  # The bytes count, whatever the encoding says; a slice of a String too.
  def test_encodings
    [Encoding::UTF_8, Encoding::UTF_16LE, Encoding::ISO_8859_1, Encoding::BINARY,
     Encoding::Shift_JIS].each do |encoding|
      text = "Grüße\xFF\x00".dup.force_encoding(encoding)
      assert_equal text.b, storage.retrieve(storage.store(text))
      assert_equal encoding, text.encoding
      key = "schlüssel".dup.force_encoding(encoding)
      assert_equal text.b, ring.open("schlüssel", ring.seal(key, text))
    end
    long = noise(100_000)
    slices = [long[1..], long[5, 50_000], long.byteslice(99_000..)]
    slices.each { |slice| assert_equal slice, storage.retrieve(storage.store(slice)) }
    sub = Class.new(String).new("x" * 2_000_000)
    assert_instance_of String, storage.retrieve(storage.store(sub))
  end

  # The ffi gem refuses to be used there.
  def test_ractors
    code = <<~CODE
      Warning[:experimental] = false
      r = Ractor.new { CachekitCore.checksum("x") }
      begin
        r.respond_to?(:value) ? r.value : r.take
        puts "works"
      rescue Ractor::RemoteError => e
        puts e.cause.class
      end
    CODE
    out = ruby(code, stderr: /\A|terminated with exception/)
    assert_match(/\A(Ractor::(UnsafeError|IsolationError)|works)\n\z/, out)
  end
end
