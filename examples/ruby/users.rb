# frozen_string_literal: true

require "redis"

# Users, from the cache or from where they really are.
#
# The entries are interop entries: programs in other languages read and write the same ones,
# and so does this function of the Python package cachekit:
#
#     @cache.secure(interop="get_user", namespace="users", backend=RedisBackend(), ttl=300)
#     def get_user(user_id): ...
class Users
  SECONDS_TO_LIVE = 300
  LARGEST = 1000 # bytes of a user: an entry that claims more is refused
  ROLES = %w[reader writer admin].freeze
  UNAVAILABLE = [Redis::BaseError, SystemCallError].freeze
  # Puts an entry in the place of another one, but only if that is still there: since it was
  # read, somebody may have written a newer value or deleted it.
  REPLACE = <<~LUA
    if redis.call('GET', KEYS[1]) == ARGV[1] then
        return redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
    end
    return false
  LUA
  private_constant :UNAVAILABLE, :REPLACE

  # Makes nothing that must not be forked: the keyring and the connections are made at their
  # first use, in a worker.
  def initialize(url)
    @url = url
    @lock = Mutex.new
    @counts = { hits: 0, misses: 0, damaged: 0, resealed: 0, failures: 0 }
  end

  # @param ids [Array<Integer>]
  # @return [Array<Hash, nil>]
  def get(ids)
    keys = ids.uniq.to_h { |id| [CachekitCore::Interop.key("users", "get_user", id), id] }
    found = open_all(keys.keys, read(keys.keys))
    missing = keys.keys - found.keys
    loaded = missing.zip(load(missing.map { |key| keys[key] })).to_h
    write(loaded.compact)
    users = found.merge(loaded).transform_keys { |key| keys[key] }
    ids.map { |id| users[id] }
  end

  # @return [String] for Prometheus
  def metrics
    name = "worker-#{Process.pid}"
    counts = @lock.synchronize { @counts.dup }
    keyring.metrics_text(name) + counts.map do |what, count|
      "# TYPE cachekit_cache_#{what}_total counter\n" \
        "cachekit_cache_#{what}_total{name=\"#{name}\"} #{count}\n"
    end.join
  end

  private

  # The keyring of this process, of the master keys in its environment; a new one with the
  # same keys when it is worn out.
  def keyring
    @lock.synchronize do
      @keyring = nil if @keyring&.rotation_needed?
      @keyring ||= CachekitCore::Keyring.from_env(max_payload: LARGEST)
    end
  end

  # A connection for each thread.
  def redis
    Thread.current.thread_variable_get(:users_redis) || Redis.new(url: @url, timeout: 1).tap do |client|
      Thread.current.thread_variable_set(:users_redis, client)
    end
  end

  def count(what) = @lock.synchronize { @counts[what] += 1 }

  # Without Redis, all is loaded.
  def read(keys)
    redis.mget(keys)
  rescue *UNAVAILABLE => e
    failed("reading from", e)
    [nil] * keys.size
  end

  # What does not open is a miss like any other: whoever can write to Redis can put anything
  # there. What an earlier master key opened is sealed again.
  def open_all(keys, entries)
    old = {}
    users = keys.zip(entries).each_with_object({}) do |(key, entry), found|
      next count(:misses) if entry.nil?

      document, index = keyring.open_interop_with_index(key, entry)
      found[key] = CachekitCore::Interop.decode(document)
      old[key] = [entry, found[key]] if index.positive?
      count(:hits)
    rescue CachekitCore::CacheMiss
      count(:damaged)
      count(:misses)
    end
    reseal(old)
    users
  end

  # The entries keep their time to live.
  def reseal(old)
    old.each do |key, (entry, user)|
      sealed = CachekitCore::Interop.seal(keyring, key, user)
      count(:resealed) if redis.eval(REPLACE, keys: [key], argv: [entry, sealed])
    end
  rescue *UNAVAILABLE => e
    failed("writing to", e)
  end

  # Where users really are. In a real program this is a database, and the slow part.
  def load(ids)
    ids.map do |id|
      next unless id.between?(1, 1_000_000)

      { "id" => id, "name" => "user-#{id}", "role" => ROLES[id % 3] }
    end
  end

  def write(users)
    return if users.empty?

    redis.pipelined do |pipeline|
      users.each do |key, user|
        pipeline.setex(key, SECONDS_TO_LIVE, CachekitCore::Interop.seal(keyring, key, user))
      end
    end
  rescue *UNAVAILABLE => e
    failed("writing to", e)
  end

  def failed(doing, error)
    count(:failures)
    warn "#{doing} Redis: #{error.class}"
  end
end
