package powerlimit

// SentDocument returns what a [Writer] sends to change the settings in body.
func SentDocument(body []byte, l Limit) (string, error) {
	d, err := parseDocument(body)
	if err != nil {
		return "", err
	}
	return d.with(l), nil
}

// Parse returns the limit in the settings of body.
func Parse(body []byte) (Limit, error) { return parseLimit(body) }
