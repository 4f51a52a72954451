# frozen_string_literal: true

module CachekitCore
  # The keys of one tenant; {CachekitCore.derive_tenant_keys} makes them. Its text shows none.
  #
  # @!attribute [r] encryption
  #   @return [String] 32 bytes
  # @!attribute [r] authentication
  #   @return [String] 32 bytes
  # @!attribute [r] cache_keys
  #   @return [String] 32 bytes
  TenantKeys = Struct.new(:encryption, :authentication, :cache_keys, keyword_init: true) do
    # @return [String] the name of the class, without the keys
    def inspect = "#<#{self.class}>"

    alias_method :to_s, :inspect

    # What pp and irb show: for a Struct they do not ask inspect.
    # @param printer [PP]
    def pretty_print(printer) = printer.text(inspect)
  end

  # Keys are Strings here, which cannot be wiped for sure: Ruby may have copied them.
  # {Keyring.from_env} keeps them out of Ruby's memory.
  class << self
    # @return [String] 32 random bytes of the operating system: a new master key, or a key for
    #   an {Encryptor}. Keep it where you keep secrets: without it no entry opens.
    # @raise [RngFailureError, ForkedError]
    def generate_key = secret(KEY_SIZE) { |out| Native.cachekit_generate_key(out) }

    # @param text [String] a master key as hexadecimal digits, an even number of them, 64 or
    #   more, and nothing else: no white space, no quotes, no 0x
    # @return [String] the key
    # @raise [InvalidInputError] it is not that
    # @raise [InvalidKeyLengthError] there are fewer than 64 digits
    # @raise [ForkedError]
    def parse_master_key(text)
      text = Arguments.text(text, "text")
      out_len = FFI::MemoryPointer.new(:size_t)
      out_len.put_ulong(0, text.bytesize / 2)
      secret(text.bytesize / 2) { |out| Native.cachekit_parse_master_key(text, out, out_len) }
    end

    # Derives a key with HKDF-SHA256 (RFC 5869).
    # @param master [String] 16 bytes or more; 32 are advised
    # @param salt [String] such as a tenant id; 1 to 1024 bytes
    # @param domain [String] what the key is for; UTF-8, 1 to 255 bytes
    # @return [String] 32 bytes
    # @raise [InvalidKeyLengthError, InvalidInputError, DomainTooLongError, SaltTooLongError]
    # @raise [ForkedError]
    def derive_key(master, salt, domain)
      master = Arguments.bytes(master, "master")
      salt = Arguments.bytes(salt, "salt")
      domain = Arguments.bytes(domain, "domain")
      secret(KEY_SIZE) do |out|
        Native.cachekit_derive_key(master, master.bytesize, salt, salt.bytesize,
                                   domain, domain.bytesize, out)
      end
    end

    # Derives the three keys of a tenant.
    # @param master [String] 16 bytes or more; 32 are advised
    # @param tenant [String] 1 to 1024 bytes
    # @return [TenantKeys]
    # @raise [InvalidKeyLengthError, InvalidInputError, SaltTooLongError, ForkedError]
    def derive_tenant_keys(master, tenant)
      master = Arguments.bytes(master, "master")
      tenant = Arguments.bytes(tenant, "tenant")
      keys = Declarations::TenantKeys.new
      keys[:struct_size] = Declarations::TenantKeys.size
      Results.check(Native.cachekit_derive_tenant_keys(
                      master, master.bytesize, tenant, tenant.bytesize, keys.to_ptr
                    ))
      TenantKeys.new(**TenantKeys.members.to_h do |name|
        [name, keys[name].to_ptr.get_bytes(0, KEY_SIZE)]
      end).freeze
    ensure
      Native.cachekit_wipe(keys.to_ptr, keys.size) if keys
    end

    # @param key [String]
    # @return [String] a name of 16 bytes for a key that does not reveal it, for logs
    # @raise [ForkedError]
    def key_fingerprint(key)
      key = Arguments.bytes(key, "key")
      bytes_of(FINGERPRINT_SIZE) do |out|
        Native.cachekit_key_fingerprint(key, key.bytesize, out)
      end
    end

    # The AAD (additional authenticated data) that binds an entry to its place, for
    # {Encryptor#encrypt} and {Keyring#encrypt}.
    # @param tenant [String]
    # @param cache_key [String]
    # @param format [String, Symbol] what the payload is
    # @param compressed [Boolean] whether the plaintext is an envelope
    # @param original_type [String, nil] UTF-8
    # @return [String]
    # @raise [InvalidInputError] text that is not UTF-8
    # @raise [InputTooLargeError, ForkedError]
    def aad(tenant, cache_key, format: "msgpack", compressed: true, original_type: nil)
      tenant = Arguments.bytes(tenant, "tenant")
      cache_key = Arguments.bytes(cache_key, "cache_key")
      format = Arguments.text(format.is_a?(Symbol) ? format.name : format, "format")
      original_type = Arguments.text(original_type, "original_type") if original_type
      bound = 26 + tenant.bytesize + cache_key.bytesize + format.bytesize +
              original_type.to_s.bytesize
      Results.sized(bound, false) do |out, out_len|
        Native.cachekit_aad(tenant, tenant.bytesize, cache_key, cache_key.bytesize, format,
                            compressed ? true : false, original_type, out, out_len)
      end
    end

    private

    # A key in memory that is wiped when it has been copied.
    def secret(size)
      memory = FFI::MemoryPointer.new(:uint8, [size, 1].max)
      Results.check(yield(memory))
      memory.get_bytes(0, size)
    ensure
      Native.cachekit_wipe(memory, memory.size) if memory
    end
  end
end
