package redisdb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/redistest"
	"github.com/cachekit-go/cachekit-core/internal/need"
)

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	pool := selfSigned(t, cert, key)
	if out, _ := exec.Command(need.Program(t, "redis-server"), "--port", "0", "--tls-port", "0", "--tls-cert-file", dir+"/none").CombinedOutput(); strings.Contains(string(out), "Bad directive") {
		need.Missing(t, "redis-server was built without TLS")
	}
	_, port, _ := net.SplitHostPort(closedPort(t))
	redistest.Server(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	db := open(t, "rediss://127.0.0.1:"+port, Options{TLS: &tls.Config{RootCAs: pool}})
	if _, found, err := db.Get(t.Context(), "k"); found || err != nil {
		t.Errorf("%t, %v", found, err)
	}
	for name, o := range map[string]Options{
		"an unknown authority": {},
		"another host":         {TLS: &tls.Config{RootCAs: pool, ServerName: "elsewhere"}},
	} {
		if _, err := Open(t.Context(), "rediss://127.0.0.1:"+port, o); err == nil || !strings.Contains(err.Error(), "TLS with 127.0.0.1:"+port) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheCertificateOfAClusterIsThatOfTheSeed(t *testing.T) {
	for _, c := range []struct {
		kind       kind
		addr, want string
	}{
		{cluster, "10.0.0.7:6379", "seed"}, {cluster, "second:1", "second"}, {sentinel, "master:1", "master"}, {single, "seed:1", "seed"},
	} {
		db := &DB{t: &target{kind: c.kind, addrs: []string{"seed:1", "second:1"}}}
		if got := db.tlsFor(c.addr).ServerName; got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t *testing.T, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}
