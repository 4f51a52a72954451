# frozen_string_literal: true

require_relative "helper"

class ReadmeTest < Minitest::Test
  include Helper

  def blocks = File.read(File.expand_path("../README.md", __dir__)).scan(/^```ruby\n(.*?)^```/m).flatten

  def test_program
    out = ruby(blocks.fetch(0))
    ada = '{"name":"Ada"}'
    assert_match(
      /\A#{ada}\n#{Regexp.escape(ada.inspect)}\na miss: decryption failed: .*\nnil\nunder another cache key: CACHEKIT_DECRYPTION_FAILED\n\z/, out
    )
  end

  # The settings of Rails, up to the store that they make.
  def test_rails
    require "active_support"
    require "active_support/cache"
    require "redis"
    config = Struct.new(:cache_store).new
    eval(blocks.fetch(1), binding) # rubocop:disable Security/Eval
    assert_instance_of ActiveSupport::Cache::RedisCacheStore, ActiveSupport::Cache.lookup_store(*config.cache_store)
  rescue LoadError
    missing("ActiveSupport or the redis gem is not installed")
  end
end
