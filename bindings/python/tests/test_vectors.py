"""The published test vectors."""

import pytest
from support import counted, needed, vectors

import cachekit_core
from cachekit_core import ByteStorage, CacheMiss, Encryptor, Keyring, interop


def built(construction):
    return b"".join(bytes.fromhex(part["hex"]) * part["count"] for part in construction)


def test_wire_format():
    file = vectors("cachekit/wire-format-1.4.0.json")
    storage = ByteStorage()
    for row in counted(file["vectors"], 18) + counted(file["payload_reject_vectors"], 2):
        envelope, data = bytes.fromhex(row["envelope_hex"]), bytes.fromhex(row["input_hex"])
        assert storage.retrieve(envelope) == data, row["name"]
        assert cachekit_core.decompress(envelope) == data, row["name"]
        info = cachekit_core.inspect(envelope)
        assert (info.original_size, info.format) == (len(data), row["format"]), row["name"]
        assert info.checksum == cachekit_core.checksum(data), row["name"]
        assert storage.retrieve(storage.store(data, row["format"])) == data, row["name"]


def test_wire_format_large():
    file = vectors("cachekit/wire-format-1.4.0.json")
    storage = ByteStorage()
    for row in counted(file["constructed_vectors"], 4):
        envelope, data = built(row["envelope_construction"]), built(row["input_construction"])
        assert storage.retrieve(envelope) == data, row["name"]
        info = cachekit_core.inspect(envelope)
        assert info.original_size == row["original_size"], row["name"]
        assert info.compressed_size == row["compressed_size"], row["name"]
        assert info.checksum.hex() == row["checksum_hex"], row["name"]


def test_wire_format_rejects():
    file = vectors("cachekit/wire-format-1.4.0.json")
    storage = ByteStorage()
    for row in counted(file["reject_vectors"], 14):
        envelope = bytes.fromhex(row["envelope_hex"])
        assert not storage.validate(envelope), row["name"]
        for read in (storage.retrieve, cachekit_core.decompress):
            with pytest.raises(CacheMiss):
                read(envelope)
        (result,) = storage.retrieve_many([envelope])
        assert isinstance(result, CacheMiss), row["name"]


def test_encryption():
    file = vectors("cachekit/encryption-1.5.0.json")
    master, tenant = bytes.fromhex(file["master_key_hex"]), file["tenant_id"]
    keys = cachekit_core.derive_tenant_keys(master, tenant)
    fingerprint = cachekit_core.key_fingerprint(keys.encryption)
    assert fingerprint.hex() == file["derived_key_fingerprint_hex"]
    assert cachekit_core.derive_key(master, tenant, "encryption") == keys.encryption
    keyring, encryptor = Keyring(master, tenant=tenant), Encryptor()
    assert keyring.fingerprints == [fingerprint]
    for row in counted(file["vectors"], 9):
        made = aad_of(tenant, row)
        assert made.hex() == row["aad_hex"], row["name"]
        ciphertext, plaintext = (
            bytes.fromhex(row["ciphertext_hex"]),
            bytes.fromhex(row["plaintext_hex"]),
        )
        assert keyring.decrypt(ciphertext, made) == plaintext, row["name"]
        assert encryptor.decrypt(keys.encryption, ciphertext, made) == plaintext, row["name"]
    for row in counted(file["aad_reject_vectors"], 10):
        made = aad_of(tenant, row)
        assert made.hex() == row["aad_hex"], row["name"]
        with pytest.raises(cachekit_core.DecryptionFailedError):
            keyring.decrypt(bytes.fromhex(row["ciphertext_hex"]), made)


def aad_of(tenant, row):
    return cachekit_core.aad(
        tenant, row["cache_key"], row["format"], row["compressed"], row.get("original_type")
    )


def test_keyring():
    file = vectors("cachekit/encryption-1.5.0.json")["keyring"]
    tenant = file["tenant_id"]
    entries = {row["id"]: row for row in counted(file["entries"], 2)}
    first, second = (bytes.fromhex(entries[name]["master_key_hex"]) for name in ("k1", "k2"))
    keyring = Keyring(second, tenant=tenant, decrypt_only=[first])
    assert [f.hex() for f in keyring.fingerprints] == [
        entries[name]["derived_key_fingerprint_hex"] for name in ("k2", "k1")
    ]
    for row in counted(file["vectors"], 2):
        index = 0 if row["encrypted_with"] == "k2" else 1
        ciphertext, made = bytes.fromhex(row["ciphertext_hex"]), aad_of(tenant, row)
        plaintext = bytes.fromhex(row["plaintext_hex"])
        assert keyring.decrypt_with_index(ciphertext, made) == (plaintext, index), row["name"]
        assert keyring.decrypt_at(index, ciphertext, made) == plaintext, row["name"]
        with pytest.raises(cachekit_core.DecryptionFailedError):
            keyring.decrypt_at(1 - index, ciphertext, made)


def test_keyring_configuration(monkeypatch):
    file = vectors("cachekit/encryption-1.5.0.json")["keyring"]["configuration"]
    verdicts = []
    for row in counted(file["vectors"], 4):
        current, others = row["current_master_key_hex"], row["decrypt_only_master_keys_hex"]
        monkeypatch.setenv("CACHEKIT_MASTER_KEY", current)
        monkeypatch.setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", ",".join(others))

        def explicit(current=current, others=others):
            return Keyring(
                bytes.fromhex(current),
                tenant="t",
                decrypt_only=[bytes.fromhex(o) for o in others],
            )

        verdicts.append(row["verdict"])
        for make in (explicit, lambda: Keyring.from_env("t")):
            if row["verdict"] == "accept":
                assert make().key_count == 1 + len(others), row["name"]
            else:
                with pytest.raises(cachekit_core.InvalidInputError):
                    make()
    assert "accept" in verdicts and len(set(verdicts)) == 2


def test_default_tenant_and_master_keys(monkeypatch):
    file = vectors("cachekit/encryption-1.5.0.json")
    master = bytes.fromhex(file["master_key_hex"])
    default = file["default_tenant"]
    (row,) = counted(default["vectors"], 1)
    keyring = Keyring(master, tenant=default["tenant_id"])
    value = keyring.open_interop(row["cache_key"], bytes.fromhex(row["ciphertext_hex"]))
    assert value.hex() == row["plaintext_hex"]
    for row in counted(file["master_key_input"]["accept_vectors"], 2):
        monkeypatch.setenv("CACHEKIT_MASTER_KEY", row["master_key_hex"])
        assert (
            cachekit_core.parse_master_key(row["master_key_hex"]).hex()
            == row["master_key_hex"].lower()
        )
        keyring = Keyring.from_env()
        assert keyring.fingerprints[0].hex() == row["derived_key_fingerprint_hex"], row["name"]
        value = keyring.open_interop(row["cache_key"], bytes.fromhex(row["ciphertext_hex"]))
        assert value.hex() == row["plaintext_hex"], row["name"]
    for row in counted(file["master_key_input"]["reject_vectors"], 11):
        with pytest.raises(
            (cachekit_core.InvalidInputError, cachekit_core.InvalidKeyLengthError)
        ):
            cachekit_core.parse_master_key(row["master_key_hex"])
        if "\0" in row["master_key_hex"]:
            continue
        monkeypatch.setenv("CACHEKIT_MASTER_KEY", row["master_key_hex"])
        with pytest.raises(
            (cachekit_core.InvalidInputError, cachekit_core.InvalidKeyLengthError)
        ):
            Keyring.from_env()


def test_decode_bounds():
    file = vectors("cachekit/decode-bounds-1.2.0.json")
    for row in counted(file["reject_vectors"], 19):
        with pytest.raises(CacheMiss):
            cachekit_core.msgpack_check(bytes.fromhex(row["input_hex"]))
    for row in counted(file["accept_vectors"], 3):
        cachekit_core.msgpack_check(bytes.fromhex(row["input_hex"]))


def test_private_frames_are_no_values():
    needed("msgpack")
    file = vectors("cachekit/python-frame.json")
    for row in counted(file["frame_vectors"], 11):
        with pytest.raises(CacheMiss, match="without interop mode"):
            interop.decode(bytes.fromhex(row["frame_hex"]))


def test_wycheproof_aes_gcm():
    file = vectors("wycheproof/aes_gcm_test.json")
    encryptor, seen = Encryptor(), []
    for group in file["testGroups"]:
        for row in group["tests"]:
            key, iv, tag, aad = (
                bytes.fromhex(row[part]) for part in ("key", "iv", "tag", "aad")
            )
            if len(iv) != 12 or len(tag) != 16:
                continue  # no nonce or tag of ours
            ciphertext = iv + bytes.fromhex(row["ct"]) + tag
            label = f"case {row['tcId']}"
            if len(key) != 32:
                with pytest.raises(cachekit_core.InvalidKeyLengthError):
                    encryptor.decrypt(key, ciphertext, aad)
            elif row["result"] == "valid":
                assert encryptor.decrypt(key, ciphertext, aad).hex() == row["msg"], label
            else:
                with pytest.raises(cachekit_core.DecryptionFailedError):
                    encryptor.decrypt(key, ciphertext, aad)
            seen.append((len(key), row["result"]))
    assert seen.count((32, "valid")) == 39 and seen.count((32, "invalid")) == 27
