package setuppage

import (
	"cmp"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// answers returns the answer to a question of a form by its name.
type answers func(name string) string

// user returns the optional user of a form. A hyphen is none, and so is an empty name
// unless empty stands for one. An empty password is that of the present user.
func (a answers) user(empty, present string, password config.Secret) (name, newPassword string) {
	name, newPassword = cmp.Or(strings.TrimSpace(a("user")), empty), a("password")
	switch {
	case name == "-" || name == "":
		return "", ""
	case newPassword == "" && name == present:
		return name, password.Reveal()
	}
	return name, newPassword
}
