package wire

import "bytes"

const (
	// MaxDevices is how many entries of a list are read: more than any gateway
	// has devices of a kind. Parsers may compare each with each.
	MaxDevices = 2000
	// maxValues bounds the entries of all lists together, and the objects.
	maxValues = 10 * MaxDevices
)

// Shorten returns body without the entries of its lists and objects beyond
// MaxDevices, and reports whether there were any. What is not JSON is returned
// as it is.
func Shorten(body []byte) (short []byte, shortened bool) {
	if bytes.Count(body, []byte(",")) < MaxDevices {
		return body, false
	}
	type container struct {
		list    bool
		entries int
	}
	var open []container
	values, skipped := 0, -1 // skipped is the index of the container whose other entries are left out
	begin := 0               // of what is not in short yet
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '"':
			if i = stringEnd(body, i); i < 0 {
				return body, false
			}
		case '[', '{':
			values++
			open = append(open, container{list: c == '['})
		case ']', '}':
			if len(open) == 0 {
				return body, false
			}
			open = open[:len(open)-1]
			if len(open) == skipped {
				begin, skipped = i, -1
			}
		case ',':
			if len(open) == 0 {
				return body, false
			}
			in := &open[len(open)-1]
			if in.entries++; in.list {
				values++
			}
			if skipped < 0 && (in.entries >= MaxDevices || values >= maxValues) {
				short = append(short, body[begin:i]...)
				skipped, shortened = len(open)-1, true
			}
		}
	}
	if !shortened || len(open) > 0 {
		return body, false
	}
	return append(short, body[begin:]...), true
}

// stringEnd returns the index of the quote that ends the string beginning at
// body[begin], or -1.
func stringEnd(body []byte, begin int) int {
	for i := begin + 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}
