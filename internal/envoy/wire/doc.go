// Package wire decodes the JSON of gateways, which differs from one firmware to
// the next: a field may be missing or have another type, and a page or an error
// may arrive with the status 200.
//
// The types [Number], [String] and [Bool] never fail to decode, so that one odd
// field does not cost a document. [Decode], [DecodeObject] and [DecodeList]
// report a document that is not in the format of its path as a [*FormatError] or
// [*HTMLError].
package wire
