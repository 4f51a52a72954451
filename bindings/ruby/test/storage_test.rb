# frozen_string_literal: true

require_relative "helper"

class StorageTest < Minitest::Test
  include Helper

  # Around every size at which another way is taken.
  SIZES = [0, 1, 23, 24, 640, 4095, 4096, 16_384, 16_385, 65_536, 262_144, 1_048_575, 1_048_576,
           3_000_000].freeze

  def test_round_trips
    CachekitCore::ByteStorage.open do |storage|
      SIZES.each do |size|
        [noise(size), json(size), "\0" * size].each do |data|
          envelope = storage.store(data)
          assert_equal data.b, storage.retrieve(envelope), size
          assert_equal Encoding::BINARY, envelope.encoding
          assert_equal Encoding::BINARY, storage.retrieve(envelope).encoding
          assert storage.validate(envelope)
          assert_equal envelope, CachekitCore.compress(data)
          assert_equal data.b, CachekitCore.decompress(envelope)
          assert_operator envelope.bytesize, :<=, CachekitCore.compressed_bound(size)
        end
      end
    end
  end

  # A small envelope whose payload does not fit where small results go.
  def test_large_payload_of_small_envelope
    CachekitCore::ByteStorage.open do |storage|
      [70_000, 1_000_000, 10_000_000].each do |size|
        envelope = storage.store("\0" * size)
        assert_equal "\0" * size, storage.retrieve(envelope)
      end
      assert_equal 3, storage.metrics[:retrieve][:operations]
    end
  end

  def test_formats
    CachekitCore::ByteStorage.open(format: :json) do |storage|
      format = ->(envelope) { CachekitCore.inspect_envelope(envelope).format }
      assert_equal "json", format.call(storage.store("x"))
      assert_equal "cbor", format.call(storage.store("x", format: :cbor))
      assert_equal "é" * 40_000, format.call(storage.store("x", format: "é" * 40_000))
      assert_equal "é", format.call(storage.store("x", format: "é".b))
      assert_equal Encoding::UTF_8, format.call(storage.store("x", format: "é".b)).encoding
      ["\xFF", "a\0b", "\0"].each do |bad|
        assert_raises(CachekitCore::InvalidInputError) { storage.store("x", format: bad) }
        assert_raises(CachekitCore::InvalidInputError) { CachekitCore::ByteStorage.new(format: bad) }
      end
      long = "x" * (CachekitCore::MAX_FORMAT_SIZE + 1)
      assert_raises(CachekitCore::InputTooLargeError) { storage.store("x", format: long) }
      assert_equal long.chop, format.call(storage.store("x", format: long.chop))
    end
  end

  def test_inspect_envelope
    CachekitCore::ByteStorage.open(format: "") do |storage|
      info = CachekitCore.inspect_envelope(storage.store("x" * 1000))
      assert_equal ["", 1000, CachekitCore.checksum("x" * 1000)], [info.format, info.original_size, info.checksum]
      assert_in_delta 1000.0 / info.compressed_size, info.ratio
      assert_predicate info, :frozen?
      assert_equal 0.0, CachekitCore.inspect_envelope(storage.store("")).ratio
    end
  end

  def test_levels
    data = json(100_000) + noise(1000) + json(50_000)
    sizes = [1, 9].map do |level|
      CachekitCore::ByteStorage.open(level: level) do |storage|
        assert_equal level, storage.level
        storage.retrieve(storage.store(data)) == data.b or flunk
        storage.store(data).bytesize
      end
    end
    assert_operator sizes.last, :<, sizes.first
    CachekitCore::ByteStorage.open do |storage|
      storage.level = 9
      assert_equal sizes.last, storage.store(data).bytesize
      [0, 10, -1, 2**70].each do |level|
        assert_raises(CachekitCore::InvalidInputError, level) { storage.level = level }
      end
      assert_raises(TypeError) { storage.level = 1.0 }
      assert_equal 9, storage.level
    end
  end

  def test_limit_of_a_payload
    large = CachekitCore.compress("x" * 101)
    CachekitCore::ByteStorage.open(max_payload: 100) do |storage|
      assert_equal "x" * 100, storage.retrieve(storage.store("x" * 100))
      error = assert_raises(CachekitCore::InputTooLargeError) { storage.store("x" * 101) }
      refute_kind_of CachekitCore::CacheMiss, error
      error = assert_raises(CachekitCore::EntryTooLargeError) { storage.retrieve(large) }
      assert_kind_of CachekitCore::CacheMiss, error
      refute storage.validate(large)
      storage.max_payload = 101
      assert_equal "x" * 101, storage.retrieve(large)
      [0, -1, CachekitCore::MAX_PAYLOAD_SIZE + 1, 2**65].each do |bytes|
        assert_raises(CachekitCore::InvalidInputError, bytes) { storage.max_payload = bytes }
      end
      assert_equal 101, storage.max_payload
    end
    assert_equal CachekitCore::MAX_PAYLOAD_SIZE, CachekitCore::ByteStorage.new.max_payload
  end

  # Refused before memory is taken.
  def test_more_than_512_mib
    huge = "\0" * (CachekitCore::MAX_PAYLOAD_SIZE + 1)
    storage = CachekitCore::ByteStorage.new
    assert_raises(CachekitCore::InputTooLargeError) { storage.store(huge) }
    assert_raises(CachekitCore::InputTooLargeError) { CachekitCore.compress(huge) }
    assert_raises(CachekitCore::EntryTooLargeError) { storage.retrieve(huge) }
    assert_raises(CachekitCore::InputTooLargeError) { keyring { |k| k.encrypt(huge, "") } }
    assert_raises(CachekitCore::InputTooLargeError) { keyring { |k| k.seal("k", huge) } }
  end

  def test_estimate_and_checksum
    storage = CachekitCore::ByteStorage.new
    assert_equal 0.0, storage.estimate_compression("")
    assert_operator storage.estimate_compression("x" * 2_000_000), :>, 100
    assert_equal hex("2d06800538d394c2"), CachekitCore.checksum("")
    assert CachekitCore.verify_checksum("", hex("2d06800538d394c2"))
    refute CachekitCore.verify_checksum("x", hex("2d06800538d394c2"))
    assert_raises(CachekitCore::InvalidInputError) { CachekitCore.verify_checksum("x", "short") }
    assert_equal 8, CachekitCore.checksum("x" * 2_000_000).bytesize
  end

  # Every bit, cut and addition: an error below CacheMiss, or (if no byte of the payload
  # depends on it) the payload.
  def test_damaged_envelopes_are_misses
    storage = CachekitCore::ByteStorage.new
    data = json(200)
    whole = storage.store(data)
    damaged = (0...whole.bytesize * 8).map do |bit|
      whole.dup.tap { |copy| copy.setbyte(bit / 8, copy.getbyte(bit / 8) ^ (1 << (bit % 8))) }
    end
    damaged += (0...whole.bytesize).map { |size| whole.byteslice(0, size) } + ["#{whole}\0", "", "x"]
    misses = damaged.count do |bytes|
      assert_equal data, storage.retrieve(bytes)
      assert storage.validate(bytes)
      false
    rescue CachekitCore::CacheMiss
      refute storage.validate(bytes)
      true
    end
    assert_operator misses, :>, damaged.size * 9 / 10
  end
end
