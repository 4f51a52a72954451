# frozen_string_literal: true

require "json"
require "minitest/autorun"
require "minitest/mock"
require "open3"
require "rbconfig"
require "tmpdir"

# The library that make built, unless another one is named.
ROOT = File.expand_path("../../..", __dir__)
ENV["CACHEKIT_LIBRARY"] = File.join(ROOT, "build/libcachekit_core.so") if ENV.fetch("CACHEKIT_LIBRARY", "").empty?
LIB = File.expand_path("../lib", __dir__)
$LOAD_PATH.unshift(LIB) unless $LOAD_PATH.include?(LIB)

require "cachekit_core"

# What tests need.
module Helper
  NATIVE = CachekitCore.const_get(:Native) # private, and replaced by some tests

  MASTER = "m" * 32
  EARLIER = "e" * 32

  # Leaves out a test for which something is missing. Where everything is known to be there,
  # CACHEKIT_NO_SKIPS makes it a failure.
  def missing(why)
    flunk(why) unless ENV.fetch("CACHEKIT_NO_SKIPS", "").empty?
    skip(why)
  end

  # @return [Hash, Array] a file of the published test vectors
  def vectors(name)
    folders = [ENV.fetch("CACHEKIT_VECTORS", ""), "#{ROOT}/build/vectors", "#{ROOT}/../shared/vectors"]
    path = folders.reject(&:empty?).map { |folder| "#{folder}/#{name}" }.find { |file| File.file?(file) }
    missing("no test vectors; make vectors fetches them") if path.nil?
    JSON.parse(File.read(path))
  end

  # @return [Array] rows, of which there must be so many, lest a test look at nothing
  def counted(rows, count)
    assert_equal count, rows.size
    rows
  end

  def hex(digits) = [digits].pack("H*")

  def program(name)
    found = ENV["PATH"].split(":").map { |folder| File.join(folder, name) }.find { |path| File.executable?(path) }
    found || missing("#{name} is not installed")
  end

  # Runs Ruby in a process of its own, which must end well and say nothing on stderr.
  def ruby(code, *arguments, environment: {}, stderr: "")
    out, err, status = Open3.capture3(environment, RbConfig.ruby, "-w", "-I#{LIB}", *arguments, "-e",
                                      "require 'cachekit_core'; #{code}")
    assert_predicate status, :success?, "#{out}#{err}"
    stderr.is_a?(Regexp) ? assert_match(stderr, err) : assert_equal(stderr, err)
    out
  end

  def keyring(tenant: "acme", **options, &block)
    CachekitCore::Keyring.open(MASTER, tenant: tenant, **options, &block)
  end

  # Bytes that are the same each time and compress little.
  def noise(size) = Random.new(size).bytes(size)

  def json(size) = (%({"id":1,"name":"Ada"},) * ((size / 21) + 1)).byteslice(0, size)
end
