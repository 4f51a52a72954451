// Package tagged reads JSON in which objects of one pair with a name that begins with $
// are values that JSON does not have, as the vectors of the cachekit protocol spell them.
package tagged

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"time"

	"github.com/cachekit-go/cachekit-core/core/interop"
)

// Help tells users what Parse reads.
const Help = `Values that JSON does not have are objects of one pair:
  {"$bytes": "c0ffee"}                        bytes, as hexadecimal digits
  {"$set": [1, 2]}                            a set, for arguments only
  {"$datetime": "2026-01-31T12:00:00+00:00"}  a time with its offset, for arguments only
  {"$uuid": "550e8400-e29b-41d4-a716-446655440000"}  for arguments only
  {"$float": "2"}                             a float, though it looks like an integer
  {"$int": "18446744073709551615"}            an integer`

// Parse returns the value that the text is, in types that interop.Key and interop.Value
// take. A number without fraction and exponent is an integer.
func Parse(text []byte) (any, error) {
	if err := strict(text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, syntax(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("this JSON goes on behind its end, at byte %d", decoder.InputOffset())
	}
	return untag(value)
}

// syntax is an error of package json without the text that it shows.
func syntax(err error) error {
	var e *json.SyntaxError
	if errors.As(err, &e) {
		return fmt.Errorf("this is not JSON, at byte %d", e.Offset)
	}
	return errors.New("this is not JSON: it ends too early")
}

func untag(value any) (any, error) {
	switch v := value.(type) {
	case []any:
		return v, untagAll(v)
	case map[string]any:
		if len(v) == 1 {
			for name, of := range v {
				if len(name) > 0 && name[0] == '$' {
					return typed(name, of)
				}
			}
		}
		for name, of := range v {
			plain, err := untag(of)
			if err != nil {
				return nil, err
			}
			v[name] = plain
		}
	}
	return value, nil
}

func untagAll(list []any) error {
	for i := range list {
		plain, err := untag(list[i])
		if err != nil {
			return err
		}
		list[i] = plain
	}
	return nil
}

// typed is the value of {name: of}.
func typed(name string, of any) (any, error) {
	if name == "$set" {
		list, ok := of.([]any)
		if !ok {
			return nil, errors.New("$set is an array")
		}
		return interop.Set(list), untagAll(list)
	}
	text, ok := of.(string)
	if !ok {
		return nil, errors.New("a value with a name such as $bytes is a string in quotes")
	}
	switch name {
	case "$bytes":
		b, err := hex.DecodeString(text)
		if err != nil {
			return nil, errors.New("$bytes is not an even number of hexadecimal digits")
		}
		return b, nil
	case "$datetime":
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, errors.New("$datetime is not a time with its offset, as in 2026-01-31T12:00:00+00:00")
		}
		return t, nil
	case "$uuid":
		return interop.ParseUUID(text)
	case "$float":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, errors.New("$float is not a number, or too large")
		}
		return f, nil
	case "$int":
		n, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return nil, errors.New("$int is not an integer")
		}
		return n, nil
	}
	return nil, errors.New("an object of one pair whose name begins with $ is one of $bytes, $set, $datetime, $uuid, $float, $int")
}
