<?php
// The library through PHP's FFI, with the declarations that make wrote for it. All
// names are looked up when they are read.
$lib = FFI::cdef(file_get_contents($argv[1]), getenv("CACHEKIT_LIBRARY"));
$functions = preg_match_all('/\bcachekit_\w+\(/', file_get_contents($argv[1]));
echo "at least 50 functions: ", $functions >= 50 ? "True" : "False", "\n";
if ($lib->CACHEKIT_VERSION_NUMBER !== $lib->cachekit_version_number()) {
    exit("the versions differ\n");
}
if (FFI::sizeof($lib->new("CachekitTenantKeys")) !== PHP_INT_SIZE + 3 * $lib->CACHEKIT_KEY_SIZE) {
    exit("the keys of a tenant have another size\n");
}

function check(int $code): void
{
    global $lib;
    if ($code !== $lib->CACHEKIT_OK) {
        throw new RuntimeException($lib->cachekit_error_name($code));
    }
}

// A copy of a string in memory that C may read as bytes.
function bytes(string $text): FFI\CData
{
    global $lib;
    $copy = $lib->new("uint8_t[" . max(strlen($text), 1) . "]");
    FFI::memcpy($copy, $text, strlen($text));
    return $copy;
}

function take(callable $function): string
{
    global $lib;
    $out = $lib->new("uint8_t *");
    $size = $lib->new("size_t");
    check($function(FFI::addr($out), FFI::addr($size)));
    try {
        return FFI::string($out, $size->cdata);
    } finally {
        $lib->cachekit_free_buffer($out);
    }
}

$key = $lib->new("uint8_t[" . $lib->CACHEKIT_KEY_SIZE . "]");
$keyring = $lib->new("CachekitKeyring *");
check($lib->cachekit_generate_key($key));
check($lib->cachekit_keyring_new($key, FFI::sizeof($key), null, null, 0, bytes("acme"), 4, FFI::addr($keyring)));
$lib->cachekit_wipe($key, FFI::sizeof($key));

$value = str_repeat('{"name":"Ada"}', 10);
$sealed = take(fn($out, $size) => $lib->cachekit_keyring_seal(
    $keyring, "json", bytes("users:1"), 7, bytes($value), strlen($value), $out, $size));
$index = $lib->new("size_t");
$index->cdata = 7;
$opened = take(fn($out, $size) => $lib->cachekit_keyring_open(
    $keyring, "json", bytes("users:1"), 7, bytes($sealed), strlen($sealed), $out, $size, FFI::addr($index)));
echo strlen($opened), " bytes came back with key ", $index->cdata, ": ", $opened === $value ? "True" : "False", "\n";
try {
    take(fn($out, $size) => $lib->cachekit_keyring_open(
        $keyring, "json", bytes("users:2"), 7, bytes($sealed), strlen($sealed), $out, $size, null));
} catch (RuntimeException $error) {
    echo $error->getMessage(), "\n";
}

$metrics = $lib->new("CachekitMetrics");
$metrics->struct_size = FFI::sizeof($metrics);
check($lib->cachekit_keyring_get_metrics($keyring, FFI::addr($metrics)));
echo "stored ", $metrics->store->operations, " with ", $metrics->store->bytes_in, " bytes, retrieved ",
    $metrics->retrieve->operations, " and ", $metrics->decrypt->errors, " refused\n";
$text = $lib->new("char[" . $lib->CACHEKIT_METRICS_TEXT_BUFFER_SIZE . "]");
$size = $lib->new("size_t");
$size->cdata = FFI::sizeof($text);
check($lib->cachekit_metrics_text(FFI::addr($metrics), "acme", $text, FFI::addr($size)));
echo explode("\n", FFI::string($text, $size->cdata - 1))[2], "\n";
$lib->cachekit_keyring_free($keyring);
echo $lib->cachekit_keyring_get_metrics($keyring, FFI::addr($metrics)) === $lib->CACHEKIT_INVALID_HANDLE ? "True" : "False", "\n";
