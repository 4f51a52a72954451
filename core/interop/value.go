package interop

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/internal/codes"
	"github.com/cachekit-go/cachekit-core/internal/document"
	"github.com/cachekit-go/cachekit-core/internal/memory"
	"github.com/cachekit-go/cachekit-core/internal/msgpack"
)

// Set is a set among arguments: the order of its elements does not matter, and
// equal ones count once. A map whose elements are struct{} is the same.
type Set []any

// Value returns the canonical MessagePack document for v, which is what the
// SDKs store. v is nil, a bool, an integer of any type, a float, a string, a
// [big.Int], a slice or an array (of bytes: MessagePack bin), or a map with
// string keys, made of such types at every level; named types and pointers to
// all these too. A nil pointer is nil, a nil slice or map is an empty one.
//
// A named type is what its kind is, whatever methods it has: a [time.Duration] is
// its nanoseconds, an enumeration its number. With two exceptions, where that would
// store something else than was meant:
//   - A [encoding/json.Number], or another string type with its methods Int64 and
//     Float64, is the integer that it spells, or the nearest float64 if it has a
//     fraction or an exponent. As the key of a map it stays text.
//   - A slice of bytes with a method MarshalJSON or MarshalText is refused. Decode
//     what is in an [encoding/json.RawMessage]; store a [net.IP] as its String, since
//     its bytes have two forms for one address.
//
// Structs but for big.Int are refused: a [big.Float], a [big.Rat], a
// [net/netip.Addr] or a [database/sql.NullString] has to be converted to what it is
// to be for the readers.
//
// It refuses with [core.ErrInvalidInput] other types, integers outside
// -2^63 .. 2^64-1, NaN and infinities, strings that are not UTF-8, a json.Number
// that is not a number in JSON, and values nested deeper than [core.MaxNesting], so
// that a value that contains itself is an error.
func Value(v any) ([]byte, error) { return AppendValue(nil, v) }

// AppendValue appends the document that [Value] returns to dst. After an error
// dst comes back as it was.
func AppendValue(dst []byte, v any) ([]byte, error) {
	e := newEncoder(document.Values, dst)
	defer e.free()
	if err := e.value(v, 0); err != nil {
		return dst, err
	}
	if e.tooLarge() {
		return dst, errTooLarge
	}
	return e.take(), nil
}

// value writes v, which lies inside depth containers. The types that are
// common in arguments and values need no reflection.
func (e *encoder) value(v any, depth int) error {
	if e.tooLarge() {
		return errTooLarge
	}
	switch v := v.(type) {
	case nil:
		e.header(msgpack.Nil, 0)
		return nil
	case bool:
		return e.bool(v)
	case int:
		return e.int(int64(v))
	case int64:
		return e.int(v)
	case uint64:
		return e.uint(v)
	case float64:
		return e.float(math.Float64bits(v))
	case string:
		return e.string(v)
	case []byte:
		return e.bytes(v)
	case []any:
		return e.array(v, depth)
	case map[string]any:
		return e.stringMap(v, depth)
	case Set:
		return e.set(v, depth)
	case time.Time:
		return e.time(v)
	case UUID:
		return e.uuid(v)
	case *big.Int:
		return e.bigInt(v)
	}
	return e.reflected(reflect.ValueOf(v), depth)
}

func (e *encoder) reflected(v reflect.Value, depth int) error {
	if e.tooLarge() {
		return errTooLarge
	}
	// Pointers are no level of the document, but one can lead back to itself.
	for hops := 0; v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface; hops++ {
		if v.IsNil() {
			e.header(msgpack.Nil, 0)
			return nil
		}
		if hops == core.MaxNesting {
			return document.ErrTooDeep
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Bool:
		return e.bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return e.int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return e.uint(v.Uint())
	case reflect.Float32:
		f := v.Convert(reflect.TypeFor[float32]()).Interface().(float32)
		return e.float(document.Widen(math.Float32bits(f)))
	case reflect.Float64:
		return e.float(math.Float64bits(v.Float()))
	case reflect.String:
		if v.Type().Implements(numberType) {
			return e.number(v.String())
		}
		return e.string(v.String())
	case reflect.Slice, reflect.Array:
		return e.list(v, depth)
	case reflect.Map:
		return e.mapping(v, depth)
	case reflect.Struct:
		switch v := v.Interface().(type) {
		case time.Time:
			return e.time(v)
		case big.Int:
			return e.bigInt(&v)
		}
	}
	return fmt.Errorf("%w: %s", errType, v.Type())
}

func (e *encoder) bool(v bool) error {
	if v {
		e.header(msgpack.True, 0)
	} else {
		e.header(msgpack.False, 0)
	}
	return nil
}

func (e *encoder) int(v int64) error {
	if v < 0 {
		e.header(msgpack.Int, uint64(v))
		return nil
	}
	return e.uint(uint64(v))
}

func (e *encoder) uint(v uint64) error {
	e.header(msgpack.Uint, v)
	return nil
}

func (e *encoder) bigInt(v *big.Int) error {
	switch {
	case v == nil:
		e.header(msgpack.Nil, 0)
		return nil
	case v.IsInt64():
		return e.int(v.Int64())
	case v.IsUint64():
		return e.uint(v.Uint64())
	}
	return errInteger
}

// float writes the float64 with these bits.
func (e *encoder) float(v uint64) error {
	kind, n, err := e.profile.Float(v)
	if err == nil {
		e.header(kind, n)
	}
	return err
}

func (e *encoder) string(v string) error {
	if len(v) <= document.Long && !utf8.ValidString(v) || len(v) > document.Long && !memory.ValidUTF8(memory.Bytes(v)) {
		return document.ErrUTF8
	}
	if len(v) > core.MaxPayloadSize {
		return errTooLarge
	}
	e.header(msgpack.String, uint64(len(v)))
	e.content(memory.Bytes(v))
	return nil
}

func (e *encoder) bytes(v []byte) error {
	if len(v) > core.MaxPayloadSize {
		return errTooLarge
	}
	e.header(msgpack.Bin, uint64(len(v)))
	e.content(v)
	return nil
}

// time writes the seconds since 1970: whole microseconds, rounded down, and
// one division, which gives the same float64 in every language.
func (e *encoder) time(v time.Time) error {
	if e.profile != document.Arguments {
		return errArgsOnly
	}
	// What UnixMicro can hold: some 290,000 years each way.
	if s := v.Unix(); s < math.MinInt64/1_000_000 || s >= math.MaxInt64/1_000_000 {
		return errTime
	}
	return e.float(document.Seconds(v.UnixMicro()))
}

func (e *encoder) uuid(v UUID) error {
	if e.profile != document.Arguments {
		return errArgsOnly
	}
	text := v.text()
	e.header(msgpack.String, uint64(len(text)))
	e.content(text[:])
	return nil
}

func (e *encoder) array(v []any, depth int) error {
	if err := container(depth, len(v)); err != nil {
		return err
	}
	e.header(msgpack.Array, uint64(len(v)))
	for _, item := range v {
		if err := e.value(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// arguments is array for the arguments of an operation. An error says in which one, the
// first of which is 1.
func (e *encoder) arguments(args []any) error {
	if err := container(0, len(args)); err != nil {
		return err
	}
	e.header(msgpack.Array, uint64(len(args)))
	for i, arg := range args {
		if err := e.value(arg, 1); err != nil {
			return codes.At(err, "in argument %d", i+1)
		}
	}
	return nil
}

// list writes a slice or an array of any type.
func (e *encoder) list(v reflect.Value, depth int) error {
	t := v.Type()
	if t.Elem().Kind() == reflect.Uint8 {
		if t.Kind() == reflect.Slice {
			if hasOwnForm(t) {
				return errOwnForm
			}
			return e.bytes(v.Bytes())
		}
		array := reflect.New(t).Elem() // one whose bytes have an address
		array.Set(v)
		b := array.Bytes()
		if id, ok := asUUID(v, b); ok {
			return e.uuid(id)
		}
		return e.bytes(b)
	}
	switch t {
	case reflect.TypeFor[Set]():
		return e.set(v.Interface().(Set), depth)
	case reflect.TypeFor[Pairs](): // a map, though its kind is an array's
		return fmt.Errorf("%w: %s", errType, t)
	}
	if err := container(depth, v.Len()); err != nil {
		return err
	}
	e.header(msgpack.Array, uint64(v.Len()))
	for i := range v.Len() {
		if err := e.reflected(v.Index(i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) stringMap(v map[string]any, depth int) error {
	if err := container(depth, len(v)); err != nil {
		return err
	}
	first := len(e.pairs)
	e.pairs = grow(e.pairs, len(v))
	for name, item := range v {
		e.pairs = append(e.pairs, named[any]{name, item})
	}
	err := writePairs(e, e.pairs[first:], (*encoder).value, depth)
	e.pairs = truncate(e.pairs, first)
	return err
}

// mapping writes a map of any type: a set, if its elements hold nothing.
func (e *encoder) mapping(v reflect.Value, depth int) error {
	if err := container(depth, v.Len()); err != nil {
		return err
	}
	if elem := v.Type().Elem(); elem.Kind() == reflect.Struct && elem.NumField() == 0 {
		return e.mapSet(v, depth)
	}
	first := len(e.typed)
	e.typed = grow(e.typed, v.Len())
	for it := v.MapRange(); it.Next(); {
		name := it.Key()
		if name.Kind() == reflect.Interface {
			name = name.Elem()
		}
		if name.Kind() != reflect.String {
			return document.ErrMapKey
		}
		e.typed = append(e.typed, named[reflect.Value]{name.String(), it.Value()})
	}
	err := writePairs(e, e.typed[first:], (*encoder).reflected, depth)
	e.typed = truncate(e.typed, first)
	return err
}

// mapSet writes the keys of a map.
func (e *encoder) mapSet(v reflect.Value, depth int) error {
	if e.profile != document.Arguments {
		return errArgsOnly
	}
	s := e.open(v.Len())
	for it := v.MapRange(); it.Next(); {
		start := e.position()
		if err := e.reflected(it.Key(), depth+1); err != nil {
			return err
		}
		e.element(start)
	}
	e.close(s)
	return nil
}

func (e *encoder) set(v Set, depth int) error {
	if e.profile != document.Arguments {
		return errArgsOnly
	}
	if err := container(depth, len(v)); err != nil {
		return err
	}
	s := e.open(len(v))
	for _, item := range v {
		start := e.position()
		if err := e.value(item, depth+1); err != nil {
			return err
		}
		e.element(start)
	}
	e.close(s)
	return nil
}

// container checks a container of n items that lies inside depth others. Each
// item takes a byte at least.
func container(depth, n int) error {
	switch {
	case depth >= core.MaxNesting:
		return document.ErrTooDeep
	case n > core.MaxPayloadSize:
		return errTooLarge
	}
	return nil
}

// asUUID recognises UUIDs of other packages, such as github.com/google/uuid:
// b holds the bytes of the array v, and v itself says that it is that UUID.
func asUUID(v reflect.Value, b []byte) (id UUID, ok bool) {
	if len(b) != len(id) {
		return id, false
	}
	s, ok := v.Interface().(fmt.Stringer)
	if !ok {
		return id, false
	}
	copy(id[:], b)
	return id, strings.EqualFold(s.String(), id.String())
}
