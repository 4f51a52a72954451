# frozen_string_literal: true

# What puma serves: the parent reads this file, the workers call the application.

require_relative "cachekit"

run(lambda do |_environment|
  parent = Process.ppid
  answer = [Process.pid, parent, Cachekit.loaded?(parent), Cachekit.threads(parent),
            Cachekit.round_trips(20)].join(" ")
  [200, { "Content-Type" => "text/plain" }, ["#{answer}\n"]]
end)
