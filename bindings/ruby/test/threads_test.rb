# frozen_string_literal: true

require_relative "helper"

class ThreadsTest < Minitest::Test
  include Helper

  SIZES = [0, 50, 5000, 40_000, 1_200_000].freeze

  def test_many_threads_share_an_object
    CachekitCore::ByteStorage.open do |storage|
      keyring do |k|
        encryptor = CachekitCore::Encryptor.new
        8.times.map do |thread|
          Thread.new do
            10.times do |i|
              data = noise(SIZES[(i + thread) % SIZES.size])
              key = "#{thread}:#{i}"
              raise unless storage.retrieve(storage.store(data)) == data
              raise unless k.open(key, k.seal(key, data)) == data
              raise unless k.open_many([[key, k.seal_many([[key, data]]).first]]) == [data]
              raise unless encryptor.decrypt(MASTER, encryptor.encrypt(MASTER, data, key), key) == data
            end
          end
        end.each(&:join)
        assert_equal 160, k.counter
        assert_equal 80, encryptor.counter
        assert_equal 80, storage.metrics[:store][:operations]
      end
    end
  end

  # Other threads run while a large payload is stored, and may change it meanwhile.
  def test_large_payload_is_kept_as_it_was
    CachekitCore::ByteStorage.open do |storage|
      untouched = Array.new(20) do |i|
        original, data = noise(4_000_000 + i), noise(4_000_000 + i) # a dup would share its memory
        writer = Thread.new do
          2000.times { |n| data.setbyte(n, n & 0xFF) }
          data.replace("gone")
        end
        payload = storage.retrieve(storage.store(data)) # before, after or during
        writer.join
        next if payload == "gone"

        assert_equal original.byteslice(2000..), payload.byteslice(2000..)
        payload == original
      end
      assert untouched.any?, "the writer was always first: that was no test"
    end
  end

  # A batch of payloads that another thread changes: no answer is of other memory.
  def test_batches_that_change
    keyring do |k|
      items = Array.new(50) { |i| ["key", "x" * (i.odd? ? 100 : 10_000)] }
      running = true
      writer = Thread.new { items.each { |_, data| data.replace("x" * [0, 100, 10_000, 200_000].sample) } while running }
      20.times do
        k.seal_many(items).each { |sealed| assert_match(/\Ax*\z/, k.open("key", sealed)) }
      rescue ThreadError => e
        assert_match(/changed/, e.message)
      end
      running = false
      writer.join
    end
  end

  # The same, at the moment when it matters: a length that is not that of the bytes.
  def test_an_item_that_changes_is_noticed
    growing = +"xxxxxxxxxx"
    growing.define_singleton_method(:bytesize) { super() + 1 }
    error = assert_raises(ThreadError) { CachekitCore::ByteStorage.new.store_many(["x", growing]) }
    assert_match(/changed/, error.message)
  end

  # C reads a key, and looks for the end of a text, while other threads run: it gets Strings
  # that none of them has.
  def test_short_arguments_of_long_calls
    CachekitCore.load
    data = noise(1_100_000)
    document = ["\xC6".b, [data.bytesize].pack("N"), data].join
    keyring do |k|
      {
        cachekit_encrypt: ->(name) { CachekitCore::Encryptor.new.encrypt(name, data, "aad") },
        cachekit_keyring_seal: ->(name) { k.seal(name, data, format: name) },
        cachekit_keyring_seal_many: ->(name) { k.seal_many([["k", data]], format: name) },
        cachekit_keyring_seal_interop: ->(name) { k.seal_interop(name, document) }
      }.each do |function, call|
        name = "n" * 32
        passed = passed_to(:"#{function}_without_gvl") { call.call(name) }
        assert_includes passed, name, function
        refute passed.any? { |argument| argument.equal?(name) }, function
      end
    end
  end

  # The Strings that a function of the library gets.
  def passed_to(function, &)
    passed = nil
    original = NATIVE.method(function)
    NATIVE.stub(function, ->(*arguments) { original.call(*(passed = arguments)) }, &)
    passed.grep(String)
  end

  # What is being used when it is closed finishes or says so, and nothing else.
  def test_close_while_in_use
    20.times do
      k = CachekitCore::Keyring.new(MASTER, tenant: "acme")
      started = Queue.new
      threads = 4.times.map do |i|
        Thread.new do
          count = 0
          loop do
            data = noise(i.odd? ? 1_100_000 : 100)
            raise "changed" unless k.open("k", k.seal("k", data)) == data

            count += 1
            started.push(true)
          end
        rescue CachekitCore::InvalidHandleError
          count
        end
      end
      4.times { started.pop }
      k.close
      assert_operator threads.sum(&:value), :>=, 4
    end
  end

  def test_killed_threads
    storage = CachekitCore::ByteStorage.new
    20.times do
      running = Queue.new
      thread = Thread.new do
        loop do
          storage.retrieve(storage.store("x" * 1_100_000))
          running.push(true)
        end
      end
      running.pop
      thread.kill.join
      assert_equal "x", storage.retrieve(storage.store("x"))
    end
  end

  def test_fibers
    keyring do |k|
      fibers = Array.new(100) { |i| Fiber.new { Fiber.yield k.seal("k", "v#{i}") } }
      fibers.each_with_index { |fiber, i| assert_equal "v#{i}", k.open("k", fiber.resume) }
    end
  end

  # An argument of the first call that another thread makes shorter while the library is loaded.
  def test_an_argument_that_changes_while_loading
    code = <<~CODE
      key = "k" * 100_000
      clearing = Module.new { define_method(:load) { |path = nil| key.clear; super(path) } }
      CachekitCore.const_get(:Library).singleton_class.prepend(clearing)
      begin
        CachekitCore.key_fingerprint(key)
      rescue ThreadError => e
        puts e.message
      end
      p CachekitCore.key_fingerprint("k" * 32).bytesize
    CODE
    assert_equal "an argument was changed meanwhile\n16\n", ruby(code)
  end

  # The first use, by many threads at once.
  def test_loading
    code = <<~CODE
      threads = 16.times.map { |i| Thread.new { CachekitCore.checksum("x" * i).bytesize } }
      p threads.map(&:value).uniq, CachekitCore.load == ENV["CACHEKIT_LIBRARY"]
    CODE
    assert_equal "[8]\ntrue\n", ruby(code)
  end
end
