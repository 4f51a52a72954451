# frozen_string_literal: true

require_relative "../cachekit_core"
require "active_support"
require "active_support/cache"

module CachekitCore
  # For Rails; to be required by itself: <tt>require "cachekit_core/active_support"</tt>.
  module ActiveSupport
    # Encrypts and compresses the entries of any ActiveSupport::Cache store, as its option
    # +coder+. Each entry is the serializer's bytes, sealed by a {Keyring}.
    #
    # @example
    #   config.cache_store = :redis_cache_store, {
    #     url: ENV["REDIS_URL"], compress: false,
    #     coder: CachekitCore::ActiveSupport::Coder.new(-> { CachekitCore::Keyring.from_env })
    #   }
    #
    # A block or lambda makes the keyring at its first use in a process, so that workers which
    # are forked after Rails has started have their own; and makes another one when it is worn
    # out. +compress: false+ keeps Rails from compressing first.
    #
    # A store does not tell its coder the cache key, so all entries are bound to one name, the
    # +namespace+ given here. Who can write to the cache cannot read an entry, change one or
    # make one, but can copy the entry of one cache key to another, or put back an older one,
    # which then opens. Where it matters which is which, put what tells them apart into the
    # value, give stores of different trust namespaces of their own, or use {Keyring#seal}.
    #
    # What does not open is a miss. The serializer only gets what has been authenticated.
    # Entries with <tt>raw: true</tt>, counters too, do not pass through a coder: stores keep
    # them as they are.
    class Coder
      FORMAT = "active_support"
      private_constant :FORMAT

      # @param keyring [Keyring, #call] a keyring, or what makes one
      # @param namespace [String] what entries are bound to instead of their cache keys
      # @param serializer [#dump, #load] what makes bytes of entries
      # @yieldreturn [Keyring] instead of the first argument
      def initialize(keyring = nil, namespace: "active_support", serializer: Marshal, &block)
        maker = block || keyring
        unless maker.is_a?(Keyring) || maker.respond_to?(:call)
          raise TypeError, "keyring is a #{maker.class}, not a Keyring or a lambda that makes one"
        end

        @maker = maker
        @namespace = Arguments.cache_key(namespace).dup.freeze
        @serializer = serializer
        @lock = Mutex.new
        @keyring = maker if maker.is_a?(Keyring)
      end

      # @param entry [::ActiveSupport::Cache::Entry]
      # @return [String]
      # @raise [CachekitError]
      def dump(entry)
        entry = entry.pack if entry.respond_to?(:pack) # Rails 7.0 and later: smaller
        keyring.seal(@namespace, @serializer.dump(entry), format: FORMAT)
      end

      # What Rails 7.0 and later call for a store that compresses: entries are compressed
      # whatever the threshold is.
      # @param entry [::ActiveSupport::Cache::Entry]
      # @param _threshold [Integer] in bytes
      # @return [String]
      # @raise [CachekitError]
      def dump_compressed(entry, _threshold) = dump(entry)

      # @param bytes [String, nil]
      # @return [::ActiveSupport::Cache::Entry, nil] nil, which stores treat as a miss, for
      #   what does not open
      # @raise [CachekitError] for anything else, such as {ForkedError}
      def load(bytes)
        return unless bytes.is_a?(String)

        read(keyring.open(@namespace, bytes, format: FORMAT))
      rescue CacheMiss
        nil
      end

      # @return [Keyring] the one of this process
      # @raise [CachekitError]
      def keyring
        current = @keyring
        return current if current && !(current.rotation_needed? && @maker.respond_to?(:call))

        @lock.synchronize do
          # The old one is left to the garbage collector: other threads may use it still.
          @keyring = @maker.call if @keyring.equal?(current)
          @keyring
        end
      end

      private

      # What is authentic, and yet no entry here, is a miss too: such as an object of a class
      # that has changed since.
      def read(data)
        entry = @serializer.load(data)
        entry.is_a?(Array) ? ::ActiveSupport::Cache::Entry.unpack(entry) : entry
      rescue StandardError
        nil
      end
    end
  end
end
