# frozen_string_literal: true

# A web program that reads users from a cache, and loads those that are not there.
#
#     /users?id=1&id=2    the users as JSON, null for one that there is not
#     /metrics            what this worker has done, for Prometheus
#
# It needs the gems puma, redis and msgpack. REDIS_URL says where Redis is, and
# CACHEKIT_MASTER_KEY holds the master key, 64 hexadecimal digits. To replace that, start again
# with the old one in CACHEKIT_PREVIOUS_MASTER_KEYS: what it opens is sealed again.
#
#     puma --config examples/ruby/puma.rb examples/ruby/config.ru

require "json"
require "uri"
require_relative "clone" # with the gem installed: require "cachekit_core"
require_relative "users"

users = Users.new(ENV.fetch("REDIS_URL", "redis://127.0.0.1:6379"))

answer = lambda do |status, type, text|
  [status, { "content-type" => type }, [text]]
end

asked = lambda do |query|
  URI.decode_www_form(query).filter_map { |name, value| value if name == "id" }
rescue ArgumentError # it is not a query
  []
end

run(lambda do |environment|
  case environment["PATH_INFO"]
  when "/users"
    ids = asked.call(environment["QUERY_STRING"])
    unless ids.size.between?(1, 128) && ids.all?(/\A[0-9]{1,9}\z/)
      next answer.call(400, "application/json", %({"error":"say up to 128 ids: /users?id=1&id=2"}\n))
    end

    answer.call(200, "application/json", "#{JSON.generate(users.get(ids.map(&:to_i)))}\n")
  when "/metrics"
    answer.call(200, "text/plain; version=0.0.4; charset=utf-8", users.metrics)
  else
    answer.call(404, "text/plain", "there are /users and /metrics\n")
  end
end)
