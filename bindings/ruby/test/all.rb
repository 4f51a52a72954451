# frozen_string_literal: true

# Runs every test: ruby -w -Ibindings/ruby/lib bindings/ruby/test/all.rb

Dir[File.join(__dir__, "*_test.rb")].each { |file| require file }
