# frozen_string_literal: true

require_relative "helper"

# sig/*.rbs against the modules that are loaded.
class SignaturesTest < Minitest::Test
  include Helper

  def setup
    require "rbs"
    begin
      require "cachekit_core/active_support"
    rescue LoadError
      missing("ActiveSupport is not installed")
    end
    loader = RBS::EnvironmentLoader.new
    loader.add(path: Pathname(LIB).parent.join("sig"))
    environment = RBS::Environment.from_loader(loader).resolve_type_names
    @builder = RBS::DefinitionBuilder.new(env: environment)
    @declared = environment.class_decls.keys.select { |name| name.to_s.start_with?("::CachekitCore") }
    @constants = environment.constant_decls.keys.map(&:to_s)
  rescue LoadError
    missing("the rbs gem is not installed")
  end

  # Classes and modules that a program may name.
  def modules(parent = CachekitCore, found = [CachekitCore])
    parent.constants(false).map { |name| parent.const_get(name) }.grep(Module).each do |m|
      next if m == CachekitCore::Declarations || found.include?(m)

      found << m
      modules(m, found)
    end
    found
  end

  def test_all_modules
    assert_equal modules.map { |m| "::#{m.name}" }.sort, @declared.map(&:to_s).sort
  end

  def test_all_constants
    names = modules.flat_map do |m|
      m.constants(false).reject { |name| m.const_get(name).is_a?(Module) }.map { |name| "::#{m.name}::#{name}" }
    end
    assert_equal names.sort, @constants.select { |name| name.start_with?("::CachekitCore") }.sort
  end

  # Of the methods that a class defines itself, no more and no fewer, with as many arguments.
  def test_all_methods
    checked = modules.sum do |m|
      name = RBS::TypeName.new(name: m.name.split("::").last.to_sym,
                               namespace: RBS::Namespace.parse("::#{m.name.split("::")[0..-2].join("::")}"))
      instance = compare(m.public_instance_methods(false).map { |method| m.instance_method(method) },
                         @builder.build_instance(name), name, m)
      next instance if m < Struct # which makes the others

      instance + compare(m.singleton_methods(false).map { |method| m.method(method) },
                         @builder.build_singleton(name), "#{name}.", m)
    end
    assert_operator checked, :>, 70
  end

  # What other tests pass and get has the types that are declared.
  def test_calls
    environment = { "RBS_TEST_TARGET" => "CachekitCore,CachekitCore::*", "RBS_TEST_RAISE" => "true",
                    "RBS_TEST_LOGLEVEL" => "error", "RBS_TEST_OPT" => "-I #{Pathname(LIB).parent.join("sig")}" }
    %w[keyring interop vectors].each do |name|
      out, status = Open3.capture2e(environment, RbConfig.ruby, "-I#{LIB}", "-rrbs/test/setup", "#{__dir__}/#{name}_test.rb")
      assert_predicate status, :success?, out
      assert_match(/ 0 failures, 0 errors/, out)
    end
  end

  def compare(methods, definition, where, mod)
    declared = definition.methods.select { |_, method| method.defined_in.to_s == "::#{mod.name}" && method.public? }
    inherited = %i[initialize new members keyword_init? [] open] # of Struct, and of Resource
    names = methods.map(&:name)
    assert_equal names.sort - inherited, declared.keys.sort - inherited, where
    methods.count do |method|
      next if inherited.include?(method.name)

      required = method.parameters.count { |kind,| kind == :req }
      counted = method.arity != -1 || required.positive? # what forwards all has no parameters of its own
      at = "#{where} #{method.name}"
      keywords = method.parameters.filter_map { |kind, name| name if %i[key keyreq].include?(kind) }
      declared[method.name].method_types.each do |type|
        assert_equal required, type.type.required_positionals.size, at if counted
        declared_keywords = type.type.required_keywords.keys + type.type.optional_keywords.keys
        assert_equal keywords.sort, declared_keywords.sort, at
      end
      true
    end
  end
end
