# frozen_string_literal: true

require_relative "helper"

class MemoryTest < Minitest::Test
  include Helper

  # The handles of objects that nobody has any more, each once.
  def test_handles_are_freed_by_the_collector
    out = ruby(<<~CODE)
      native = CachekitCore.const_get(:Native)
      CachekitCore.load
      free = native.method(:cachekit_encryptor_free)
      freed = Hash.new(0)
      $VERBOSE = nil
      native.define_singleton_method(:cachekit_encryptor_free) { |handle| freed[handle.address] += 1; free.call(handle) }
      make = -> { 100_000.times { CachekitCore::Encryptor.new } }
      make.call
      GC.start
      p freed.size > 99_000, freed.values.uniq
    CODE
    assert_equal "true\n[1]\n", out
  end

  def resident = File.read("/proc/self/statm").split[1].to_i * 4096

  def grows(calls, &)
    calls.times(&)
    GC.start
    before = resident
    calls.times(&)
    GC.start
    resident - before
  end

  # Neither results nor the library's buffers stay.
  def test_memory_does_not_grow
    storage = CachekitCore::ByteStorage.new
    k = CachekitCore::Keyring.new(MASTER, tenant: "acme")
    small = noise(2000)
    large = noise(300_000)
    bad = k.seal("k", small).tap { |sealed| sealed.setbyte(20, sealed.getbyte(20) ^ 1) }
    growth = {
      small: grows(20_000) { storage.retrieve(storage.store(small)) },
      large: grows(500) { k.open("k", k.seal("k", large)) },
      many: grows(500) { k.open_many([["k", k.seal("k", small)], ["k", bad], ["k", large]]) },
      failed: grows(20_000) { k.open("k", bad) rescue nil }, # rubocop:disable Style/RescueModifier
      keyrings: grows(5000) { CachekitCore::Keyring.new(MASTER, tenant: "acme", decrypt_only: [EARLIER]).close }
    }
    # A result of each call would be 40 MB or more, and of the large ones 150 MB.
    growth.each { |what, bytes| assert_operator bytes, :<, what == :small ? 25_000_000 : 60_000_000, what }
  end

  # An input is not kept.
  def test_inputs_are_collected
    storage = CachekitCore::ByteStorage.new
    kept = ObjectSpace::WeakMap.new
    make = lambda do
      100.times do |i|
        data = noise(5000 + i)
        storage.retrieve_many(storage.store_many([data]))
        kept[data] = i
      end
    end
    make.call
    GC.start
    assert_operator kept.size, :<, 20
  end
end
