package serialnumber

import (
	"strings"
	"testing"
)

func TestSerialNumber(t *testing.T) {
	tests := []struct {
		serial          string
		gateway, device bool
	}{
		{"", false, false},
		{"1", false, true},
		{"12345", false, true},
		{"123456", true, true},
		{"122012345678", true, true},
		{"1220ABCdef78", true, true},
		{strings.Repeat("9", 32), true, true},
		{strings.Repeat("9", 33), false, false},
		{"12345678\n", false, false},
		{"1234/5678", false, false},
		{"1234+5678", false, false},
		{"../123456", false, false},
		{"12345é78", false, false},
		{"1234567\xff", false, false},
	}
	for _, test := range tests {
		if got := IsGateway(test.serial); got != test.gateway {
			t.Errorf("IsGateway(%q) = %v", test.serial, got)
		}
		if got := IsDevice(test.serial); got != test.device {
			t.Errorf("IsDevice(%q) = %v", test.serial, got)
		}
	}
}
