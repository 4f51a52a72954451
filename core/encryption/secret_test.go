package encryption

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// keyOf returns a key without any pattern.
func keyOf(name string) []byte {
	key := KeyFingerprint([]byte(name))
	more := KeyFingerprint(key[:])
	return append(key[:], more[:]...)
}

// prints returns what a key looks like when it is printed: its first and its last
// bytes, in every form that a package is known to print bytes in.
func prints(key []byte) []string {
	var all []string
	for _, b := range [][]byte{key[:8], key[len(key)-8:]} {
		quoted := strconv.Quote(string(b))
		all = append(all, string(b), quoted[1:len(quoted)-1], hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
			fmt.Sprintf("% x", b), fmt.Sprintf("% X", b))
		decimal := strings.Trim(fmt.Sprint(b), "[]") // 1 2 3
		words := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}")
		all = append(all, decimal, strings.ReplaceAll(decimal, " ", ","), strings.ReplaceAll(decimal, " ", ", "), words,
			fmt.Sprintf("%#x", b))
		for i := range 3 { // six bytes are eight digits, wherever the text of them begins
			all = append(all, base64.StdEncoding.EncodeToString(b[i%3:][:6]), base64.URLEncoding.EncodeToString(b[i%3:][:6]))
		}
	}
	return all
}

func shows(text string, keys [][]byte) bool {
	for _, key := range keys {
		for _, print := range prints(key) {
			if strings.Contains(text, print) {
				return true
			}
		}
	}
	return false
}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "% x", "%q", "%d", "%o", "%b", "%c", "%t", "%p", "%T", "%w"}

// texts returns everything that prints, logs or marshals v.
func texts(v any) map[string]string {
	all := map[string]string{}
	for _, verb := range verbs {
		all[verb] = fmt.Sprintf(verb, v)
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", v, slog.Group("g", "v", v))
	all["slog, text"] = b.String()
	b = bytes.Buffer{}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("JSON", "v", v, slog.Group("g", "v", v))
	all["slog, JSON"] = b.String()
	b = bytes.Buffer{}
	err := gob.NewEncoder(&b).Encode(v)
	all["gob"] = fmt.Sprint(b.String(), err)
	j, err := json.Marshal(v)
	all["JSON"] = fmt.Sprint(string(j), err)
	return all
}

func TestWhatIsSearchedForIsFound(t *testing.T) {
	key := keyOf("any")
	for _, v := range []any{key, [KeySize]byte(key), string(key), struct{ K []byte }{key}, base64.StdEncoding.EncodeToString(append([]byte{1}, key...))} {
		found := 0
		for _, text := range texts(v) {
			if shows(text, [][]byte{key}) {
				found++
			}
			if shows(text, [][]byte{keyOf("another")}) {
				t.Errorf("%T: found what is not there: %q", v, text)
			}
		}
		if found < 8 {
			t.Errorf("%T: %d texts show the key", v, found)
		}
	}
}

// shown is a user's struct whose fields packages ask how they want to be shown,
// hidden one of which they only look at the memory.
type shown[T any] struct {
	Pointer *T
	Value   T
	List    []T
	Any     any
}

type hidden[T any] struct {
	value  T
	list   []T
	values map[string]T
	any    any
}

type hiddenPointers[T any] struct {
	pointer *T
	list    []*T
	any     any
}

// holder is a value that holds keys, by itself and inside others.
type holder struct {
	forms []any // the first is the pointer to it, the second the value
	keys  [][]byte

	// The keys are fields that anybody may look at, and so does fmt where it asks
	// no method, as the comment on the type says.
	public bool
}

func holderOf[T any](v *T, keys ...[]byte) holder {
	return holder{keys: keys, forms: []any{
		v, *v, &v, shown[T]{v, *v, []T{*v}, v}, &shown[T]{v, *v, []T{*v}, *v},
		hiddenPointers[T]{v, []*T{v}, v}, &hiddenPointers[T]{v, []*T{v}, &v},
		hidden[T]{*v, []T{*v}, map[string]T{"k": *v}, *v}, &hidden[T]{*v, []T{*v}, map[string]T{"k": *v}, *v},
	}}
}

// holderFor makes a holder of the exported type typ.
func holderFor(t *testing.T, typ reflect.Type) holder {
	master, old := keyOf("master"), keyOf("old")
	derived, err := DeriveTenantKeys(master, []byte("t"))
	if err != nil {
		t.Fatal(err)
	}
	switch typ {
	case reflect.TypeFor[Encryptor]():
		e := newEncryptor(t)
		if _, err := e.Encrypt(master, nil, nil); err != nil {
			t.Fatal(err)
		}
		return holderOf(e, master)
	case reflect.TypeFor[Keyring]():
		k, err := NewKeyring(master, old)
		if err != nil {
			t.Fatal(err)
		}
		return holderOf(k, master, old)
	case reflect.TypeFor[TenantKeyring]():
		return holderOf(testKeyring(t, master, [][]byte{old}, "t"), master, old, derived.Encryption[:])
	case reflect.TypeFor[TenantKeys]():
		h := holderOf(&derived, master, derived.Encryption[:], derived.Authentication[:], derived.CacheKeys[:])
		h.forms, h.public = h.forms[:5], true
		return h
	}
	t.Fatalf("%v: say here how it comes by keys", typ)
	return holder{}
}

func TestNothingShowsAKey(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, e := range exported {
			h := holderFor(t, e.typ)
			for i, v := range h.forms {
				for way, text := range texts(v) {
					if h.public && (way == "%p" || way == "%w") {
						continue
					}
					if shows(text, h.keys) {
						t.Errorf("%T, %s: %.200q", v, way, text)
					}
					if direct := i < 2 && way != "gob" && way != "%T" && way != "%p" && way != "%w"; direct && !strings.Contains(text, redacted) {
						t.Errorf("%T, %s: %.200q", v, way, text)
					}
				}
				if err := gob.NewEncoder(new(bytes.Buffer)).Encode(v); err == nil {
					t.Errorf("%T: gob takes it", v)
				}
			}
		}
	})
}

// A panic prints what it was given, and the arguments of the functions that led to
// it, to where everybody looks.
func TestNoPanicShowsAKey(t *testing.T) {
	const variable = "CACHEKIT_TEST_PANIC"
	child, isChild := os.LookupEnv(variable)
	for _, e := range exported {
		h := holderFor(t, e.typ)
		for i, v := range h.forms {
			name := fmt.Sprint(e.typ.Name(), i)
			if isChild {
				if name == child {
					panic(v)
				}
				continue
			}
			out, err := need.Process(t, variable+"="+name, "GOTRACEBACK=system")
			if err == nil || !bytes.Contains(out, []byte("panic: ")) || !bytes.Contains(out, []byte("goroutine ")) {
				t.Fatalf("%T: no panic: %s", v, out)
			}
			if shows(string(out), h.keys) {
				t.Errorf("%T: the panic shows a key:\n%s", v, out)
			}
		}
	}
}
