# frozen_string_literal: true

require "date"
require_relative "helper"

class InteropTest < Minitest::Test
  include Helper

  Interop = CachekitCore::Interop

  # @return [Object] what the vectors' JSON stands for
  def value(json)
    case json
    when Array then json.map { |element| value(element) }
    when Hash then if json.size == 1 && json.first[0].start_with?("$")
                     tagged(*json.first)
                   else
                     json.transform_values do |v|
                       value(v)
                     end
                   end
    else json
    end
  end

  def tagged(tag, json)
    case tag
    when "$set" then json.to_set { |element| value(element) }
    when "$bytes" then hex(json)
    when "$datetime" then Time.new(*json.match(/(\d+)-(\d+)-(\d+)T(\d+):(\d+):([\d.]+)(.*)/).captures.then do |*numbers, seconds, offset|
                                     [*numbers.map(&:to_i), seconds.to_r, offset]
                                   end)
    when "$uuid" then json.downcase # Ruby has no type of its own for them
    when "$float" then { "nan" => Float::NAN, "1e999" => Float::INFINITY, "-1e999" => -Float::INFINITY }.fetch(json) do
                         Float(json)
                       end
    when "$int" then Integer(json)
    else flunk tag
    end
  end

  def test_keys
    counted(vectors("cachekit/interop-mode-1.3.0.json").fetch("key_vectors"), 44).each do |v|
      arguments = value(v["args"])
      assert_equal v["expected_key"], Interop.key(v["namespace"], v["operation"], *arguments), v["name"]
      assert_equal v["canonical_args_hex"], arguments_in_hex(arguments), v["name"]
    end
  end

  def arguments_in_hex(arguments)
    CachekitCore.const_get(:MessagePack).new(arguments: true).encode(arguments).unpack1("H*")
  end

  def test_values
    counted(vectors("cachekit/interop-mode-1.3.0.json").fetch("value_vectors"), 6).each do |v|
      assert_equal v["canonical_msgpack_hex"], Interop.encode(value(v["value"])).unpack1("H*"), v["name"]
    end
  end

  def test_refused
    refused = counted(vectors("cachekit/interop-mode-1.3.0.json").fetch("error_vectors"), 34)
    tried = refused.count do |v|
      next if v["args"].to_s.match?(/datetime.*T00:00:00"/) # a Time has an offset

      assert_raises(CachekitCore::InvalidInputError, v["name"]) do
        Interop.key(v.fetch("namespace", "users"), v.fetch("operation", "get_user"), *value(v["args"]))
      end
    end
    assert_operator tried, :>=, 32
  end

  def test_readers
    missing("the msgpack gem is not installed") unless msgpack?
    file = vectors("cachekit/interop-mode-1.3.0.json")
    counted(file.fetch("reader_accept_vectors"), 6).each do |v|
      read = Interop.decode(hex(v["input_hex"]))
      assert_equal value(v["value"]), read, v["name"] if v.key?("value") && !v["value"].to_s.include?("$")
    end
    counted(file.fetch("reader_reject_vectors"), 1).each do |v|
      assert_raises(CachekitCore::InvalidEntryError, v["name"]) { Interop.decode(hex(v["input_hex"])) }
    end
  end

  def test_bounds
    file = vectors("cachekit/decode-bounds-1.2.0.json")
    counted(file.fetch("reject_vectors"), 19).each do |v|
      assert_raises(CachekitCore::InvalidEntryError, v["name"]) { CachekitCore.msgpack_check(constructed(v)) }
    end
    counted(file.fetch("accept_vectors"), 3).each { |v| assert_nil CachekitCore.msgpack_check(constructed(v)) }
  end

  def constructed(vector)
    parts = vector.fetch("construction")
    (hex(parts["repeat_hex"]) * parts["count"]) + hex(parts["suffix_hex"])
  end

  def test_encryption
    v = vectors("cachekit/interop-mode-1.3.0.json").fetch("encryption_vectors").fetch(0)
    CachekitCore::Keyring.open(hex(v["master_key_hex"]), tenant: v["tenant_id"]) do |k|
      assert_equal hex(v["plaintext_hex"]), k.open_interop(v["cache_key"], hex(v["ciphertext_hex"]))
      assert_equal hex(v["derived_key_fingerprint_hex"]), k.fingerprints.first
    end
    assert_equal hex(v["aad_hex"]), CachekitCore.aad(v["tenant_id"], v["cache_key"], compressed: false)
  end

  def msgpack?
    require "msgpack"
    true
  rescue LoadError
    false
  end

  def test_seal_and_open
    missing("the msgpack gem is not installed") unless msgpack?
    key = Interop.key("users", "get_user", 42)
    document = { "name" => "é", "bytes" => "\xFF".b, "n" => [nil, true, 1.5, 2.0, (2**64) - 1, -2**63], "m" => {} }
    keyring do |k|
      sealed = Interop.seal(k, key, document)
      assert_equal document, Interop.open(k, key, sealed)
      assert_equal [Encoding::UTF_8, Encoding::BINARY],
                   Interop.open(k, key, sealed).values_at("name", "bytes").map(&:encoding)
      assert_raises(CachekitCore::DecryptionFailedError) do
        Interop.open(k, Interop.key("users", "get_user", 43), sealed)
      end
      assert_raises(CachekitCore::InvalidInputError) { k.seal_interop(key, "no document") }
      assert_equal [Interop.encode(document), 0], k.open_interop_with_index(key, sealed)
      CachekitCore::Keyring.open(EARLIER, tenant: "acme", decrypt_only: [MASTER]) do |later|
        assert_equal [Interop.encode(document), 1], later.open_interop_with_index(key, sealed)
      end
      inside = k.encrypt("no document", CachekitCore.aad("acme", key, compressed: false))
      assert_raises(CachekitCore::InvalidEntryError) { k.open_interop(key, inside) }
      assert_raises(CachekitCore::InputTooLargeError) { k.open_interop("k" * 195, sealed) }
      assert_raises(CachekitCore::InvalidInputError) { k.seal_interop("k\0", "\xC0") }
    end
  end

  # Symbols are text; equal numbers are the same argument; keywords are one map at the end.
  def test_ruby_values
    assert_equal Interop.key("u", "g", "a"), Interop.key("u", "g", :a)
    assert_equal Interop.key("u", "g", { "a" => 1 }), Interop.key("u", "g", a: 1)
    assert_equal Interop.key("u", "g", 1, { "b" => 2.5, "a" => 1 }), Interop.key("u", "g", 1, a: 1.0, b: 2.5)
    assert_equal Interop.key("u", "g", Set[1, 2]), Interop.key("u", "g", Set[2.0, 1, 1.0])
    assert_equal Interop.key("u", "g"), Interop.key("u", "g", **{})
    refute_equal Interop.key("u", "g"), Interop.key("u", "g", {})
    refute_equal Interop.key("u", "g", "a"), Interop.key("u", "g", "a".b)
    assert_equal Interop.key("u", "g", "é"), Interop.key("u", "g", "é".encode("UTF-16LE"))
    time = Time.at(1_704_164_645, 678_900, :usec)
    assert_equal Interop.key("u", "g", 1_704_164_645.6789), Interop.key("u", "g", time)
    assert_equal Interop.key("u", "g", 5), Interop.key("u", "g", Time.at(5, in: "+05:30"))
    assert_equal Interop.key("u", "g", -0.000001), Interop.key("u", "g", Time.at(0, -1, :nsec))
    assert_equal Encoding::UTF_8, Interop.key("u", "g").encoding
  end

  def test_what_has_no_form
    nested = []
    nested << nested
    deep = 101.times.inject(nil) { |inner, _| [inner] }
    [Object.new, 1r, 1i, Date, nested, deep, 2**64, -2**63 - 1, Float::INFINITY, "\xFF", { 1 => 2 }, { nil => 1 },
     { "a" => 1, a: 2 }, { "a".b => 1 }, { "\xFF" => 1 }, "\xFF".dup.force_encoding("Shift_JIS"), 1..2].each do |bad|
      assert_raises(CachekitCore::InvalidInputError) { Interop.key("u", "g", bad) }
      assert_raises(CachekitCore::InvalidInputError) { Interop.encode(bad) }
    end
    [Set[1], Time.now, [{ "a" => Set[1] }]].each do |bad|
      assert_raises(CachekitCore::InvalidInputError) { Interop.encode(bad) }
    end
    deepest = 100.times.inject(nil) { |inner, _| [inner] }
    assert_equal 101, Interop.encode(deepest).bytesize
  end

  # Against the library's own canonical form, of documents that the msgpack gem writes.
  def test_canonical
    missing("the msgpack gem is not installed") unless msgpack?
    random = Random.new(1)
    500.times do
      document = any(random, 0)
      plain = MessagePack.pack(document)
      canonical = "\0".b * (2 * plain.bytesize)
      size = FFI::MemoryPointer.new(:size_t)
      size.put(:size_t, 0, canonical.bytesize)
      assert_equal 0, NATIVE.cachekit_interop_value(plain, plain.bytesize, canonical, size)
      assert_equal canonical.byteslice(0, size.get(:size_t, 0)), Interop.encode(document)
      assert document == Interop.decode(Interop.encode(document)) # which may be nil
    end
  end

  def any(random, depth)
    case random.rand(depth > 3 ? 6 : 8)
    when 0 then [nil, true, false].sample(random: random)
    when 1 then random.rand(2**random.rand(1..64)) * 1
    when 2 then -random.rand(2**random.rand(1..63))
    when 3 then random.rand * (10**random.rand(-5..20))
    when 4 then random.bytes(random.rand(300))
    when 5 then "é😀x" * random.rand(100)
    when 6 then Array.new(random.rand(20)) { any(random, depth + 1) }
    else Array.new(random.rand(20)) { ["k#{random.rand(1000)}", any(random, depth + 1)] }.to_h
    end
  end
end
