# frozen_string_literal: true

require_relative "helper"

class BatchTest < Minitest::Test
  include Helper

  SIZES = [0, 1, 23, 24, 639, 641, 4095, 4096, 4097, 20_000, 70_000].freeze

  def test_storage
    CachekitCore::ByteStorage.open do |storage|
      payloads = SIZES.map { |size| json(size) }
      envelopes = storage.store_many(payloads)
      assert_equal payloads.map { |data| storage.store(data) }, envelopes
      assert_equal payloads, storage.retrieve_many(envelopes)
      formats = storage.store_many(payloads.each, format: :json).map { |e| CachekitCore.inspect_envelope(e).format }
      assert_equal ["json"], formats.uniq
      assert_empty storage.store_many([])
      assert_equal [nil, nil], storage.retrieve_many([nil, nil])
    end
  end

  def test_keyring
    keyring do |k|
      items = SIZES.each_with_index.to_h { |size, i| ["users:#{i}#{"x" * (size % 5000)}", noise(size)] }
      sealed = k.seal_many(items, format: :json)
      assert_equal items.values, k.open_many(items.keys.zip(sealed), format: "json")
      assert_equal(items.values.map { |v| [v, 0] }, k.open_many_with_index(items.keys.zip(sealed), format: "json"))
      items.keys.zip(sealed) { |key, entry| assert_equal items[key], k.open(key, entry, format: "json") }
      assert(sealed.all? { |entry| entry.encoding == Encoding::BINARY })
      assert_equal SIZES.size, k.counter
    end
  end

  def test_each_item_has_its_own_answer
    keyring do |k|
      good = k.seal("a", "x" * 5000)
      answers = k.open_many([["a", good], ["b", good], ["c", nil], ["a", ""], ["a", good], ["a", "x" * 5000]])
      assert_equal "x" * 5000, answers[0]
      assert_kind_of CachekitCore::DecryptionFailedError, answers[1]
      assert_match(/\Adecryption failed: keys tried: 1/, answers[1].message)
      assert_nil answers[2]
      assert_kind_of CachekitCore::InvalidEntryError, answers[3]
      assert_equal "x" * 5000, answers[4]
      assert_kind_of CachekitCore::CacheMiss, answers[5]

      small = keyring(max_payload: 10)
      answers = small.seal_many([["a", "x" * 11], %w[a x]])
      assert_kind_of CachekitCore::InputTooLargeError, answers[0]
      refute_kind_of CachekitCore::CacheMiss, answers[0]
      assert_equal "x", small.open("a", answers[1])
    end
  end

  def test_whole_calls_that_fail
    keyring do |k|
      assert_raises(CachekitCore::InvalidInputError) { k.open_many([%w[a b]], format: "\xFF") }
      assert_raises(TypeError) { k.open_many([["a", 1]]) }
      assert_raises(TypeError) { k.open_many([[nil, "b"]]) }
      assert_raises(TypeError) { k.open_many(["a"]) }
      assert_raises(CachekitCore::InputTooLargeError) { k.open_many([["a" * 1_048_577, "b"]]) }
      k.close
      assert_raises(CachekitCore::InvalidHandleError) { k.open_many([%w[a b]]) }
      assert_raises(CachekitCore::InvalidHandleError) { k.seal_many([%w[a b]]) }
    end
  end

  # Of one item alone: the others have their answers. Of all: the call fails.
  def test_errors_that_the_whole_call_can_have
    keyring do |k|
      items = [["a", k.seal("a", "x")], ["b", k.seal("b", "y")]]
      original = NATIVE.method(:cachekit_keyring_open_many)
      one = lambda do |*arguments|
        assert_equal 0, original.call(*arguments)
        arguments[2].put_int(CachekitCore::Declarations::Item.offset_of(:error), CachekitCore::OutOfMemoryError.code)
        CachekitCore::OutOfMemoryError.code
      end
      NATIVE.stub(:cachekit_keyring_open_many, one) do
        answers = k.open_many(items)
        assert_kind_of CachekitCore::OutOfMemoryError, answers[0]
        assert_equal "y", answers[1]
      end
      [CachekitCore::OutOfMemoryError, CachekitCore::InternalError].each do |kind|
        NATIVE.stub(:cachekit_keyring_open_many, kind.code) { assert_raises(kind) { k.open_many(items) } }
      end
    end
  end

  def test_large_batches
    keyring do |k|
      items = Array.new(20) { |i| [i.to_s, noise(100_000 + i)] } # more than 1 MiB: other threads run
      assert_equal items.map(&:last), k.open_many(items.map(&:first).zip(k.seal_many(items)))
      many = Array.new(10_000) { |i| [i.to_s, "value #{i}"] }
      assert_equal many.map(&:last), k.open_many(many.map(&:first).zip(k.seal_many(many)))
    end
  end

  # Ruby moves short Strings when it compacts.
  def test_while_memory_is_compacted
    missing("this Ruby cannot compact") unless GC.respond_to?(:auto_compact=)
    code = <<~'CODE'
      keyring = CachekitCore::Keyring.new("m" * 32, tenant: "acme")
      items = Array.new(4) { |i| ["key #{i}", "v#{i}" * (i * i * 10)] }
      GC.auto_compact = true
      GC.stress = true
      1.times do
        raise unless keyring.open_many(items.map(&:first).zip(keyring.seal_many(items))) == items.map(&:last)
      end
      puts "whole"
    CODE
    assert_equal "whole\n", ruby(code)
  end
end
