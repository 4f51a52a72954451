# frozen_string_literal: true

require_relative "helper"

class MetricsTest < Minitest::Test
  include Helper

  def test_hash
    CachekitCore::ByteStorage.open do |storage|
      assert_equal 0.0, storage.metrics[:last_compression_ratio]
      envelope = storage.store("x" * 70_000)
      storage.retrieve(envelope)
      assert_raises(CachekitCore::CacheMiss) { storage.retrieve("x") }
      metrics = storage.metrics
      assert_equal({ operations: 1, errors: 0, bytes_in: 70_000, bytes_out: envelope.bytesize, timed_operations: 1 },
                   metrics[:store].slice(:operations, :errors, :bytes_in, :bytes_out, :timed_operations))
      assert_equal [2, 1, 70_000], metrics[:retrieve].values_at(:operations, :errors, :bytes_out)
      assert_equal [0], metrics[:encrypt].values.uniq
      assert_operator metrics[:store][:total_ns], :>, 0
      assert_in_delta 70_000.0 / envelope.bytesize, metrics[:last_compression_ratio]
      assert_equal CachekitCore.hardware_acceleration_enabled?, metrics[:hardware_accelerated]
    end
    keyring do |k|
      k.open("k", k.seal("k", "x"))
      assert_equal [1] * 4, k.metrics.values_at(:store, :retrieve, :encrypt, :decrypt).map { |m| m[:operations] }
    end
  end

  def test_text
    [CachekitCore::ByteStorage.new, CachekitCore::Encryptor.new,
     CachekitCore::Keyring.new(MASTER, tenant: "acme")].each do |object|
      text = object.metrics_text("orders \"é\"")
      assert_equal Encoding::UTF_8, text.encoding
      assert_includes text, %(cachekit_operations_total{name="orders \\"é\\"",operation="store"} 0\n)
      refute_includes text, "\0"
      assert_includes object.metrics_text, %(cachekit_operations_total{operation="store"} 0\n)
      assert_raises(CachekitCore::InvalidInputError) { object.metrics_text("\xFF") }
      assert_raises(CachekitCore::InputTooLargeError) { object.metrics_text("x" * 1025) }
      assert_raises(TypeError) { object.metrics_text(1) }
    end
  end
end
