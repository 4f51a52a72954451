# frozen_string_literal: true

require_relative "helper"

# The vectors of the cachekit libraries.
class VectorsTest < Minitest::Test
  include Helper

  def test_wire_format
    file = vectors("cachekit/wire-format-1.4.0.json")
    CachekitCore::ByteStorage.open do |storage|
      counted(file.fetch("vectors"), 18).each do |v|
        envelope = hex(v["envelope_hex"])
        assert_equal hex(v["input_hex"]), storage.retrieve(envelope), v["name"]
        assert_equal hex(v["input_hex"]), CachekitCore.decompress(envelope), v["name"]
        info = CachekitCore.inspect_envelope(envelope)
        assert_equal [v["format"], v["input_size"], CachekitCore.checksum(hex(v["input_hex"]))],
                     [info.format, info.original_size, info.checksum], v["name"]
        assert_equal hex(v["input_hex"]), storage.retrieve(storage.store(hex(v["input_hex"]))), v["name"]
      end
      counted(file.fetch("constructed_vectors"), 4).each do |v|
        assert_equal joined(v["input_construction"]), storage.retrieve(joined(v["envelope_construction"])), v["name"]
      end
    end
  end

  def joined(segments) = segments.map { |segment| hex(segment["hex"]) * segment["count"] }.join

  def test_refused_envelopes
    storage = CachekitCore::ByteStorage.new
    counted(vectors("cachekit/wire-format-1.4.0.json").fetch("reject_vectors"), 14).each do |v|
      envelope = v.key?("envelope_hex") ? hex(v["envelope_hex"]) : joined(v["envelope_construction"])
      assert_raises(CachekitCore::CacheMiss, v["name"]) { storage.retrieve(envelope) }
      refute storage.validate(envelope), v["name"]
    end
  end

  def test_encryption
    file = vectors("cachekit/encryption-1.5.0.json")
    key = CachekitCore.derive_tenant_keys(hex(file["master_key_hex"]), file["tenant_id"]).encryption
    assert_equal hex(file["derived_key_fingerprint_hex"]), CachekitCore.key_fingerprint(key)
    CachekitCore::Encryptor.open do |encryptor|
      CachekitCore::Keyring.open(hex(file["master_key_hex"]), tenant: file["tenant_id"]) do |k|
        counted(file.fetch("vectors"), 9).each do |v|
          aad = CachekitCore.aad(file["tenant_id"], v["cache_key"], format: v["format"],
                                                                    compressed: v["compressed"], original_type: v["original_type"])
          assert_equal hex(v["aad_hex"]), aad, v["name"]
          [encryptor.decrypt(key, hex(v["ciphertext_hex"]), aad),
           k.decrypt(hex(v["ciphertext_hex"]), aad)].each do |plaintext|
            assert_equal hex(v["plaintext_hex"]), plaintext, v["name"]
          end
        end
        counted(file.fetch("aad_reject_vectors"), 10).each do |v|
          assert_raises(CachekitCore::CacheMiss, v["name"]) { k.decrypt(hex(v["ciphertext_hex"]), hex(v["aad_hex"])) }
        end
      end
    end
  end

  def test_keyrings
    keyring = vectors("cachekit/encryption-1.5.0.json").fetch("keyring")
    masters = keyring.fetch("entries").to_h { |entry| [entry["id"], hex(entry["master_key_hex"])] }
    keyring["entries"].each do |entry|
      CachekitCore::Keyring.open(masters[entry["id"]], tenant: keyring["tenant_id"]) do |k|
        assert_equal [hex(entry["derived_key_fingerprint_hex"])], k.fingerprints
      end
    end
    masters.each_value do |current|
      CachekitCore::Keyring.open(current, tenant: keyring["tenant_id"], decrypt_only: masters.values - [current]) do |k|
        counted(keyring.fetch("vectors"), 2).each do |v|
          index = masters[v["encrypted_with"]] == current ? 0 : 1
          assert_equal [hex(v["plaintext_hex"]), index],
                       k.decrypt_with_index(hex(v["ciphertext_hex"]), hex(v["aad_hex"])), v["name"]
        end
      end
    end
  end

  def test_master_keys
    input = vectors("cachekit/encryption-1.5.0.json").fetch("master_key_input")
    counted(input.fetch("accept_vectors"), 2).each do |v|
      master = CachekitCore.parse_master_key(v["master_key_hex"])
      CachekitCore::Keyring.open(master, tenant: input["tenant_id"]) do |k|
        assert_equal [hex(v["derived_key_fingerprint_hex"])], k.fingerprints, v["name"]
        assert_equal hex(v["plaintext_hex"]), k.decrypt(hex(v["ciphertext_hex"]), hex(v["aad_hex"])), v["name"]
      end
    end
    counted(input.fetch("reject_vectors"), 11).each do |v|
      assert_raises(CachekitCore::CachekitError, v["name"]) { CachekitCore.parse_master_key(v["master_key_hex"]) }
    end
  end

  # AES-256-GCM with nonces of 12 bytes and tags of 16, of Project Wycheproof.
  def test_wycheproof
    groups = vectors("wycheproof/aes_gcm_test.json").fetch("testGroups")
                                                    .select { |g| g.values_at("keySize", "ivSize", "tagSize") == [256, 96, 128] }
    tried = 0
    CachekitCore::Encryptor.open do |encryptor|
      groups.flat_map { |g| g["tests"] }.each do |v|
        ciphertext = hex(v["iv"] + v["ct"] + v["tag"])
        tried += 1
        if v["result"] == "valid"
          assert_equal hex(v["msg"]), encryptor.decrypt(hex(v["key"]), ciphertext, hex(v["aad"])), v["tcId"]
        else
          assert_raises(CachekitCore::CacheMiss, v["tcId"]) do
            encryptor.decrypt(hex(v["key"]), ciphertext, hex(v["aad"]))
          end
        end
      end
    end
    assert_equal 66, tried
  end
end
