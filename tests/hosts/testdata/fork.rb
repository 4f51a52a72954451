# frozen_string_literal: true

# Process.fork before the first use and after it.

require_relative "cachekit"

def in_child
  reader, writer = IO.pipe
  pid = Process.fork do
    reader.close
    writer.write(Cachekit.code_of_use)
    exit!(0)
  end
  writer.close
  answer = reader.read
  Process.wait(pid)
  $?.success? ? answer : $?.inspect
end

puts "children before the parent: #{Array.new(3) { in_child }.join(" ")}"
puts "the parent, after its children: #{Cachekit.code_of_use}"
puts "a child after the parent: #{in_child}"
puts "the parent, after all: #{Cachekit.code_of_use}"
