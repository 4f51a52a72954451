# frozen_string_literal: true

# The gem with the source of the library in source/, which is built at the installation;
# or, if CACHEKIT_CORE_PLATFORM names one, the gem for a platform, with the library that
# was put beside the Ruby files. make gem calls this for each.
platform = ENV.fetch("CACHEKIT_CORE_PLATFORM", "")
header = %w[source/include include ../../include].map { |dir| File.join(__dir__, dir, "cachekit.h") }.find { |file| File.exist?(file) }

Gem::Specification.new do |spec|
  spec.name = "cachekit_core"
  spec.version = File.read(header)[/^#define CACHEKIT_VERSION_STRING "(.+)"/, 1]
  spec.summary = "Compresses and encrypts the values which a program keeps in a cache"
  spec.description = "Compresses and encrypts the values which a program keeps in a cache, such as Redis or " \
                     "Memcached, and shares them with programs in Python, Rust, TypeScript, Go and C."
  spec.authors = ["The cachekit-core for Go authors"]
  spec.licenses = %w[MIT BSD-2-Clause BSD-3-Clause] # MIT is ours; the library has parts of the others
  spec.homepage = "https://github.com/cachekit-go/cachekit-core"
  spec.metadata = {
    "changelog_uri" => "#{spec.homepage}/blob/main/CHANGELOG.md",
    "source_code_uri" => spec.homepage,
    "rubygems_mfa_required" => "true"
  }
  spec.required_ruby_version = ">= 3.1"
  spec.add_runtime_dependency "ffi", ">= 1.15", "< 2"

  files = %w[LICENSE README.md lib/**/*.rb sig/**/*.rbs]
  if platform.empty?
    files += %w[ext/cachekit_core/extconf.rb source/**/*]
    spec.extensions = ["ext/cachekit_core/extconf.rb"]
  else
    files += %w[lib/cachekit_core/libcachekit_core.{so,dylib,dll} contents/**/*]
    spec.platform = platform
  end
  spec.files = Dir.chdir(__dir__) { Dir.glob(files).select { |file| File.file?(file) }.sort }
end
