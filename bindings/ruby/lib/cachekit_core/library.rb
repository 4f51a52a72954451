# frozen_string_literal: true

module CachekitCore
  # The C library was not found, or is of another version. The message lists what was tried.
  class LibraryNotFoundError < LoadError; end

  # The functions of the C library, under their names there. The first call of one loads the
  # library; those in {BLOCKING} are there once more, as +..._without_gvl+.
  # @api private
  module Native
    # The functions whose time grows with a payload.
    BLOCKING = %i[
      cachekit_byte_storage_store cachekit_byte_storage_retrieve cachekit_byte_storage_validate
      cachekit_byte_storage_estimate_compression cachekit_byte_storage_store_many
      cachekit_byte_storage_retrieve_many
      cachekit_encrypt cachekit_decrypt
      cachekit_keyring_seal cachekit_keyring_open cachekit_keyring_seal_many
      cachekit_keyring_open_many cachekit_keyring_encrypt cachekit_keyring_decrypt
      cachekit_keyring_decrypt_at cachekit_keyring_seal_interop cachekit_keyring_open_interop
      cachekit_compress cachekit_decompress cachekit_checksum cachekit_verify_checksum
    ].freeze

    # How many times as large as its entry a payload is thought to be: JSON compresses to a
    # quarter or less.
    EXPANSION = 4

    # Chooses the function that lets other threads run, if the inputs are large. Such inputs
    # are held as they are. Others need not be, as long as their length is read where they are
    # passed: between that and the call no other thread gets its turn.
    # @return [Array] the name of the function, and the inputs as they can be passed to it
    def self.for(function, *inputs, expansion: 1)
      return [function, *inputs] unless large?(inputs, expansion)

      [without_gvl(function), *inputs.map { |input| Arguments.held(input) }]
    end

    def self.large?(inputs, expansion) = inputs.sum(&:bytesize) * expansion >= GVL_RELEASED_FROM

    def self.without_gvl(function) = :"#{function}_without_gvl"

    # Stands for each function until {Library} has put it here.
    def self.method_missing(name, *arguments)
      return super if Library.loaded? || !respond_to_missing?(name)

      Library.load
      check_sizes(arguments)
      public_send(name, *arguments)
    end

    # Other threads have run while the library was loaded, after the length of a String that is
    # to be passed was read.
    def self.check_sizes(arguments)
      arguments.each_cons(2) do |bytes, size|
        next unless bytes.is_a?(String) && size.is_a?(Integer) && bytes.bytesize < size

        raise ThreadError, "an argument was changed meanwhile"
      end
    end

    def self.respond_to_missing?(name, _private = false)
      Declarations::FUNCTIONS.key?(name.to_s.delete_suffix("_without_gvl").to_sym)
    end
  end
  private_constant :Native

  # Finds the C library and loads it, once in a process.
  # @api private
  module Library
    LOCK = Mutex.new
    private_constant :LOCK

    SUFFIX = FFI::Platform::LIBSUFFIX # so, dylib or dll
    private_constant :SUFFIX

    # Names that the loader of the system looks for.
    SYSTEM_NAMES = { "dylib" => %w[libcachekit_core.0.dylib libcachekit_core.dylib],
                     "dll" => %w[libcachekit_core.dll] }
                   .fetch(SUFFIX, %w[libcachekit_core.so.0 libcachekit_core.so]).freeze

    # The version of the header that {Declarations} was made from.
    HEADER = [Declarations::VERSION_MAJOR, Declarations::VERSION_MINOR,
              Declarations::VERSION_PATCH].freeze
    private_constant :HEADER

    @path = nil

    class << self
      # @return [String, nil] what was loaded
      attr_reader :path

      def loaded? = !@path.nil?

      # @param path [String, nil] the file; nil looks for it
      # @return [String] what was loaded
      def load(path = nil)
        LOCK.synchronize do
          if @path.nil?
            @path = find(path)
          elsif path && File.identical?(path, @path) == false
            raise "the library has been loaded already, from #{@path}"
          end
          @path
        end
      end

      private

      def candidates(path)
        return [path] if path

        named = ENV.fetch("CACHEKIT_LIBRARY", "")
        return [named] unless named.empty?

        [File.expand_path("libcachekit_core.#{SUFFIX}", __dir__), *SYSTEM_NAMES]
      end

      def find(path)
        tried = candidates(path).map do |candidate|
          attach(candidate)
          return candidate
        rescue LoadError => e
          "#{candidate}: #{explain(e.message)}"
        end
        raise LibraryNotFoundError, <<~TEXT.chomp
          cannot load the library cachekit_core; tried
            #{tried.join("\n  ")}
          Install it, or name it in the environment variable CACHEKIT_LIBRARY or in CachekitCore.load.
        TEXT
      end

      # musl refuses to load a Go library into a program that runs.
      def explain(message)
        return message unless message.include?("initial-exec TLS")

        "#{message}\n    On musl (Alpine) start the program with the library: " \
          "LD_PRELOAD=/path/to/libcachekit_core.so.0 ruby ..., and " \
          "CACHEKIT_LIBRARY set to the same path"
      end

      # Puts all functions into Native, or none.
      def attach(file)
        library = FFI::DynamicLibrary.open(
          file, FFI::DynamicLibrary::RTLD_LAZY | FFI::DynamicLibrary::RTLD_LOCAL
        )
        check_version(library)
        Declarations::FUNCTIONS.flat_map { |name, types| functions(library, name, *types) }
                               .each { |name, function| function.attach(Native, name) }
      end

      def functions(library, name, arguments, result)
        address = library.find_function(name.to_s) or raise LoadError, "it has no #{name}"
        arguments = arguments.map { |type| FFI.find_type(type) }
        result = FFI.find_type(result)
        found = [[name.to_s, FFI::Function.new(result, arguments, address)]]
        if Native::BLOCKING.include?(name)
          function = FFI::Function.new(result, arguments, address, blocking: true)
          found << ["#{name}_without_gvl", function]
        end
        found
      end

      def check_version(library)
        address = library.find_function("cachekit_version_number") or
          raise LoadError, "it is another library"
        number = FFI::Function.new(:uint32, [], address).call
        major, minor, patch = [number / 10_000, number / 100 % 100, number % 100]
        return if [major, minor] == HEADER.first(2) && patch >= HEADER[2]

        raise LoadError, "it is version #{major}.#{minor}.#{patch}; " \
                         "#{HEADER.first(2).join(".")}, from #{VERSION} on, is needed"
      end
    end
  end
  private_constant :Library

  class << self
    # Loads the C library, which otherwise happens at the first use. It does not start it, so
    # a process that forks workers may load it before.
    #
    # It looks for the argument; without one for what the environment variable
    # CACHEKIT_LIBRARY names; without that for the file beside this one; and then for
    # libcachekit_core.so.0 and libcachekit_core.so where the system has libraries. On macOS
    # these are .0.dylib and .dylib, on Windows .dll.
    #
    # @param path [String, nil] the file to load
    # @return [String] what was loaded
    # @raise [LibraryNotFoundError] there is none that fits
    # @raise [RuntimeError] another one has been loaded already
    def load(path = nil) = Library.load(path)

    # Starts the library now instead of at its first use, which takes about 2 ms. Do not call
    # it before a fork.
    # @return [void]
    # @raise [ForkedError, OutOfMemoryError]
    def start = Results.check(Native.cachekit_start)

    # @return [String] what the library was built with and which code it runs on this
    #   processor, for logs. Its form may change.
    def build_info = Native.cachekit_build_info.dup.force_encoding(Encoding::UTF_8)

    # @return [String] the version of the library that is loaded, such as "0.1.0"
    def library_version = Native.cachekit_version_string.dup.force_encoding(Encoding::UTF_8)

    # @return [Boolean] whether encryption uses the processor's AES instructions
    def hardware_acceleration_enabled? = Native.cachekit_hardware_acceleration_enabled
  end
end
