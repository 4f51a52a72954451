# frozen_string_literal: true

# A setting made after the load and before the first use counts; one made later
# does not.

require_relative "cachekit"

ENV["CACHEKIT_LZ4"] = "portable"
puts Cachekit.build_info
ENV.delete("CACHEKIT_LZ4")
puts Cachekit.build_info
