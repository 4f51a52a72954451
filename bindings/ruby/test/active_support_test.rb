# frozen_string_literal: true

require_relative "helper"
require "logger"
require "socket"

begin
  require "cachekit_core/active_support"
rescue LoadError => e
  raise unless e.path.to_s.start_with?("active_support")
end

# The coder in the stores of the gem, and called as later versions of Rails call it.
class ActiveSupportTest < Minitest::Test
  include Helper

  Record = Struct.new(:id, :name)

  def setup
    missing("ActiveSupport is not installed") unless defined?(ActiveSupport::Cache)
  end

  def coder(master = MASTER, **options)
    CachekitCore::ActiveSupport::Coder.new(**options) { CachekitCore::Keyring.new(master, tenant: "acme") }
  end

  def with_redis
    path = program("redis-server")
    begin
      require "redis"
    rescue LoadError
      missing("the redis gem is not installed")
    end
    Dir.mktmpdir do |folder|
      socket = "#{folder}/redis"
      server = IO.popen([path, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder])
      begin
        server.each_line { |line| break if line.include?("eady to accept connections") || line.include?("now ready") }
        drain = Thread.new { server.read }
        yield socket
      ensure
        Process.kill(:INT, server.pid)
        drain&.join
        server.close
      end
    end
  end

  # Yields each store, and what writes bytes under a key behind its back.
  def each_store(coder)
    memory = ActiveSupport::Cache::MemoryStore.new(coder: coder, compress: false)
    yield memory, ->(key, bytes) { memory.instance_variable_get(:@data)[key] = bytes }
    Dir.mktmpdir do |folder|
      file = ActiveSupport::Cache::FileStore.new(folder, coder: coder, compress: false)
      yield file, ->(key, bytes) { File.binwrite(file.send(:normalize_key, key, {}), bytes) }
    end
    with_redis do |socket|
      redis = ActiveSupport::Cache::RedisCacheStore.new(url: "unix://#{socket}", coder: coder, compress: false)
      yield redis, ->(key, bytes) { redis.redis.with { |client| client.set(key, bytes) } }
    end
  end

  def test_stores
    each_store(coder) do |store, put|
      value = { "user" => Record.new(1, "Ada"), text: "é" * 5000, bytes: noise(100), none: nil }
      store.write("a", value, expires_in: 60)
      assert_equal value, store.read("a"), store.class
      assert_equal 1, store.fetch("b") { 1 }
      assert_equal 1, store.fetch("b") { flunk }
      assert_equal({ "a" => value, "b" => 1 }, store.read_multi("a", "b", "c"))
      store.write_multi({ "d" => 1, "e" => [2] })
      assert_equal [2], store.read("e")
      store.write("nil", nil)
      assert store.exist?("nil")
      store.write("old", 1, expires_in: -1)
      assert_nil store.read("old")

      # What does not open is a miss, and is replaced.
      [noise(100), "", Marshal.dump("x"), coder("x" * 32).dump(ActiveSupport::Cache::Entry.new(1)),
       coder(namespace: "other").dump(ActiveSupport::Cache::Entry.new(1))].each do |bytes|
        put.call("b", bytes)
        assert_nil store.read("b"), store.class
        assert_equal({ "d" => 1 }, store.read_multi("b", "d"))
        put.call("b", bytes)
        assert_equal 2, store.fetch("b") { 2 }
        assert_equal 2, store.read("b")
      end
    end
  end

  def test_entries_are_encrypted_and_small
    entry = ActiveSupport::Cache::Entry.new("secret" * 1000, compress: false)
    bytes = coder.dump(entry)
    refute_includes bytes, "secret"
    assert_operator bytes.bytesize, :<, 500
    assert_equal Encoding::BINARY, bytes.encoding
    assert_equal entry.value, coder.load(bytes).value
    assert_nil coder.load(nil)
    assert_nil coder.load(1)
  end

  # As Rails 7.0 and later do: dump_compressed(entry, threshold), and entries that pack.
  def test_later_versions
    packing = Class.new(ActiveSupport::Cache::Entry) { def pack = [value, expires_at, version] }
    unpack = ActiveSupport::Cache::Entry.respond_to?(:unpack)
    ActiveSupport::Cache::Entry.define_singleton_method(:unpack) { |(v, *)| new(v, compress: false) } unless unpack
    entry = packing.new([1, 2], compress: false)
    [coder.dump_compressed(entry, 1024), coder.dump(entry)].each do |bytes|
      assert_equal [1, 2], coder.load(bytes).value
    end
  ensure
    ActiveSupport::Cache::Entry.singleton_class.send(:remove_method, :unpack) if unpack == false
  end

  def test_serializer
    json = Class.new do
      def self.dump(entry) = JSON.generate(entry.value)
      def self.load(bytes) = ActiveSupport::Cache::Entry.new(JSON.parse(bytes))
    end
    store = ActiveSupport::Cache::MemoryStore.new(coder: coder(serializer: json))
    store.write("a", { "b" => [1] })
    assert_equal({ "b" => [1] }, store.read("a"))
  end

  # One keyring for all threads, and another one when it is worn out.
  # Marshal raises ArgumentError for a class that there is no more.
  def test_object_of_a_class_that_is_gone
    keyring = CachekitCore::Keyring.new(CachekitCore.generate_key, tenant: "t")
    coder = CachekitCore::ActiveSupport::Coder.new(keyring)
    self.class.const_set(:Gone, Struct.new(:a))
    bytes = coder.dump(ActiveSupport::Cache::Entry.new(self.class::Gone.new(1)))
    refute_nil coder.load(bytes)
    self.class.send(:remove_const, :Gone)
    assert_nil coder.load(bytes)
  end

  def test_keyring_is_made_at_first_use_and_replaced
    made = Queue.new
    coder = CachekitCore::ActiveSupport::Coder.new(lambda {
      made.push(true)
      CachekitCore::Keyring.new(MASTER, tenant: "acme")
    })
    assert_empty made
    entry = ActiveSupport::Cache::Entry.new(1)
    8.times.map { Thread.new { coder.load(coder.dump(entry)).value } }.each { |t| assert_equal 1, t.value }
    assert_equal 1, made.size
    first = coder.keyring
    first.stub(:rotation_needed?, true) do
      refute_same first, coder.keyring
      assert_equal 2, made.size
    end
    kept = CachekitCore::Keyring.new(MASTER, tenant: "acme")
    fixed = CachekitCore::ActiveSupport::Coder.new(kept)
    kept.stub(:rotation_needed?, true) { assert_same kept, fixed.keyring }
    assert_raises(TypeError) { CachekitCore::ActiveSupport::Coder.new(1) }
    assert_raises(TypeError) { CachekitCore::ActiveSupport::Coder.new }
  end

  # A closed keyring, a fork: the store is set up wrongly, and that is no miss.
  def test_other_errors_are_raised
    k = CachekitCore::Keyring.new(MASTER, tenant: "acme")
    fixed = CachekitCore::ActiveSupport::Coder.new(k)
    bytes = fixed.dump(ActiveSupport::Cache::Entry.new(1))
    k.close
    assert_raises(CachekitCore::InvalidHandleError) { fixed.load(bytes) }
  end

  # Workers that are forked after the store was made.
  def test_forked_workers
    out = ruby(<<~CODE)
      require "logger"
      require "cachekit_core/active_support"
      store = ActiveSupport::Cache::MemoryStore.new(coder: CachekitCore::ActiveSupport::Coder.new { CachekitCore::Keyring.new("m" * 32, tenant: "t") })
      pids = 2.times.map { fork { store.write("a", 1); exit!(store.read("a") == 1) } }
      p pids.map { |pid| Process.wait2(pid)[1].success? }
    CODE
    assert_equal "[true, true]\n", out
  end
end
