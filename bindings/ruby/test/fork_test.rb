# frozen_string_literal: true

require_relative "helper"

class ForkTest < Minitest::Test
  include Helper

  # Each in a process of its own, as this one has used the library.
  CHILD = <<~'CODE'
    def in_child
      reader, writer = IO.pipe
      pid = fork do
        writer.write(begin
          yield
        rescue CachekitCore::CachekitError => e
          "#{e.class}: #{e.message}"
        end)
        writer.close
        GC.start
        exit(0) # with finalizers
      end
      writer.close
      puts reader.read
      Process.wait(pid)
      puts $?.inspect unless $?.success?
    end
    use = -> { CachekitCore::Keyring.open("m" * 32, tenant: "t") { |k| k.open("k", k.seal("k", "works")) } }
  CODE

  def test_children_before_the_first_use
    assert_equal "works\nworks\nworks\n", ruby("#{CHILD}; CachekitCore.load; 2.times { in_child(&use) }; puts use.call")
  end

  def test_children_after_the_first_use
    out = ruby("#{CHILD}; use.call; in_child(&use); puts use.call")
    assert_match(/\ACachekitCore::ForkedError: process forked after .*: use it only in the children/, out)
    assert_match(/\nworks\n\z/, out)
  end

  # A child frees what its parent made, and the parent keeps it.
  def test_objects_of_the_parent
    out = ruby(<<~CODE)
      #{CHILD}
      kept = CachekitCore::Keyring.new("m" * 32, tenant: "t")
      storage = CachekitCore::ByteStorage.new
      sealed = kept.seal("k", "kept")
      [-> { kept.open("k", sealed) }, -> { kept.open_many([["k", sealed]]) }, -> { storage.store("x") },
       -> { storage.metrics }, -> { CachekitCore::Interop.key("u", "g") }, -> { CachekitCore.generate_key },
       -> { CachekitCore::ByteStorage.new }, -> { CachekitCore::Encryptor.new },
       -> { CachekitCore.checksum("x") }].each { |use| in_child(&use) }
      in_child { kept.close; kept = storage = nil; GC.start; "freed" }
      puts kept.open("k", sealed)
    CODE
    lines = out.lines(chomp: true)
    assert_equal %w[freed kept], lines.last(2)
    assert_equal 9, lines.size - 2
    lines.first(9).each { |line| assert_match(/\ACachekitCore::ForkedError: /, line) }
  end

  def test_exec_after_a_fork
    out = ruby("CachekitCore.checksum('x'); print `echo fine`; system('echo fine too')")
    assert_equal "fine\nfine too\n", out
  end
end
